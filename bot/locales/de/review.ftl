# What moderators read while they review: cards, their buttons, and what becomes of them.

photo-gone = (das Foto kann nicht gezeigt werden)
