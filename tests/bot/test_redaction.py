"""The token never leaves through a log or a traceback."""

import logging
import subprocess
import sys

from pydantic import SecretStr

from bot.redaction import RedactingFormatter, redacted

TOKEN = "123456789:AAEhBP0av28jAk9bBhvJ1pr0dLzQ-abcdef"


def test_message_arguments_and_traceback_are_redacted() -> None:
    formatter = RedactingFormatter(SecretStr(TOKEN))
    try:
        raise ValueError(f"http://x/bot{TOKEN}/getMe")
    except ValueError:
        record = logging.LogRecord("n", logging.ERROR, "p", 1, "asked %s", (f"/bot{TOKEN}/getMe",), sys.exc_info())
    text = formatter.format(record)
    assert TOKEN not in text
    assert text.count("<BOT_TOKEN>") == 2
    assert "ValueError" in text


def test_other_spellings_of_the_token_are_redacted() -> None:
    for spelling in (TOKEN.lower(), TOKEN.upper(), TOKEN.replace(":", "%3A"), TOKEN.replace(":", "%3a").lower()):
        assert redacted(f"/bot{spelling}/x", SecretStr(TOKEN)) == "/bot<BOT_TOKEN>/x"


def test_other_text_stays() -> None:
    assert redacted("all is well", SecretStr(TOKEN)) == "all is well"


def test_uncaught_exceptions_and_chatty_libraries_do_not_tell() -> None:
    program = f"""
import logging, warnings
from pydantic import SecretStr
from bot.redaction import configure_logging
configure_logging(SecretStr({TOKEN!r}), logging.DEBUG)
logging.getLogger("httpx").info("HTTP Request: POST http://x/bot{TOKEN}/getMe")
logging.getLogger("other").debug("see {TOKEN}")
warnings.warn("careful with {TOKEN}")
raise RuntimeError("failed at {TOKEN}")
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert TOKEN not in run.stdout + run.stderr
    assert "RuntimeError: failed at <BOT_TOKEN>" in run.stderr
    assert "careful with <BOT_TOKEN>" in run.stderr
    assert "HTTP Request" not in run.stderr
