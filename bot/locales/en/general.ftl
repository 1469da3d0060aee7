# What is said to everybody: greeting, help, what is no photo, and what went wrong in general.

start =
    Hello! Send me a photo and I tell you what it shows{ $count ->
        [0] {""}
       *[other] : { LABELS($labels, last: "or") }
    }. When I am not sure, a person looks at it and you hear from them.

    Photos are kept, without their location and camera data, so that people can check and improve the answers. /privacy says more.
help =
    Send a photo, or an image as a file.{ $count ->
        [0] {""}
       *[other] {" "}I know: { LABELS($labels) }.
    }
    I answer at once when I am sure; otherwise a person looks at the photo, and I tell you what they say.
    /why shows how I came to my last answer; as a reply to an answer, how I came to that one.
    /language changes the language I write in.
    /privacy says what I keep; /my_data brings it as a file, /delete_my_data deletes it.
help-for-moderators =
    You are a moderator: /review brings you the next photo that waits.
    /queue shows what waits, by reason and age.
    /stats shows how much waits, and how good the answers are.
    /model shows which model answers, and what it promises.
    /block as a reply to a review card keeps out who sent its photo; /unblock lets them in again.
help-for-admins =
    You are an admin, too: /model also lets another model answer.
    /retrain has me learn from what people said.
    /moderator add and remove say who reviews; /moderator list shows them.
    /invite makes a link that lets people in, where I am for invited people only.
    /block and /unblock also take the Telegram number of a person.
not-a-picture =
    I can only look at photos and image files.{ $count ->
        [0] {""}
       *[other] {" "}Send me one of these: { LABELS($labels, last: "or") }.
    }
group-help = Reply to a photo with /{ $command }, or send one with my name in its caption, and I tell you what it shows.
failed = Something is wrong on my side: I could not handle this message. Please send it once more later.
outdated-button = This button is out of date.
