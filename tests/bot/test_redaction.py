"""Secrets never leave through a log, a traceback or a repr."""

import pytest
from pydantic import SecretStr

from bot.connection import build_bot
from bot.redaction import Redaction, redacted

TOKEN = "123456789:AAEhBP0av28jAk9bBhvJ1pr0dLzQ-abcdef"
SECRET = "not-for_strangers-0123456789"


@pytest.mark.parametrize(
    "spelling",
    [
        TOKEN,
        TOKEN.lower(),
        TOKEN.upper(),
        TOKEN.replace(":", "%3A"),
        TOKEN.replace(":", "%3a").lower(),
        TOKEN.replace(":", "%253A"),
        TOKEN.replace(":", "%3A").replace("-", "%2D"),
        TOKEN.partition(":")[2],
    ],
)
def test_every_spelling_of_the_token_is_redacted(spelling: str) -> None:
    assert redacted(f"/bot{spelling}/x", SecretStr(TOKEN)) == "/bot<BOT_TOKEN>/x"


def test_the_secret_of_the_webhook_is_redacted_too() -> None:
    redaction = Redaction(SecretStr(TOKEN), SecretStr(SECRET))
    text = f"{{'secret_token': '{SECRET}', 'url': '/bot{TOKEN}', 'x': '{SECRET.replace('_', '%5F')}'}}"
    assert (
        redaction(text)
        == "{'secret_token': '<BOT_WEBHOOK_SECRET>', 'url': '/bot<BOT_TOKEN>', 'x': '<BOT_WEBHOOK_SECRET>'}"
    )


def test_it_does_not_tell_itself() -> None:
    redaction = Redaction(SecretStr(TOKEN), SecretStr(SECRET))
    assert TOKEN.partition(":")[2] not in f"{redaction!r}{redaction}"


@pytest.mark.parametrize("text", ["all is well", "123456789 updates", "123456789:", "%3A%2D"])
def test_other_text_stays(text: str) -> None:
    assert Redaction(SecretStr(TOKEN), SecretStr(SECRET))(text) == text


def test_the_bot_does_not_tell_its_token() -> None:
    bot = build_bot(SecretStr(TOKEN), "http://127.0.0.1:9")
    assert TOKEN not in f"{bot!r}{bot}{bot.request!r}"
