# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting =
    { $count ->
       *[other] 有 { $count } 张照片等待人工查看
    }
queue-ages = 等待时间
queue-in-hands =
    { $count ->
        [0] 目前没有人在看。
       *[other] 其中 { $count } 张正在查看中。
    }
queue-hint = /review 会给你下一张。
age-under_an_hour = 不到一小时
age-under_a_day = 不到一天
age-under_a_week = 不到一周
age-older = 更久

not-an-admin = 只有管理员才能这样做。

model-since = 它从 { $time } 起作答。
model-backbone =
    主干网络：{ $backbone }，{ $tuned ->
        [yes] 已微调
       *[no] 未改动，只训练了上面的分类头
    }。
model-labels =
    { $count ->
        [0] 它不认识任何种类。
       *[other] 它认识{ LABELS($labels) }。
    }
model-measured = { $total } 张测试照片中 { SHARE($share) } 正确（真实值在 { SHARE($low) } 到 { SHARE($high) } 之间）
model-not-measured = 没有测量
model-unreadable = 无法读取。“bearbot doctor”会告诉运营者原因。
model-others = 其他版本
model-line-previous = - { $version }（之前作答的）：{ $said }
model-more = 还有 { $count } 个：“bearbot model list”
model-question = 从现在起让 { $version } 代替 { $champion } 作答吗？
model-comparison = 训练时的比较结果：{ $said }
model-other-labels =
    { $count ->
        [0] 它不认识任何种类。
       *[other] 注意，它认识的种类不同：{ LABELS($labels) }。
    }
model-moved = 从现在起由 { $version } 作答。
model-not-moved = { $version } 无法使用，所以什么都没有改变。“bearbot doctor”会告诉运营者更多。
model-changed = 你看到之后模型已经变了，所以什么都没有改变。请再看一次。
button-promote = 让 { $version } 作答
button-roll-back = 退回 { $version }
button-confirm-move = 是
button-cancel = 取消
