"""HTTP as a polite and careful guest."""

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self


class Http:
    """Requests to sources and to hosts of pictures; may be used by many threads at once. Close it, or use `with`."""

    def __init__(
        self, *, contact: str | None = None, private_addresses: bool = False, stop: threading.Event | None = None
    ) -> None:
        raise NotImplementedError

    def get_json(
        self, url: str, *, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """What an API answers. Raises `SourceError`, `Stopped`."""
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
