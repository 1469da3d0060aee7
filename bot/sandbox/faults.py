"""Trouble on order: the one place through which every Bot API request and download passes."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.sandbox.errors import ApiError

DOWNLOAD = "download"  # the method name of fetching /file/bot<token>/...


@dataclass(frozen=True)
class Fault:
    """What shall go wrong, with the next `times` requests that match."""

    method: str | None = None  # Bot API method or `DOWNLOAD`; None: any
    chat_id: int | None = None  # only requests with this chat_id
    status: int | None = None  # answered instead of the method's result; None: the method runs (after `delay`)
    description: str = "Internal Server Error"
    retry_after: int | None = None  # seconds, with status 429
    delay: float = 0.0  # seconds before anything happens
    drop: bool = False  # the connection ends without an answer ...
    effect: bool = False  # ... or the error is answered, although the method took effect
    times: int = 1

    def error(self) -> ApiError | None:
        if self.status is None:
            return None
        description = self.description
        if self.retry_after is not None:
            description = f"Too Many Requests: retry after {self.retry_after}"
        parameters = {"retry_after": self.retry_after} if self.retry_after is not None else None
        return ApiError(self.status, description, parameters=parameters)


@dataclass
class Faults:
    """The faults still to come, first ordered first used."""

    waiting: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

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
        return None


@dataclass(frozen=True)
class RequestRecord:
    """One answered request; `parameters` hold no file bytes, `files` their sizes. `status` 0: dropped."""

    method: str
    parameters: dict[str, str]
    files: dict[str, int]
    status: int
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
