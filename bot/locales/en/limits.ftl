# Why a photo is not taken in now, or only later: limits, a full disk, a long line.

refused-rate_limit =
    { $limit ->
        [one] That was quick! I take one photo a minute from each person. Please send this one again in a minute.
       *[other] That was quick! I take { $limit } photos a minute from each person. Please send this one again in a minute.
    }
refused-daily_quota =
    { $limit ->
        [one] That is enough for today: I take one photo a day from each person. Please send this one again tomorrow.
       *[other] That is enough for today: I take { $limit } photos a day from each person. Please send this one again tomorrow.
    }
refused-disk_full =
    I have no room for another photo at the moment, so I did not take this one in. Please send it again later.
busy = Many photos are coming in at the moment; yours is number { $place } in line. I will answer.
full =
    So many photos are waiting that I did not take this one in (it would be number { $place } in line). Please send it again in a few minutes.
