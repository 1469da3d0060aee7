# What becomes of a photo: the answer, the promise that a person looks, what people said, and why a file is no photo.

-promise = A person will look at it, and I will tell you what they say.

answered = I see: { LABEL($label) } ({ PERCENT($confidence) } sure).
answered-of-two = I see: { LABEL($label) } ({ PERCENT($confidence) } sure). It might also be: { LABEL($runner_up) } ({ PERCENT($runner_up_confidence) }).

in-review-unlike = I do not know this kind of picture, so I had better not guess. { -promise }
in-review-no-model = I cannot judge photos at the moment, but yours is safe. { -promise }
in-review-unsure = I am not sure. My best guess: { LABEL($label) } ({ PERCENT($confidence) }). { -promise }

known =
    I know this photo, a person has looked at it. It shows{ $label ->
        [none] {" "}none of the kinds that I know
       *[other] : { LABEL($label) }
    }.
still-in-review = This photo is waiting for a person already. I will tell you what they say.
still-looking = I am still looking at your photo. Ask me again in a moment.
album =
    { $count ->
        [one] Your photo
       *[other] Your { $count } photos
    }:

human-answer =
    A person looked at your photo. It shows{ $label ->
        [none] {" "}none of the kinds that I know
       *[other] : { LABEL($label) }
    }.
human-answer-agreed = A person looked at your photo. It shows: { LABEL($label) }. That was my guess, too.
human-answer-wrong =
    A person looked at your photo. It shows{ $label ->
        [none] {" "}none of the kinds that I know
       *[other] : { LABEL($label) }
    }. I had said: { LABEL($guess) }. That was wrong, sorry.
correction =
    A correction: a person looked at your photo once more. It shows{ $label ->
        [none] {" "}none of the kinds that I know
       *[other] : { LABEL($label) }
    }. Earlier you heard: { $previous ->
        [none] none of the kinds that I know
       *[other] { LABEL($previous) }
    }. Sorry for the confusion.

rejected-empty = This file is empty. Please send it once more.
rejected-not_an_image =
    This file is no picture that I can read. Please send a photo, or a JPEG, PNG, WebP or HEIC file.
rejected-damaged = This picture is damaged or cut off, and I cannot read it. Please send it once more.
rejected-too_many_bytes =
    This file is too large for me{ $megabytes ->
        [0] {""}
       *[other] {" "}(over { $megabytes } MB)
    }. Please send it as a photo instead of as a file.
rejected-too_many_pixels =
    This picture has too many pixels for me. Please send it as a photo instead of as a file.
rejected-too_small = This picture is too small to see anything. Please send a larger one.
