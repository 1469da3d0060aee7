# What askers say of an answer, and what they hear about it: the buttons "Right" and "Wrong".

confirmed =
    A person looked at your photo once more, and it stays as it was said: { $label ->
        [none] it shows none of the kinds that I know
       *[other] it is { LABEL($label) }
    }.
noted =
    Noted: { $label ->
        [none] it shows none of the kinds that I know
       *[other] it is { LABEL($label) }
    }. A person will look at it, and I will tell you what they say.
noted-unknown = Noted: that was wrong. A person will look at it, and I will tell you what they say.
