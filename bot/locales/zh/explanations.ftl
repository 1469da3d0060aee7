# What /why brings: the words under an explanation, and those in its place.

no-photo-yet = 你还没有给我发过照片。发一张，然后 /why 会说明我是怎么得出回答的。
not-your-photo =
    那不是关于你的照片的。请用 /why 回复你发的照片，或者回复我对它的回答。

explanation = 我就是这样得出“{ LABEL($label) }”的（{ PERCENT($confidence) }）。
explanation-unlike = 这就是我不愿意猜的原因：我不认识这类图片。
explanation-unjudged = 收到这张照片时我还无法判断；现在我是这样看的。
explanation-learnt-since = 判断这张照片之后我又学到了新东西；现在我是这样看的。

unexplained-photo_gone = 这张照片已被删除，所以我无法再说明我是怎么得出回答的。
unexplained-no_model =
    我暂时无法判断照片，所以也无法解释这一张。请稍后再问。
unexplained-failed = 我这边出了点问题，没能解释这张照片。
