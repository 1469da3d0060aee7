# What moderators read while they review: cards, their buttons, and what becomes of them.

photo-gone = （照片无法显示）
