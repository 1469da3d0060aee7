# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting = 有 { $count } 张照片等待人工查看
queue-one =
    有一张照片等待人工查看：{ $reasons }。
    已经等了 { DURATION($seconds) }。{ $held ->
        [0] 目前没有人在看，/review 会把它给你。
       *[other] 有人正在看。
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
model-none = 目前还没有模型作答：每张照片都会交给人来看。
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

retrain-started = 重新训练已经开始。需要几分钟，结束后我会告诉你结果。
retrain-running = 已经有一次重新训练在进行。请等它结束后再试。
retrained-promoted = 重新训练已完成：从现在起由 { $candidate } 代替 { $champion } 作答。可以用 /model 撤回。
retrained-kept = 重新训练已完成：仍由 { $champion } 作答。
retrained-failed = 重新训练没有成功：仍由 { $champion } 作答。
retrained-not_started = 重新训练无法开始。

appointed = 你现在是审核员了：/review 会给你下一张等待的照片，/queue 显示有多少在等待。

ping =
    有 { $waiting } 张照片等待人工查看{ $disputed ->
        [0] {""}
       *[other] ，其中 { $disputed } 张有异议
    }。/review

moderator-usage =
    /moderator add 编号 和 /moderator remove 编号，编号是对方的 Telegram 编号；或者不写编号，直接回复你转发给我的对方的消息。
    /moderator list 显示谁在审核。
moderator-unknown-name = 我无法通过 @用户名 找到人。请把对方的消息转发给我，并用这个命令回复它，或者给出对方的 Telegram 编号。
moderator-hidden = Telegram 没有告诉我这条消息是谁写的，因为对方隐藏了。请给我对方的 Telegram 编号。
moderator-is-a-bot = 这是一个机器人。只有人才能审核。
moderator-is-admin = { $name } 是管理员，这只能在设置（BOT_ADMINS）里更改。
moderator-added = { $name } 现在是审核员，并会收到通知。
moderator-added-unseen = { $name } 现在是审核员，但从未给我写过消息，所以我无法通知。请让对方给我发送 /start。
moderator-removed = { $name } 不再是审核员。
moderator-not-one = { $name } 不是审核员。
moderator-list = 在聊天中审核的人：
moderator-by-admin = 管理员
moderator-by-settings = 审核员（来自设置）
moderator-by-appointed = 审核员（在聊天中添加）
