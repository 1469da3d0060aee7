# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting =
    { $count ->
        [one] One photo waits for people
       *[other] { $count } photos wait for people
    }
queue-ages = Waiting
queue-in-hands =
    { $count ->
        [0] Nobody is looking at any of them.
        [one] One of them is being looked at.
       *[other] { $count } of them are being looked at.
    }
queue-hint = /review brings the next one.
age-under_an_hour = less than an hour
age-under_a_day = less than a day
age-under_a_week = less than a week
age-older = longer
