"""Pictures from sources into a folder: several are fetched at a time, and one after the other kept or dropped."""

import hashlib
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Protocol

from PIL import Image

from model.cleaning import Action, CleaningManifest
from model.duplicates import Match
from model.errors import ImageError, Stopped
from model.fingerprint import fingerprint
from model.gathering.download import Download
from model.gathering.drops import DownloadRefused, DropReason, reason_of
from model.gathering.finishing import finishing
from model.gathering.folder import LOOK_SIDE, GatheredFolder
from model.gathering.held_out import HeldOut
from model.gathering.ledger import Row
from model.gathering.licences import Licence
from model.gathering.report import Report
from model.gathering.side_by_side import SideBySide
from model.gathering.source import Hit, Source
from model.images import container_of, decode

# Another time they may not stand in the way.
_PASSING = frozenset({DropReason.NETWORK, DropReason.TOO_SLOW})
# Large pictures take much memory while they are decoded: no more at a time than cores can work on.
_DECODING = threading.BoundedSemaphore(os.cpu_count() or 1)


class Fetcher(Protocol):
    """What `model.gathering.download.Downloader` is."""

    def fetch(self, url: str) -> Download:
        """Raises `DownloadRefused` and `Stopped`."""


@dataclass(frozen=True)
class Wish:
    """What is gathered: `count` pictures for `query`, filed under `label`, with one of the `licences`.

    `min_side`: pixels that the shorter side of a picture has at least.
    """

    query: str
    label: str
    count: int
    licences: Collection[Licence]
    min_side: int = 100


@dataclass(frozen=True)
class _Fetched:
    """A picture in memory; `picture` is RGB and may be smaller than it is. `suffix`: how files of its format end."""

    hit: Hit
    data: bytes
    sha256: str
    fingerprint: int
    suffix: str
    picture: Image.Image


@dataclass(frozen=True)
class _Refused:
    """A hit that no picture came of."""

    hit: Hit
    reason: DropReason
    message: str


class Gatherer:
    """Gathers into one folder. All rules of what is kept are here; nothing else writes to the folder meanwhile."""

    def __init__(
        self,
        folder: GatheredFolder,
        fetcher: Fetcher,
        held_out: HeldOut,
        *,
        downloads: int,
        retry_dropped: bool = False,
    ) -> None:
        """`downloads`: pictures fetched at a time. `retry_dropped`: try what was dropped in earlier runs, too."""
        self._folder = folder
        self._fetcher = fetcher
        self._held_out = held_out
        self._downloads = downloads
        self._retry_dropped = retry_dropped

    def already(self, wish: Wish) -> int:
        """How many pictures of this query lie under its label now; those that cleaning took away do not count."""
        decisions = CleaningManifest(self._folder.path).standing()
        present = self._folder.present()
        count = 0
        for row in self._folder.ledger.kept():
            decision = decisions.get(row.file or "")
            away = decision is not None and decision.sha256 == row.sha256 and decision.action is not Action.KEEP
            wished = row.label == wish.label and _folded(row.query) == _folded(wish.query)
            count += wished and not away and present.get(row.sha256 or "") == row.file
        return count

    def gather(self, wish: Wish, sources: Sequence[Source], report: Report) -> Iterator[Row]:
        """What becomes of each hit, as it is settled; ends when the wish is fulfilled or no source has any more.

        Each row is in the ledger before it is yielded; `report` counts along. Whoever stops early closes the iterator.
        """
        wanted = wish.count - report.already
        if wanted <= 0:
            return
        hits = SideBySide(sources, wish.query, wish.licences)
        settled: SimpleQueue[_Fetched | _Refused | Exception | None] = SimpleQueue()
        turn = threading.Lock()
        seen: set[tuple[str, str]] = set()
        # A permit for each picture that may be in hand: never more than are still wanted, nor than memory is for.
        in_hand = min(wanted, 2 * self._downloads)
        permits = threading.Semaphore(in_hand)

        def next_hit() -> Hit | None:
            with turn:
                while (hit := hits.take()) is not None:
                    name = (hit.source, hit.key)
                    if name in seen:  # a picture on two pages of results
                        continue
                    seen.add(name)
                    known = self._was_handled(hit, wish)
                    report.found(hit, known=known)
                    if not known:
                        return hit
                return None

        def work() -> None:
            try:
                while permits.acquire() and (hit := next_hit()) is not None:
                    settled.put(self._fetch(hit, wish))
            except Stopped:
                pass  # whoever stopped it knows
            except Exception as error:  # noqa: BLE001 # no bug is lost: it is raised where somebody listens
                settled.put(error)
            settled.put(None)

        workers = min(self._downloads, wanted)
        for number in range(workers):
            threading.Thread(target=work, name=f"download {number}", daemon=True).start()
        try:
            while workers and report.kept < wanted:
                result = settled.get()
                if result is None:
                    workers -= 1
                    permits.release()  # the next one looks as well, and finds that there is no more
                    continue
                if isinstance(result, Exception):
                    raise result
                with finishing():  # file, row and count belong together
                    row = self._settle(result, wish)
                    report.add(row)
                in_hand -= 1
                while in_hand < min(wanted - report.kept, 2 * self._downloads):
                    permits.release()
                    in_hand += 1
                yield row
        finally:
            hits.close()
            permits.release(self._downloads)
            report.ended(hits.failures())

    def _was_handled(self, hit: Hit, wish: Wish) -> bool:
        """Whether its fate is known, and would be the same again."""
        kept = self._folder.ledger.kept_of(hit)
        if kept is not None and kept.label == wish.label:
            return True  # also if its file is gone: then a person did not want it
        dropped = self._folder.ledger.dropped_of(hit, wish.label)
        if dropped is None or self._retry_dropped or dropped.reason in _PASSING:
            return False
        return dropped.reason is not DropReason.LICENCE or hit.licence not in wish.licences

    def _fetch(self, hit: Hit, wish: Wish) -> _Fetched | _Refused:
        """Runs in several threads at once."""
        if hit.licence not in wish.licences:
            return _Refused(hit, DropReason.LICENCE, f"its licence is {hit.licence}")
        if hit.width and hit.height and min(hit.width, hit.height) < wish.min_side:
            return _Refused(hit, DropReason.TOO_SMALL, _too_small(hit.width, hit.height, wish))
        other = self._folder.ledger.kept_of(hit) or self._folder.ledger.kept_from(hit.url)
        if other is not None:
            return _Refused(hit, DropReason.DUPLICATE, f"it is {other.file}{_elsewhere(other.label, wish)}")
        try:
            data = self._fetcher.fetch(hit.url).data
            with _DECODING:
                picture = decode(data, shrink_to=LOOK_SIDE)
                container = container_of(data)
        except DownloadRefused as error:
            return _Refused(hit, error.reason, str(error))
        except ImageError as error:
            return _Refused(hit, reason_of(error.problem), str(error))
        if min(container.width, container.height) < wish.min_side:
            return _Refused(hit, DropReason.TOO_SMALL, _too_small(container.width, container.height, wish))
        look = fingerprint(picture)
        smaller = picture.reduce((max(picture.width // LOOK_SIDE, 1), max(picture.height // LOOK_SIDE, 1)))
        return _Fetched(hit, data, hashlib.sha256(data).hexdigest(), look, container.suffix, smaller)

    def _settle(self, result: _Fetched | _Refused, wish: Wish) -> Row:
        """Keep or drop, and write it down."""
        row = Row(result.hit, wish.query, wish.label, datetime.now(UTC).isoformat(timespec="seconds"))
        if isinstance(result, _Fetched):
            name = f"{result.hit.source}-{hashlib.sha256(result.hit.key.encode()).hexdigest()[:16]}{result.suffix}"
            file = f"{wish.label}/{name}"
            kept = replace(row, file=file, sha256=result.sha256, fingerprint=result.fingerprint)
            twin = self._folder.twin(result.sha256, result.fingerprint)
            if twin is not None and twin.exact and twin.key == file:
                self._folder.ledger.append(kept)  # its row was lost
                return kept
            refused = self._why_not(result, wish, twin)
            if refused is None:
                self._folder.keep(kept, result.data)
                return kept
            result = refused
        dropped = replace(row, reason=result.reason, message=result.message)
        self._folder.ledger.append(dropped)
        return dropped

    def _why_not(self, fetched: _Fetched, wish: Wish, twin: Match[str] | None) -> _Refused | None:
        if twin is not None:
            reason = DropReason.DUPLICATE if twin.exact else DropReason.NEAR_DUPLICATE
            label = twin.key.rpartition("/")[0]
            what = f"{'is' if twin.exact else 'looks like'} {twin.key}{_elsewhere(label, wish)}"
            return _Refused(fetched.hit, reason, f"it {what}")
        message = self._held_out.why_not(fetched.sha256, fetched.fingerprint, fetched.picture)
        return None if message is None else _Refused(fetched.hit, DropReason.TEST_SET, message)


def _elsewhere(label: str, wish: Wish) -> str:
    return "" if label in ("", wish.label) else f", which is filed under {label}"


def _folded(query: str) -> str:
    return " ".join(query.casefold().split())


def _too_small(width: int, height: int, wish: Wish) -> str:
    return f"it has {width} x {height} pixels; each side needs {wish.min_side}"
