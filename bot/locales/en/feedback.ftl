# What askers say of an answer, and what they hear about it: the buttons "Right" and "Wrong".

right-button = Right
wrong-button = Wrong
wrong-number-button = Wrong: { $number }
unknown-button = I don't know
back-button = Back

claim-thanked = Thank you, good to know!
claim-opened = Thank you. A person will look at it.
claim-settled = People have looked at this photo twice, and their answer stands. Thank you all the same.
claim-repeated = You told me so already. Thank you!
not-your-answer = Only who sent the photo can say that.
outdated-answer-button = This button is out of date.

-promise-to-look = A person will look at your photo, and I will tell you what they say.
noted =
    You say: { $label ->
        [none] none of the kinds that I know
       *[other] { LABEL($label) }
    }. { -promise-to-look }
noted-unknown = You say that this is wrong. { -promise-to-look }
confirmed =
    A person looked at your photo once more and says what you heard before: { $label ->
        [none] none of the kinds that I know
       *[other] { LABEL($label) }
    }.
