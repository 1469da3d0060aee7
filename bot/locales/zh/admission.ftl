# Who may use the bot: what those hear who may not, and what admins read when they let people in or keep them out.

not-admitted-allow_list = 这个机器人只回复运营者允许的人。如果你认识运营者，请把你的编号告诉对方：{ $user }。/privacy 说明我保存什么。
not-admitted-invitation = 这个机器人只对受邀的人开放。请向运营者要一个邀请链接，然后打开它。/privacy 说明我保存什么。
invitation-void = 这个邀请已经用完或过期。请再要一个新的。

invitation =
    打开这个链接的人就可以使用我：最多 { $uses } 人，{ $days } 天内有效。我不保存副本。
    { $link }
invitation-not-needed = 目前不需要邀请：BOT_ACCESS 是 { $access }。
invite-usage = /invite，或者 /invite 人数 天数，例如 /invite 5 7：最多 { $uses } 人，最多 { $days } 天。
block-usage = 用 /{ $command } 回复一张审核卡片，或者写上编号：/{ $command } 123456789。
block-unknown = 我已经不知道这张照片是谁发的了。
block-refused = 不能屏蔽审核员和管理员。请先把对方从名单上去掉。
block-done = 已屏蔽。我不再回复这个人。
block-undone = 已取消屏蔽。
