# What /stats brings: photos, queue, random checks and model.

-ask-the-doctor = “bearbot doctor”会告诉运营者原因。

stats-photos =
    收到的照片：{ $sent }
    由模型独立回答：{ $alone }

stats-waiting = 等待人工查看：{ $count }
stats-reason = - { $reason }：{ $count }
stats-longest-wait = 最长等待时间：{ DURATION($seconds) }
stats-settled = 已由人工得出结论：{ $count }

stats-random-checks = 对模型独立回答的随机抽查
stats-no-random-checks = 还没有抽查，所以不知道这些回答有多少是对的。
stats-agreement =
    人工认同 { $total } 个中的 { $count } 个（{ SHARE($share) }）。
    在所有这类回答中，正确的占 { SHARE($low) } 到 { SHARE($high) }，置信度为 { SHARE($confidence) }。

stats-model = 模型 { $version }
stats-model-unnamed = 模型
stats-no-model = 无法加载任何模型，所以每张照片都由人来看。{ -ask-the-doctor }
stats-stranded = 它还在继续工作，因为本应回答的那个模型无法加载。{ -ask-the-doctor }
stats-no-promise = 无法读取它的承诺。{ -ask-the-doctor }
stats-answers-nothing = 它不会独立回答：每张照片都由人来看。
stats-answers-from = 把握达到 { SHARE($threshold) } 时，它会独立回答。
stats-guaranteed = 这类回答中最多有 { SHARE($risk) } 是错的，置信度为 { SHARE($confidence) }。
stats-assumption = 这在模型卡所写的假设下成立：{ $assumption }。
stats-assumed-mix =
    前提是：收到的内容中有 { SHARE($subject) } 是与训练照片同类的照片{ $others ->
        [far] ，{ SHARE($far) } 是别的东西的图片
        [near] ，{ SHARE($near) } 只是看起来相似
       *[both] ，{ SHARE($far) } 是别的东西的图片，{ SHARE($near) } 只是看起来相似
    }，且种类与测试时所用的相近。对后者的回答都算错误。
stats-assumed-alone =
    前提是：收到的都是与训练照片同类的照片。模型没有用别的图片测试过（可以用 --near 和 --far 训练）。
stats-assumed-traffic =
    前提是：收到的内容与那 { $count } 张照片相似；它们是从以前收到的所有照片中抽取的（每位发送者一张），并由人判断过。
stats-measured = 实测：{ $answered } 个这类回答中有 { $errors } 个是错的。
stats-too-few-photos = 它不作任何承诺，因为用来测量的照片太少。
stats-too-often-wrong = 它不作任何承诺，因为它错得太多。
stats-measured-bound =
    实测：{ $answered } 个这类回答中有 { $errors } 个是错的，所以错误率可能高达 { SHARE($bound) }；要求是最多 { SHARE($risk) }。
stats-cautious = 在情况改变之前，它只回答几乎确定的照片，更多照片由人来看。
