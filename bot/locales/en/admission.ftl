# Who may use the bot: what those hear who may not, and what admins read when they let people in or keep them out.

not-admitted-allow_list =
    This bot answers only those whom its operator has let in. If you know whoever runs it, tell them your number: { $user }. /privacy says what I keep.
not-admitted-invitation =
    This bot is for invited people. Ask whoever runs it for an invitation, and open the link. /privacy says what I keep.
invitation-void = This invitation was used up or is too old. Please ask for a new one.

invitation =
    Whoever opens this link may use me: { $uses ->
        [one] one person
       *[other] { $uses } people
    }, for { $days ->
        [one] one day
       *[other] { $days } days
    }. I keep no copy of it.
    { $link }
invitation-not-needed = At the moment nobody needs an invitation: BOT_ACCESS is { $access }.
invite-usage = /invite, or /invite PEOPLE DAYS, such as /invite 5 7: up to { $uses } people, up to { $days } days.
block-usage = Reply with /{ $command } to a review card, or name a number: /{ $command } 123456789.
block-unknown = I do not know any more who sent this photo.
block-refused = Moderators and admins cannot be blocked. Take them off the list first.
block-done = Blocked. I do not answer this person any more.
block-undone = No longer blocked.
