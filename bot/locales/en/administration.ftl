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

not-an-admin = Only admins can do that.

model-since = It answers since { $time }.
model-backbone =
    Backbone: { $backbone }, { $tuned ->
        [yes] fine-tuned
       *[no] as it comes, with a head trained on top
    }.
model-labels =
    { $count ->
        [0] It knows no labels.
       *[other] It knows { LABELS($labels) }.
    }
model-measured = { SHARE($share) } of { $total } test photos right (in truth { SHARE($low) } to { SHARE($high) })
model-not-measured = not measured
model-unreadable = It cannot be read. "bearbot doctor" tells the operator why.
model-others = Other versions
model-line-previous = - { $version } (answered before): { $said }
model-more = and { $count } more: "bearbot model list"
model-question = Shall { $version } answer from now on, instead of { $champion }?
model-comparison = When it was trained, the comparison said: { $said }
model-other-labels =
    { $count ->
        [0] It knows no labels.
       *[other] Mind that it knows others: { LABELS($labels) }.
    }
model-moved = { $version } answers from now on.
model-not-moved = { $version } cannot be used, so nothing was changed. "bearbot doctor" tells the operator more.
model-changed = The models have changed since you saw them, so nothing was changed. Look again.
button-promote = Let { $version } answer
button-roll-back = Back to { $version }
button-confirm-move = Yes
button-cancel = Cancel
