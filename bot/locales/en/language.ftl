# /language: in which language the bot writes.

choose-language = Which language shall I write in?
button-language-of-telegram = As in my Telegram
language-chosen = From now on I write English.
language-of-telegram = From now on I write in the language of your Telegram, if I know it. Now that is English.
