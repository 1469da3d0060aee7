# What /queue, /model, /retrain and /moderator bring, and pings: for moderators and admins.

queue-waiting = { $count } photos wait for people
queue-one =
    One photo waits for people: { $reasons }.
    It has waited for { DURATION($seconds) }. { $held ->
        [0] Nobody is looking at it: /review brings it.
       *[other] Somebody is looking at it.
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
model-none = No model answers yet: every photo goes to people.
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

retrain-started = A retraining has started. It takes some minutes, and I will tell you what came of it.
retrain-running = A retraining is running already. Let it end, then ask again.
retrained-promoted = The retraining is done: { $candidate } answers from now on, instead of { $champion }. /model can take that back.
retrained-kept = The retraining is done: { $champion } goes on answering.
retrained-failed = The retraining came to nothing: { $champion } goes on answering.
retrained-not_started = The retraining could not start.

appointed = You are a moderator now: /review brings you the next photo that waits, /queue shows how much does.

ping =
    { $waiting ->
        [one] One photo waits
       *[other] { $waiting } photos wait
    } for people{ $disputed ->
        [0] {""}
       *[other] , { $disputed } of them disputed
    }. /review

moderator-usage =
    /moderator add NUMBER and /moderator remove NUMBER, with somebody's Telegram number; or as a reply to a message of theirs that you forwarded to me, without the number.
    /moderator list shows who reviews.
moderator-unknown-name = I cannot find people by their @name. Forward me a message of theirs and reply to it with the command, or give their Telegram number.
moderator-hidden = Telegram does not tell me who wrote this message, because they hide it. Give me their Telegram number.
moderator-is-a-bot = That is a bot. Only people can review.
moderator-is-admin = { $name } is an admin, which only the settings (BOT_ADMINS) can change.
moderator-added = { $name } is a moderator now, and hears of it.
moderator-added-unseen = { $name } is a moderator now, but has never written to me, so I cannot tell them. Ask them to send me /start.
moderator-removed = { $name } is no longer a moderator.
moderator-not-one = { $name } is no moderator.
moderator-list = These people review in the chat:
moderator-by-admin = admin
moderator-by-settings = moderator, from the settings
moderator-by-appointed = moderator, added in the chat
