"""The token never leaves: whatever is logged or printed as a traceback has it taken out."""

import logging
import sys
import traceback
from types import TracebackType

from pydantic import SecretStr

_INSTEAD = "<BOT_TOKEN>"


class RedactingFormatter(logging.Formatter):
    """Formats as usual, then replaces the token wherever it stands: message, arguments, traceback."""

    def __init__(self, token: SecretStr) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._token = token.get_secret_value()

    def format(self, record: logging.LogRecord) -> str:
        """One log line, or several with a traceback, without the token."""
        return super().format(record).replace(self._token, _INSTEAD)


def redacted(text: str, token: SecretStr) -> str:
    """`text` without the token."""
    return text.replace(token.get_secret_value(), _INSTEAD)


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

    def print_redacted(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(redacted(text, token))

    sys.excepthook = print_redacted
