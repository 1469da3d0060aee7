# What moderators read while they review: cards, their buttons, and what becomes of them.

not-a-moderator = 只有审核员才能这样做。
removed-reviewer = 你已被移出审核人员名单。运营者可以用“bearbot review who add”让你回来。
nothing-waits = 没有等待审核的照片。干得好！
outdated-review-button = 这个按钮已经失效。/review 会给你下一张照片。
nothing-to-undo = 这个已经撤回过了。/review 会给你下一张照片。
photo-gone = （照片无法显示）
photo-deleted = 这张照片已被删除。

button-none = 都不是
button-cant_tell = 看不出来
button-skip = 跳过
button-split = 逐张查看
button-undo = 撤销

reason-low_confidence = 没有把握
reason-out_of_domain = 与模型学过的照片不同
reason-audit = 随机抽查
reason-disputed = 提问者不同意
reason-no_model = 当时没有模型在运行

# A card begins with the item's number (#12) and the reasons why people look at it.
card-model = 模型：{ $ranking }
card-ranked = { LABEL($label) } { PERCENT($probability) }
card-claimed = 提问者说：{ $claims }
card-blind = 这张照片由多人各自判断：请说出你看到的。
card-disagreement = 审核者意见不一：{ $sayings }
card-said = { $reviewer }：{ $choice }
card-group = 你的回答也适用于下方 { $count } 张几乎相同的照片。
card-waiting =
    已等待 { DURATION($seconds) }；{ $left ->
        [0] 没有其他照片在等
       *[other] 队列中还有 { $left } 张
    }
card-result = { $reviewer } 说：{ $choice }
card-result-cant_tell = { $reviewer } 看不出来
card-result-skip = { $reviewer } 跳过了
card-undone = { $reviewer } 已撤回
card-put-back = 已放回队列

already-settled =
    第 { $item } 号已有结论：{ $reviewer } 说是“{ $label ->
        [none] 都不是
       *[other] { LABEL($label) }
    }”
lease-lost = 第 { $item } 号已经不在你手上：时间到了，或者你又领取了一次；请重新领取
needs-adjudicator = 审核者对第 { $item } 号意见不一：由尚未表态的管理员决定
item-gone = 第 { $item } 号已经不存在：照片被删除了
