"""The log: one line an event, whatever is thrown at it; no secret, and no words of people."""

import ast
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from telegram.error import BadRequest, ChatMigrated, InvalidToken, NetworkError

from bot.errors import BotError, NoSuchWords
from bot.logs import JsonFormatter, LineFormatter
from bot.redaction import Redaction
from model.errors import ArtifactError
from review.errors import DatabaseError

TOKEN = "123456789:AAEhBP0av28jAk9bBhvJ1pr0dLzQ-abcdef"
SECRET = "not-for_strangers-0123456789"
REDACTION = Redaction(SecretStr(TOKEN), SecretStr(SECRET))


def record(
    message: object, *arguments: object, error: BaseException | None = None, **extra: object
) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error is not None else None
    made = logging.LogRecord("bot.polling", logging.ERROR, "p.py", 1, message, arguments, info)
    vars(made).update(extra)
    return made


def line(made: logging.LogRecord) -> str:
    text = LineFormatter(REDACTION).format(made)
    assert len(text.splitlines()) == 1, text
    return text.partition(" ")[2]  # without the time


def row(made: logging.LogRecord) -> dict[str, Any]:
    text = JsonFormatter(REDACTION).format(made)
    assert len(text.splitlines()) == 1
    found: dict[str, Any] = json.loads(text)
    return found


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:  # noqa: BLE001 - it is the one that was asked for
        return caught


def test_an_event_and_what_it_is_about() -> None:
    made = record("update handled", update=7, kind="photo", ms=12, note='two "words"')
    assert line(made) == r'ERROR bot.polling: update handled update=7 kind=photo ms=12 note="two \"words\""'
    found = row(made)
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "error",
        "logger": "bot.polling",
        "event": "update handled",
        "update": 7,
        "kind": "photo",
        "ms": 12,
        "note": 'two "words"',
    }


def test_an_error_is_where_it_came_from_and_its_type() -> None:
    error = raised(KeyError("private words"), raised(ValueError("more private words")))
    text = line(record("update %d failed", 7, error=error))
    assert text.startswith("ERROR bot.polling: update 7 failed | KeyError | at ")
    assert "test_logs.py:" in text
    assert " raised | ValueError | at " in text
    assert "private" not in text
    first, second = row(record("x", error=error))["trace"]
    assert (first["error"], second["error"]) == ("KeyError", "ValueError")
    assert first["frames"][-1].endswith(" raised")
    assert "message" not in first
    assert "private" not in f"{first}{second}"


def test_frames_tell_nobodys_home_folder() -> None:
    try:
        DatabaseError.nowhere  # type: ignore[attr-defined] # noqa: B018 - the test is that it is not there
    except AttributeError as caught:
        error = caught
    (frame,) = row(record("x", error=error))["trace"][0]["frames"]
    assert frame.startswith("bot/test_logs.py:")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DatabaseError("the database is damaged"), "the database is damaged"),
        (ArtifactError("no card"), "no card"),
        (BotError(f"refused {SECRET}"), "refused <BOT_WEBHOOK_SECRET>"),
        (BadRequest("Chat not found"), "Chat not found"),
        (NetworkError(f"/bot{TOKEN}/getMe"), "/bot<BOT_TOKEN>/getMe"),
        (OSError(28, "No space left on device", "/home/ana/photo.jpg"), "No space left on device"),
        (ChatMigrated(-100123), None),
        (InvalidToken(f"The token `{TOKEN}` was rejected"), None),
        (RuntimeError("private words"), None),
    ],
)
def test_only_our_words_and_telegrams_are_repeated(error: Exception, words: str | None) -> None:
    (told,) = row(record("x", error=raised(error)))["trace"]
    assert told.get("message") == words
    assert row(record("failed: %s", error))["event"] == f"failed: {words or type(error).__name__}"
    assert row(record(error))["event"] == (words or type(error).__name__)
    assert row(record("x", why=error))["why"] == (words or type(error).__name__)


def test_errors_of_ours_are_sentences_for_operators() -> None:
    error = raised(BotError("stop the other program"), raised(KeyError("private")))
    found = row(record(error, error=error))
    assert found["event"] == "stop the other program"
    ours, cause = found["trace"]
    assert ours == {"error": "BotError", "message": "stop the other program"}
    assert cause["frames"], "what caused it is not ours"
    assert line(record("failed", error=raised(ArtifactError("no card")))) == (
        "ERROR bot.polling: failed | ArtifactError: no card"
    )
    mistake = row(record("x", error=raised(NoSuchWords("no message 'hello'"))))["trace"][0]
    assert mistake["frames"], "it is a mistake in the program"


def test_what_ends_it_is_the_event_of_the_last_line(tmp_path: Path) -> None:
    settings = {"BEARBOT_HOME": str(tmp_path), "BOT_TOKEN": TOKEN, "BOT_LOG_FORMAT": "json", "MODEL_BATCH_SIZE": "0"}
    run = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    (last,) = [json.loads(text) for text in run.stderr.splitlines()]
    assert run.returncode == 2
    assert last["event"].startswith("MODEL_BATCH_SIZE: expected a whole number from 1 to 1024, got '0': ")
    assert "frames" not in last["trace"][0]


def test_a_group_tells_its_parts() -> None:
    error = raised(ExceptionGroup("private words", [ValueError("private"), KeyError("private")]))
    found = row(record("x", error=error))
    assert found["trace"][0]["of"] == ["KeyError", "ValueError"]
    assert "private" not in f"{found}"


def test_what_asyncio_quotes_is_cut_off() -> None:
    made = record("Task exception was never retrieved\nfuture: <Task exception=ValueError('private')>")
    made.name = "asyncio"
    assert line(made) == "ERROR asyncio: Task exception was never retrieved"


@given(st.text(), st.text(), st.text())
def test_one_line_whatever_comes(message: str, value: str, words: str) -> None:
    made = record(message.replace("%", "%%"), value=value, error=raised(BotError(words)))
    made.msg = message
    for text in (LineFormatter(REDACTION).format(made), JsonFormatter(REDACTION).format(made)):
        assert len(text.splitlines()) == 1
        assert not any(ord(character) < 32 for character in text)


def test_no_secret_in_any_spelling() -> None:
    error = raised(NetworkError(f"http://x/bot{TOKEN}/getMe"), raised(ValueError(TOKEN)))
    made = record(f"asked {TOKEN} %s", f"/bot{TOKEN.lower()}/x", error=error, address=f"bot{TOKEN.replace(':', '%3A')}")
    made.secret = {"secret_token": SECRET}
    for text in (LineFormatter(REDACTION).format(made), JsonFormatter(REDACTION).format(made)):
        assert TOKEN.partition(":")[2].lower() not in text.lower()
        assert SECRET not in text


def ended(program: str, style: str = "text") -> list[str]:
    """The lines that a program logs, whose logging is as that of `bearbot run`."""
    head = f"""
import asyncio, gc, logging, sys, threading, warnings
from pydantic import SecretStr
from bot.logs import configure_logging
from bot.settings import LogFormat, LogLevel
TOKEN, SECRET = {TOKEN!r}, {SECRET!r}
configure_logging(
    SecretStr(TOKEN), webhook_secret=SecretStr(SECRET), level=LogLevel.DEBUG, style=LogFormat({style!r})
)
"""
    run = subprocess.run([sys.executable, "-c", head + program], capture_output=True, text=True, check=False)
    assert TOKEN not in run.stdout + run.stderr
    assert SECRET not in run.stdout + run.stderr
    assert "private" not in run.stdout + run.stderr
    assert run.stdout == ""
    return run.stderr.splitlines()


def test_uncaught_exceptions_warnings_and_chatty_libraries_do_not_tell() -> None:
    lines = ended("""
logging.getLogger("httpx").info(f"HTTP Request: POST http://x/bot{TOKEN}/getMe")
logging.getLogger("telegram.Bot").debug("Calling sendMessage with private words")
logging.getLogger("bot.x").debug(f"see {TOKEN}")
warnings.warn(f"careful with {TOKEN} and {SECRET}")
thread = threading.Thread(target=lambda: {}["private"])
thread.start()
thread.join()

class Unlucky:
    def __del__(self):
        raise ValueError("private")

unlucky = Unlucky()
del unlucky

async def task():
    raise ValueError(f"private {TOKEN}")

async def program():
    asyncio.create_task(task())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()

asyncio.run(program())
logging.getLogger("bot.x").info("%d", f"private {TOKEN}")
raise RuntimeError(f"private {TOKEN}")
""")
    told = [text.partition(" ")[2] for text in lines]
    assert told[0] == "DEBUG bot.x: see <BOT_TOKEN>"
    assert "careful with <BOT_TOKEN> and <BOT_WEBHOOK_SECRET>" in told[1]
    assert told[2].startswith("ERROR bot: a thread ended by an error that nobody expected | KeyError | at ")
    assert told[3].startswith("ERROR bot: an error came up where it could not be raised | ValueError | at ")
    assert told[4].startswith("ERROR asyncio: Task exception was never retrieved | ValueError | at ")
    assert lines[5].startswith("a log line of <string>:")
    assert told[6].startswith("CRITICAL bot: ended by an error that nobody expected | RuntimeError | at ")
    assert len(lines) == 7


def test_json_all_the_way() -> None:
    lines = ended(
        """
logging.getLogger("bot").info("started", extra={"version": "1"})
raise RuntimeError("private")
""",
        style="json",
    )
    started, failed = [json.loads(text) for text in lines]
    assert (started["event"], started["version"]) == ("started", "1")
    assert failed["trace"][0]["error"] == "RuntimeError"


def test_in_json_the_last_word_is_json_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = {
        "BEARBOT_HOME": str(tmp_path / "file" / "home"),
        "BOT_TOKEN": TOKEN,
        "BOT_BASE_URL": "http://127.0.0.1:9",
        "BOT_LOG_FORMAT": "JSON",
    }
    run = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    *_, last = [json.loads(text) for text in run.stderr.splitlines()]
    assert (last["level"], last["event"]) == ("critical", last["trace"][0]["message"])
    assert TOKEN not in run.stderr


def test_no_fact_of_an_event_has_a_name_that_the_log_keeps_for_itself() -> None:
    """Such a record raises instead of being logged, and only where its level is on: unseen in other tests."""
    taken = {*vars(logging.makeLogRecord({})), "message", "asctime"}
    root = Path(__file__).parents[2]
    sources = [path for package in ("bot", "review", "model") for path in (root / package).rglob("*.py")]
    facts = [
        (path.name, key.value)
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    ]
    assert ("retrainer.py", "pid") in facts
    assert [fact for fact in facts if fact[1] in taken] == []
