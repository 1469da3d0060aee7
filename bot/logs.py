"""The log: one line an event, as text or JSON, with ids and durations, without secrets and without what people wrote.

Events are standard logging calls; what they are about goes into `extra={"update": 7, "ms": 120}`. Of an exception the
line holds where it came from and its type; its own words only if they are ours or Telegram's, since others may quote
what people sent. Errors of ours say in a sentence what is wrong: where they came from is left out.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any

from pydantic import SecretStr
from telegram.error import ChatMigrated, InvalidToken, TelegramError

from bot.errors import BotError, NoSuchWords
from bot.redaction import Redaction
from bot.settings import LogFormat, LogLevel
from model.errors import ModelError
from review.errors import ReviewError

_OURS = ("bot", "review", "model")
# httpx logs every address it asks for, which holds the token; the others say nothing of use.
_CHATTY = ("httpx", "httpcore", "apscheduler", "alembic", "uvicorn", "PIL", "sqlalchemy", "matplotlib")
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LINE_ENDS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PLAIN = re.compile(r'[^\s"=]+')
_LONGEST = 4000  # characters of a message
_MOST_FRAMES = 40
_MOST_CAUSES = 5

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class LineFormatter(logging.Formatter):
    """Each event on one line: `TIME LEVEL logger: event key=value | Error: words | at file:line function, ...`."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        parts = [f"{_time(record)} {record.levelname} {record.name}: {_event(record)}"]
        parts += [f"{key}={_plain(value)}" for key, value in _extras(record).items()]
        line = " ".join(parts)
        for error in _trace(record):
            line += f" | {error['error']}" + (f": {error['message']}" if "message" in error else "")
            line += f" | at {', '.join(error['frames'])}" if error.get("frames") else ""
        return self._redaction(_one_line(line))


class JsonFormatter(logging.Formatter):
    """Each event as one JSON object: time, level, logger, event, whatever it is about, and the `trace` of an error."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        row = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _one_line(_event(record)),
            **_extras(record),
        }
        trace = list(_trace(record))
        if trace:
            row["trace"] = trace
        # Escaped, so that whatever reads the lines needs to know no encoding.
        return self._redaction(json.dumps(row, default=lambda value: type(value).__name__))


class _Handler(logging.StreamHandler[Any]):
    """To stderr. A call that cannot be formatted is said without its arguments, which the library would print."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say where it was."""
        error = sys.exc_info()[0]
        if error is not None and issubclass(error, OSError):
            return  # stderr itself is gone, or its disk is full: there is nowhere to say it
        where = f"{PurePath(record.pathname).name}:{record.lineno}"
        sys.stderr.write(f"a log line of {where} could not be written: {error.__name__ if error else 'no reason'}\n")


def configure_logging(
    token: SecretStr,
    *,
    webhook_secret: SecretStr | None = None,
    level: LogLevel = LogLevel.INFO,
    style: LogFormat = LogFormat.TEXT,
) -> None:
    """Log to stderr, uncaught exceptions and warnings too. Other people's libraries never log at debug: they quote."""
    redaction = Redaction(token, webhook_secret)
    handler = _Handler()
    handler.setFormatter(JsonFormatter(redaction) if style is LogFormat.JSON else LineFormatter(redaction))
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.INFO), handlers=[handler], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(number)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    # An answer that is no JSON is raised as an error as well, and said in one line by whoever asked.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)
    logging.captureWarnings(True)
    _log_uncaught(logging.getLogger("bot"))


def _log_uncaught(log: logging.Logger) -> None:
    def in_main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return  # somebody pressed Ctrl-C again: they know
        log.critical("ended by an error that nobody expected", exc_info=(kind, error, trace))

    def in_thread(hook: threading.ExceptHookArgs) -> None:
        if hook.exc_value is not None and not isinstance(hook.exc_value, SystemExit):
            info = (hook.exc_type, hook.exc_value, hook.exc_traceback)
            log.error("a thread ended by an error that nobody expected", exc_info=info)

    def nowhere(hook: "sys.UnraisableHookArgs") -> None:
        if hook.exc_value is not None:
            info = (hook.exc_type, hook.exc_value, hook.exc_traceback)
            log.error("an error came up where it could not be raised", exc_info=info)

    sys.excepthook = in_main
    threading.excepthook = in_thread
    sys.unraisablehook = nowhere


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(record: logging.LogRecord) -> str:
    arguments = record.args
    if isinstance(arguments, tuple):
        arguments = tuple(_fit(argument) for argument in arguments)
    elif isinstance(arguments, Mapping):
        arguments = {name: _fit(argument) for name, argument in arguments.items()}
    message = str(_fit(record.msg))
    if arguments:
        message = message % arguments
    if record.name == "asyncio":
        message = message.partition("\n")[0]  # what follows are reprs of tasks, with the exception's words in them
    return message[:_LONGEST]


def _fit(argument: object) -> object:
    """Exceptions as what may be said of them."""
    return (_words(argument) or type(argument).__name__) if isinstance(argument, BaseException) else argument


def _words(error: BaseException) -> str | None:
    """What an exception says, if it may be logged; None if it may not."""
    if isinstance(error, InvalidToken | ChatMigrated):
        return None  # they name the token, and a chat
    if isinstance(error, BotError | ReviewError | ModelError | TelegramError):
        return str(error)
    return error.strerror if isinstance(error, OSError) else None  # without the name of the file


def _is_said(error: BaseException) -> bool:
    """Whether its sentence is all that an operator needs; words that are missing are a mistake in the program."""
    return isinstance(error, BotError | ReviewError | ModelError) and not isinstance(error, NoSuchWords)


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {key: _fit(value) for key, value in vars(record).items() if key not in _USUAL}


def _trace(record: logging.LogRecord) -> Iterator[dict[str, Any]]:
    """The exception, then what caused it, each with its frames (unless it is ours), the innermost last."""
    error = record.exc_info[1] if record.exc_info else None
    for _ in range(_MOST_CAUSES):
        if error is None:
            return
        told: dict[str, Any] = {"error": type(error).__name__}
        words = _words(error)
        if words is not None:
            told["message"] = _one_line(words)[:_LONGEST]
        if isinstance(error, BaseExceptionGroup):
            told["of"] = sorted({type(part).__name__ for part in error.exceptions})
        if not _is_said(error):
            told["frames"] = list(_frames(error.__traceback__))[-_MOST_FRAMES:]
        yield told
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"{_short(code.co_filename)}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next


def _short(filename: str) -> str:
    """A file within its package: where that is installed, and under whose name, is nobody's business."""
    parts = PurePath(filename).parts
    for index in range(len(parts) - 1, -1, -1):
        if parts[index] in ("site-packages", *_OURS):
            return "/".join(parts[index + (parts[index] == "site-packages") :])
    return "/".join(parts[-2:])


def _plain(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _one_line(text: str) -> str:
    """No line ends, and nothing that a terminal would obey."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", _LINE_ENDS.sub(" | ", text.strip()))
