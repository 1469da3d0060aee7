# What becomes of a photo: the answer, the promise that a person looks, what people said, and why a file is no photo.

-promise = 会有人来看这张照片，我会把结果告诉你。

answered = 这是{ LABEL($label) }，我有{ PERCENT($confidence, form: "a") } 的把握。
answered-of-two =
    这是{ LABEL($label) }，我有{ PERCENT($confidence, form: "a") } 的把握。也可能是{ LABEL($runner_up) }（{ PERCENT($runner_up_confidence) }）。

in-review-unlike = 我不认识这类图片，所以还是不乱猜了。{ -promise }
in-review-no-model = 我暂时无法判断照片，不过你的照片已经妥善保存。{ -promise }
in-review-unsure = 我没有把握，最可能是{ LABEL($label) }（{ PERCENT($confidence) }）。{ -promise }

known =
    我认识这张照片：有人看过，{ $label ->
        [none] 它不属于我认识的任何一种
       *[other] 这是{ LABEL($label) }
    }。
still-in-review = 这张照片已经在等人来看，我会把结果告诉你。
still-looking = 我还在看你的照片，请稍后再问我。
album = 你的 { $count } 张照片：

human-answer =
    有人看了你的照片：{ $label ->
        [none] 它不属于我认识的任何一种
       *[other] 这是{ LABEL($label) }
    }。
human-answer-agreed = 有人看了你的照片：这是{ LABEL($label) }，和我猜的一样。
human-answer-wrong =
    有人看了你的照片：{ $label ->
        [none] 它不属于我认识的任何一种
       *[other] 这是{ LABEL($label) }
    }。我之前说是{ LABEL($guess) }，那是错的，抱歉。
correction =
    更正：有人又看了一次你的照片，{ $label ->
        [none] 它不属于我认识的任何一种
       *[other] 这是{ LABEL($label) }
    }。之前告诉你的是：{ $previous ->
        [none] 它不属于我认识的任何一种
       *[other] 这是{ LABEL($previous) }
    }。抱歉让你困惑了。

rejected-empty = 这个文件是空的，请再发一次。
rejected-not_an_image =
    这个文件不是我能读取的图片。请发一张照片，或者 JPEG、PNG、WebP、HEIC 格式的文件。
rejected-damaged = 这张图片已损坏或不完整，我无法读取。请再发一次。
rejected-too_many_bytes =
    这个文件对我来说太大了{ $megabytes ->
        [0] {""}
       *[other] （超过 { $megabytes } MB）
    }。请作为照片发送，不要作为文件发送。
rejected-too_many_pixels =
    这张图片的像素太多了。请作为照片发送，不要作为文件发送。
rejected-too_small = 这张图片太小，什么也看不清。请发一张大一点的。
