# /language: in which language the bot writes.

choose-language = 你希望我用哪种语言？
button-language-of-telegram = 和我的 Telegram 一样
language-chosen = 从现在起我用中文。
language-of-telegram = 从现在起，如果我会你的 Telegram 所用的语言，我就用它。现在是中文。
