"""Telegram. Handlers translate and nothing more; `bot.cli` is the composition root."""
