# What /stats brings: photos, queue, random checks and model.

-ask-the-doctor = "bearbot doctor" tells the operator why.

stats-photos =
    Photos sent: { $sent }
    Answered by the model alone: { $alone }

stats-waiting = Waiting for people: { $count }
stats-reason = - { $reason }: { $count }
stats-longest-wait = Longest wait: { DURATION($seconds) }
stats-settled = Settled by people: { $count }

stats-random-checks = Random checks of what the model answered alone
stats-no-random-checks = None yet, so how many of these answers are right is not known.
stats-agreement =
    People agreed with { $count } of { $total } ({ SHARE($share) }).
    Of all such answers, { SHARE($low) } to { SHARE($high) } are right, with { SHARE($confidence) } confidence.

stats-model = Model { $version }
stats-model-unnamed = Model
stats-no-model = None can be loaded, so every photo goes to people. { -ask-the-doctor }
stats-stranded = It goes on because the one that should answer cannot be loaded. { -ask-the-doctor }
stats-no-promise = What it promises cannot be read. { -ask-the-doctor }
stats-answers-nothing = It answers nothing alone: every photo goes to people.
stats-answers-from = It answers alone when it is at least { SHARE($threshold) } sure.
stats-guaranteed = At most { SHARE($risk) } of such answers are wrong, with { SHARE($confidence) } confidence.
stats-assumption = That holds as long as { $assumption }.
stats-assumed-mix =
    That holds as long as { SHARE($subject) } of what arrives are photos like the training photos{ $others ->
        [far] {" "}and { SHARE($far) } are pictures of something else
        [near] {" "}and { SHARE($near) } only look like the subject
       *[both] , { SHARE($far) } are pictures of something else and { SHARE($near) } only look like the subject
    }, of sorts like those that it was tried on. Answers to those count as wrong.
stats-assumed-alone =
    That holds as long as all that arrives are photos like the training photos. The model was tried on nothing else (train it with --near and --far).
stats-assumed-traffic =
    That holds as long as what arrives is like the { $count } photos, one of each sender, that were drawn from all that arrived before and judged by people.
stats-measured = Measured: { $errors } wrong of { $answered } such answers.
stats-too-few-photos = It promises nothing, because it was measured on too few photos.
stats-too-often-wrong = It promises nothing, because it was wrong too often.
stats-measured-bound =
    Measured: { $errors } wrong of { $answered } such answers, so up to { SHARE($bound) } might be wrong; at most { SHARE($risk) } was asked for.
stats-cautious = Until that changes it answers only what it is almost sure of, and more photos go to people.
