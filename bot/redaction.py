"""The token never leaves: whatever is logged or printed as a traceback has it taken out."""

import logging
import re
import sys
import traceback
from types import TracebackType

from pydantic import SecretStr

_INSTEAD = "<BOT_TOKEN>"


class RedactingFormatter(logging.Formatter):
    """Formats as usual, then replaces the token wherever it stands: message, arguments, traceback."""

    def __init__(self, token: SecretStr) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        """One log line, or several with a traceback, without the token."""
        return redacted(super().format(record), self._token)


def redacted(text: str, token: SecretStr) -> str:
    """`text` without the token, also where a server or proxy wrote it in small letters or percent-encoded."""
    number, _, secret = token.get_secret_value().partition(":")
    return re.sub(f"{re.escape(number)}(:|%3a){re.escape(secret)}", _INSTEAD, text, flags=re.IGNORECASE)


def configure_logging(token: SecretStr, level: int = logging.INFO) -> None:
    """Log to stderr without the token, and print uncaught exceptions without it too.

    httpx logs every address it asks for, which holds the token and says nothing of use: only its warnings are kept.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(token))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for chatty in ("httpx", "httpcore", "apscheduler", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # An answer that is no JSON is raised as an error as well, and said in one line by whoever asked.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)

    def print_redacted(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(redacted(text, token))

    sys.excepthook = print_redacted
