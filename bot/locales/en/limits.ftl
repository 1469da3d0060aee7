# Why a photo is not taken in now, or only later: limits, a full disk, a long line.

busy = Many photos are coming in at the moment, and yours is number { $place } in the line. Nothing is lost: you will get your answer.
full = So many photos are waiting that I could not take this one in. Please send it again later.
refused-rate_limit =
    That was a lot at once: I take { $limit ->
        [one] { $limit } photo
       *[other] { $limit } photos
    } a minute from each person. Please send this one again in a minute.
refused-daily_quota =
    You have sent { $limit ->
        [one] { $limit } photo
       *[other] { $limit } photos
    } within a day, and that is as many as I take from each person. Please send this one again tomorrow.
refused-disk_full =
    I have no room for new photos at the moment. Please send this one again later; those that I took in before are safe.
