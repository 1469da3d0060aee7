# /language: in which language the bot writes.

choose-language = ¿En qué idioma quieres que escriba?
button-language-of-telegram = Como en mi Telegram
language-chosen = A partir de ahora escribo en español.
language-of-telegram = A partir de ahora escribo en el idioma de tu Telegram, si lo conozco. Ahora es el español.
