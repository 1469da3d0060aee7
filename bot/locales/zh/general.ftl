# What is said to everybody: greeting, help, what is no photo, and what went wrong in general.

start =
    你好！发一张照片给我，我来告诉你上面是什么{ $count ->
        [0] {""}
       *[other] ：{ LABELS($labels, last: "or") }
    }。如果我没有把握，会有人来看这张照片，我再把结果告诉你。

    照片会被保存下来（不含位置和相机信息），以便有人检查和改进这些回答。详情见 /privacy
help =
    发一张照片，或者把图片作为文件发给我。{ $count ->
        [0] {""}
       *[other] 我认识：{ LABELS($labels) }。
    }
    有把握时我会马上回答；没有把握时会有人来看照片，我再把结果告诉你。
    /why 会说明我是怎么得出上一个回答的；用它回复某个回答，就说明那个回答是怎么来的。
    /language 更改我使用的语言。
    /privacy 说明我保存什么；/my_data 把它作为文件发给你，/delete_my_data 删除它。
help-for-moderators =
    你是审核员：/review 会给你下一张等待审核的照片。
    /queue 按原因和等待时间显示等待中的照片。
    /stats 显示有多少照片在等待，以及回答的准确程度。
    /model 显示现在由哪个模型回答，以及它保证什么。
    用 /block 回复审核卡片，会屏蔽发这张照片的人；/unblock 取消屏蔽。
help-for-admins =
    你还是管理员：/model 也可以换一个模型来回答。
    /retrain 让我从人们的判断中学习。
    /moderator add 和 remove 决定由谁审核；/moderator list 列出他们。
    如果我只对受邀的人开放，/invite 会生成一个邀请链接。
    /block 和 /unblock 后面也可以写某个人的 Telegram 编号。
not-a-picture =
    我只能看照片和图片文件。{ $count ->
        [0] {""}
       *[other] 请发一张有{ LABELS($labels, last: "or") }的照片给我。
    }
group-help = 用 /{ $command } 回复一张照片，或者发照片时在说明里写上我的名字，我就告诉你上面是什么。
failed = 我这边出了点问题，没能处理这条消息。请稍后再发一次。
outdated-button = 这个按钮已经失效。
