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
