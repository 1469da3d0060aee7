# /language: in which language the bot writes.

choose-language = In welcher Sprache soll ich schreiben?
button-language-of-telegram = Wie in meinem Telegram
language-chosen = Ab jetzt schreibe ich Deutsch.
language-of-telegram = Ab jetzt schreibe ich in der Sprache deines Telegram, wenn ich sie kann. Zurzeit ist das Deutsch.
