"""Trouble on order: the one place through which every Bot API request and download passes."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.sandbox.errors import ApiError

DOWNLOAD = "download"  # the method name of fetching /file/bot<token>/...
HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center>nginx</center></body>\r\n</html>\r\n"


@dataclass(frozen=True)
class Fault:
    """What shall go wrong, with the next `times` requests that match."""

    method: str | None = None  # Bot API method or `DOWNLOAD`; None: any
    chat_id: int | None = None  # only requests with this chat_id
    status: int | None = None  # answered instead of the method's result; None: the method runs (after `delay`)
    description: str = "Internal Server Error"
    html: bool = False  # the error comes as a web page, as from a proxy before the server
    retry_after: int | None = None  # seconds, with status 429
    delay: float = 0.0  # seconds before anything happens
    drop: bool = False  # the connection ends without an answer ...
    effect: bool = False  # ... or the error is answered, although the method took effect
    cut: float | None = None  # only this share of the answer's body arrives, then the connection ends
    pace: int | None = None  # bytes a second at which the answer's body arrives
    times: int = 1

    def error(self) -> ApiError | None:
        if self.status is None:
            return None
        description = self.description
        if self.retry_after is not None:
            description = f"Too Many Requests: retry after {self.retry_after}"
        parameters = {"retry_after": self.retry_after} if self.retry_after is not None else None
        return ApiError(self.status, description, parameters=parameters)


# Trouble that bots meet, by name.


def flood(chat_id: int | None = None, *, seconds: int, times: int = 1) -> Fault:
    """429: too much was sent to this chat, or (of no chat) by this bot."""
    return Fault(chat_id=chat_id, status=429, retry_after=seconds, times=times)


def bad_gateway(method: str | None = None, *, effect: bool = False, times: int = 1) -> Fault:
    """502 with a web page for a body, `effect`: although the method took effect."""
    return Fault(method, status=502, description="Bad Gateway", html=True, effect=effect, times=times)


def conflict(*, times: int = 1) -> Fault:
    """409: another program polls."""
    description = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    return Fault("getUpdates", status=409, description=description, times=times)


def blocked(method: str, chat_id: int | None = None, *, times: int = 1) -> Fault:
    """403, though the person did not block the bot in this world: they may have in that instant."""
    return Fault(method, chat_id, status=403, description="Forbidden: bot was blocked by the user", times=times)


def too_big(*, times: int = 1) -> Fault:
    """getFile refuses, whatever the size was said to be."""
    return Fault("getFile", status=400, description="Bad Request: file is too big", times=times)


def expired_query(*, times: int = 1) -> Fault:
    """The answer to a pressed button comes too late."""
    description = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    return Fault("answerCallbackQuery", status=400, description=description, times=times)


def not_modified(method: str, *, times: int = 1) -> Fault:
    """An edit that changes nothing, say because it is the second one after a lost answer."""
    description = (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    return Fault(method, status=400, description=description, times=times)


def reply_gone(method: str = "sendMessage", chat_id: int | None = None, *, times: int = 1) -> Fault:
    """What was to be quoted was deleted."""
    return Fault(method, chat_id, status=400, description="Bad Request: message to be replied not found", times=times)


def thread_gone(method: str = "sendMessage", chat_id: int | None = None, *, times: int = 1) -> Fault:
    """The topic was deleted."""
    return Fault(method, chat_id, status=400, description="Bad Request: message thread not found", times=times)


@dataclass
class Faults:
    """The faults still to come, first ordered first used; where none fits, `chaos` has a say if there is one."""

    waiting: list[Fault] = field(default_factory=list)
    chaos: Callable[[str], Fault | None] | None = None

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()
        self.chaos = None

    def take(self, method: str, parameters: dict[str, str]) -> Fault | None:
        """The fault for this request, used up by one."""
        for place, fault in enumerate(self.waiting):
            if fault.method is not None and fault.method.lower() != method.lower():
                continue
            if fault.chat_id is not None and str(fault.chat_id) != parameters.get("chat_id"):
                continue
            if fault.times <= 1:
                del self.waiting[place]
            else:
                self.waiting[place] = replace(fault, times=fault.times - 1)
            return fault
        return self.chaos(method) if self.chaos else None


@dataclass(frozen=True)
class RequestRecord:
    """One answered request; `parameters` hold no file bytes, `files` their sizes. `status` 0: dropped."""

    method: str
    parameters: dict[str, str]
    files: dict[str, int]
    status: int
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
