"""Hits of several sources, asked side by side, in an order in which none dominates."""

import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from model.errors import SourceError, Stopped
from model.gathering.licences import Licence
from model.gathering.source import Hit, Source

_AHEAD = 20  # hits of one source that wait at most: no page is asked for that nobody may need
# Seconds that a source is waited for in all, when it is its turn; one that lets wait longer is passed over until it has
# something, so that the slowest does not set the pace.
_PATIENCE = 5.0


@dataclass
class _Line:
    """What one source offers, as far as it has come. `asked_at`: since when it is waited for."""

    name: str
    patience: float
    hits: deque[Hit] = field(default_factory=deque)
    taken: int = 0
    ended: bool = False
    asked_at: float | None = None


class SideBySide:
    """Each source is searched in a thread of its own; hits may be taken from any thread.

    The threads are daemons: a program that ends does not wait for a server that keeps them.
    """

    def __init__(
        self, sources: Sequence[Source], query: str, licences: Collection[Licence], patience: float = _PATIENCE
    ) -> None:
        """Begins to ask at once."""
        self._lines = [_Line(source.name, patience) for source in sources]
        self._changed = threading.Condition()
        self._closed = False
        self._failures: dict[str, SourceError] = {}
        self._bug: Exception | None = None
        for line, source in zip(self._lines, sources, strict=True):
            arguments = (line, source.search(query, licences))
            threading.Thread(target=self._ask, args=arguments, name=f"search {source.name}", daemon=True).start()

    def take(self) -> Hit | None:
        """The next hit, as soon as there is one; None when there are no more, or after `close`."""
        with self._changed:
            while not self._closed:
                if self._bug is not None:
                    raise self._bug
                line, wait = self._turn()
                if line is not None:
                    line.taken += 1
                    line.asked_at = None
                    self._changed.notify_all()  # there is room for another
                    return line.hits.popleft()
                if all(line.ended for line in self._lines):
                    return None
                self._changed.wait(wait)
            return None

    def close(self) -> None:
        """Ask no more; what a source answers now is thrown away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def failures(self) -> Mapping[str, SourceError]:
        """Which sources refused or could not be reached, and how; hits that came before are good."""
        with self._changed:
            return dict(self._failures)

    def _turn(self) -> tuple[_Line | None, float | None]:
        """Whose turn it is; or nobody's, and how many seconds to wait at most before looking again (None: any)."""
        now = time.monotonic()
        for line in sorted(self._lines, key=lambda line: line.taken):
            if line.hits:
                if line.asked_at is not None:
                    line.patience -= now - line.asked_at
                return line, None
            if not line.ended and line.patience > 0:
                if line.asked_at is None:
                    line.asked_at = now
                left = line.asked_at + line.patience - now
                if left > 0:
                    return None, left
                line.patience = 0
        return None, None

    def _ask(self, line: _Line, hits: Iterator[Hit]) -> None:
        try:
            for hit in hits:
                with self._changed:
                    self._changed.wait_for(lambda: self._closed or len(line.hits) < _AHEAD)
                    if self._closed:
                        return
                    line.hits.append(hit)
                    self._changed.notify_all()
        except SourceError as error:
            with self._changed:
                self._failures[line.name] = error
        except Stopped:
            pass  # whoever stopped it knows
        except Exception as error:  # noqa: BLE001 # no bug is lost: `take` raises it where somebody listens
            with self._changed:
                self._bug = error
        finally:
            with self._changed:
                line.ended = True
                self._changed.notify_all()
