# What askers say of an answer, and what they hear about it: the buttons "Right" and "Wrong".

right-button = 对
wrong-button = 不对
wrong-number-button = 第 { $number } 张不对
unknown-button = 我不知道
back-button = 返回

claim-thanked = 谢谢你告诉我！
claim-opened = 谢谢。会有人来看这张照片。
claim-settled = 这张照片已经有人看过两次，答案不变。还是谢谢你！
claim-repeated = 你已经告诉过我了，谢谢！
not-your-answer = 只有发照片的人才能这么说。
outdated-answer-button = 这个按钮已经失效。

-promise-to-look = 会有人来看你的照片，我会把结果告诉你。
noted =
    你说{ $label ->
        [none] 它不属于我认识的任何一种
       *[other] 这是{ LABEL($label) }
    }。{ -promise-to-look }
noted-unknown = 你说这个回答不对。{ -promise-to-look }
confirmed =
    有人又看了一次你的照片：{ $label ->
        [none] 它不属于我认识的任何一种
       *[other] 这是{ LABEL($label) }
    }，和之前告诉你的一样。
