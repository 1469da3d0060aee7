# What is kept about people, how they get it and how they get rid of it: /privacy, /my_data, /delete_my_data.

privacy =
    What I keep
    - The photos that you send, without their location and camera data; what I said about them and what people said; when they came, and from which chat.
    - Your number in Telegram and your language. Not your name.

    What for
    - To answer you, and to learn: photos that people have judged teach me.

    Who sees it
    - Those who review photos see the photo, not who sent it. Some of them do so in their chat with me; when a photo is deleted, it goes from there, too.
    - Whoever runs this bot.

    For how long
    - Photos: { $retention ->
        [0] until you delete them
        [one] { $retention } day, longer only as long as a person has still to look at them
       *[other] { $retention } days, longer only as long as a person has still to look at them
    }.
    - What I told you: { $messages } days.
    - Copies of the database, in case it breaks: { $backups ->
        [one] only the last one
       *[other] the last { $backups }
    }. What you delete is in them until they are replaced.

    /my_data brings you everything as a file.
    /delete_my_data deletes it.
ask-in-private = That is between you and me: please ask me in our own chat.

# $blocked, $reviews and $invited are 1 if that is so of this person, else 0.
delete-question =
    This deletes your photos, what I said about them, what you told me about my answers, your language and your number. Nobody will look at photos of yours that still wait, and I take your photos out of my chats with those who review.

    What stays is that there was a photo and what people decided about it, without the photo and without you. Of photos that somebody else sent as well, theirs stay.{ $blocked ->
        [0] {""}
       *[other] {" "}Your number stays on the list of those whom I do not answer.
    }{ $reviews ->
        [0] {""}
       *[other] {" "}Your name as a reviewer stays, with what you decided; whoever runs this bot can change that.
    }{ $invited ->
        [0] {""}
       *[other] {" "}To send me photos again you will need a new invitation.
    }

    What we wrote to each other stays in this chat until you delete it in Telegram. This cannot be undone. Shall I delete it?
delete-button = Delete everything
keep-button = Keep it
deleted = Everything is deleted.
not-deleted = Nothing was deleted.
delete-question-outdated = This question is out of date, and nothing was deleted. /delete_my_data asks it again.

my-data = Everything that I keep about you.
my-data-part =
    Everything that I keep about you, part { $part } of { $parts }. One file cannot hold all of your photos.
my-data-button = Part { $part }
my-data-nothing = I keep nothing about you.

# $seconds: how long it has waited.
overdue =
    Your photo has waited for { DURATION($seconds) }, and nobody has come to look at it yet. It is not forgotten: I will tell you what they say.
