# What is kept about people, how they get it and how they get rid of it: /privacy, /my_data, /delete_my_data.

privacy =
    我保存什么
    - 你发来的照片（不含位置和相机信息），我和审核员对照片的判断，以及照片是什么时候、从哪个聊天发来的。
    - 你在 Telegram 的编号和你的语言。不保存你的名字。

    用来做什么
    - 回答你，并用来学习：有人判断过的照片会教我认得更准。

    谁能看到
    - 审核员能看到照片，但看不到是谁发的。有些审核员是在和我的聊天里看照片的；照片一旦删除，也会从那里消失。
    - 运营这个机器人的人。

    保存多久
    - 照片：{ $retention ->
        [0] 直到你删除为止
       *[other] { $retention } 天；还在等人看的照片会多留一些时间
    }。
    - 我对你说过的话：{ $messages } 天。
    - 防止数据库损坏的备份：最近 { $backups } 份。你删除的内容会留在备份里，直到备份被替换。

    /my_data 把全部内容作为文件发给你。
    /delete_my_data 删除全部内容。
ask-in-private = 这是你我之间的事：请在和我的私聊里问我。

# $blocked, $reviews and $invited are 1 if that is so of this person, else 0.
delete-question =
    将会删除：你的照片、我对它们的判断、你对我的回答说过的话、你的语言和你的编号。还在等待的照片也不会再有人看，我还会把你的照片从我和审核员的聊天里撤下来。

    会留下的只有：曾经有一张照片，以及人们对它的判断；不含照片，也不含你的信息。如果别人也发过同一张照片，别人的那份会保留。{ $blocked ->
        [0] {""}
       *[other] 你的编号会留在我不回复的名单上。
    }{ $reviews ->
        [0] {""}
       *[other] 你作为审核员的名字和你的判断会保留；运营这个机器人的人可以更改。
    }{ $invited ->
        [0] {""}
       *[other] 要再次给我发照片，你需要新的邀请。
    }

    我们之间的消息会留在这个聊天里，直到你在 Telegram 里删除。删除后无法恢复。要删除吗？
delete-button = 全部删除
keep-button = 保留
deleted = 已全部删除。
not-deleted = 没有删除任何内容。
delete-question-outdated = 这个问题已经过期，没有删除任何内容。/delete_my_data 会重新询问。

my-data = 我保存的关于你的全部内容。
my-data-part = 我保存的关于你的全部内容，第 { $part } 部分，共 { $parts } 部分。一个文件装不下你的所有照片。
my-data-button = 第 { $part } 部分
my-data-nothing = 我没有保存任何关于你的内容。

# $seconds: how long it has waited.
overdue = 你的照片已经等了 { DURATION($seconds) }，还没有人来看。我没有忘记：一有结果就告诉你。
