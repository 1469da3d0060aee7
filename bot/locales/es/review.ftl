# What moderators read while they review: cards, their buttons, and what becomes of them.

photo-gone = (no se puede mostrar la foto)
