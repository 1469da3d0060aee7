# What moderators read while they review: cards, their buttons, and what becomes of them.

not-a-moderator = Only moderators can do that.
removed-reviewer = You were taken off the reviewers. Whoever runs me can bring you back with "bearbot review who add".
nothing-waits = Nothing waits for review. Well done!
outdated-review-button = This button is out of date. /review brings the next photo.
nothing-to-undo = That was taken back already. /review brings the next photo.
photo-gone = (the photo cannot be shown)
photo-deleted = This photo was deleted.

button-none = None of these
button-cant_tell = Can't tell
button-skip = Skip
button-split = Look at each by itself
button-undo = Undo

reason-low_confidence = not sure
reason-out_of_domain = unlike the photos it learnt from
reason-audit = random check
reason-disputed = the asker disagrees
reason-no_model = no model was running

# A card begins with the item's number (#12) and the reasons why people look at it.
card-model = The model: { $ranking }
card-ranked = { LABEL($label) } { PERCENT($probability) }
card-claimed = The asker says: { $claims }
card-blind = Several people judge this photo, each for themselves: say what you see.
card-disagreement = Reviewers disagree: { $sayings }
card-said = { $reviewer }: { $choice }
card-group =
    Your answer is also for { $count ->
        [one] the near-duplicate below
       *[other] { $count } near-duplicates, see below
    }.
card-waiting =
    Waiting { DURATION($seconds) }; { $left ->
        [0] nothing else waits
       *[other] { $left } more in the queue
    }
card-result = { $choice }, said { $reviewer }
card-result-cant_tell = { $reviewer } can't tell
card-result-skip = skipped by { $reviewer }
card-undone = taken back by { $reviewer }
card-put-back = back in the queue

already-settled =
    item { $item } is settled: { $reviewer } said '{ $label ->
        [none] none
       *[other] { LABEL($label) }
    }'
lease-lost = item { $item } is no longer yours: the time was up, or you claimed it once more; claim again
needs-adjudicator = reviewers disagree on item { $item }: a moderator who said nothing of it yet decides
item-gone = item { $item } is gone: its photo was deleted
