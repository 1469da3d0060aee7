"""Pictures from sources into a folder: several are fetched at a time, and one after the other kept or dropped."""

import hashlib
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from PIL import Image

from model.cleaning import Action, CleaningManifest
from model.duplicates import Match
from model.errors import ImageError
from model.fingerprint import fingerprint
from model.gathering.crew import Crew
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
        """How many pictures of this query lie under its label now, with one of its licences.

        Those that cleaning took away do not count.
        """
        decisions = CleaningManifest(self._folder.path).standing()
        files = self._folder.files()
        count = 0
        for row in self._folder.ledger.kept():
            decision = decisions.get(row.file or "")
            away = decision is not None and decision.sha256 == row.sha256 and decision.action is not Action.KEEP
            searched = row.label == wish.label and _folded(row.query) == _folded(wish.query)
            wished = searched and row.hit.licence in wish.licences
            count += wished and not away and files.get(row.file or "") == row.sha256
        return count

    def gather(self, wish: Wish, sources: Sequence[Source], report: Report) -> Iterator[Row]:
        """What becomes of each hit, as it is settled; ends when the wish is fulfilled or no source has any more.

        Each row is in the ledger before it is yielded; `report` counts along. Whoever stops early closes the iterator.
        """
        wanted = wish.count - report.already
        if wanted <= 0:
            return
        hits = SideBySide(sources, wish.query, wish.licences)
        crew = Crew(
            partial(self._next_hit, hits, wish, report, set()),
            partial(self._fetch, wish=wish),
            size=min(self._downloads, wanted),
            name="download",
        )
        try:
            crew.have_in_hand(min(wanted, 2 * self._downloads))
            for result in crew.results():
                with finishing():  # file, row and count belong together
                    row = self._settle(result, wish)
                    report.add(row)
                yield row
                # Never more than are still wanted, nor than there is memory for.
                crew.have_in_hand(min(wanted - report.kept, 2 * self._downloads))
        finally:
            hits.close()
            crew.dismiss()
            report.ended(hits.failures())

    def _next_hit(self, hits: SideBySide, wish: Wish, report: Report, seen: set[tuple[str, str]]) -> Hit | None:
        """The next one whose fate is open."""
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

    def _was_handled(self, hit: Hit, wish: Wish) -> bool:
        """Whether its fate is known, and would be the same again."""
        kept = self._folder.ledger.kept_of(hit)
        if kept is not None and kept.label == wish.label:
            return True  # also if its file is gone: then a person did not want it
        dropped = self._folder.ledger.dropped_of(hit, wish.label)
        if dropped is None or self._retry_dropped or dropped.reason in _PASSING:
            return False
        if dropped.reason is DropReason.LICENCE:
            return hit.licence not in wish.licences
        if dropped.reason is DropReason.TOO_SMALL:
            return min(dropped.hit.width or 0, dropped.hit.height or 0) < wish.min_side
        return True

    def _fetch(self, hit: Hit, wish: Wish) -> _Fetched | _Refused:
        """Runs in several threads at once."""
        if hit.licence not in wish.licences:
            return _Refused(hit, DropReason.LICENCE, f"its licence is {hit.licence}")
        if hit.width and hit.height and min(hit.width, hit.height) < wish.min_side:
            return _Refused(hit, DropReason.TOO_SMALL, _too_small(hit.width, hit.height, wish))
        other = self._folder.ledger.kept_of(hit) or self._folder.ledger.kept_from(hit.url)
        if other is not None and other.sha256 is not None:
            there = self._folder.file_with(other.sha256)
            if there is not None:
                return _Refused(hit, DropReason.DUPLICATE, f"it is {there}{_elsewhere(there, wish)}")
            if other.label == wish.label:
                return _Refused(hit, DropReason.DUPLICATE, _taken_away(other))
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
            measured = replace(hit, width=container.width, height=container.height)
            return _Refused(measured, DropReason.TOO_SMALL, _too_small(container.width, container.height, wish))
        look = fingerprint(picture)
        smaller = picture.reduce((max(picture.width // LOOK_SIDE, 1), max(picture.height // LOOK_SIDE, 1)))
        return _Fetched(hit, data, hashlib.sha256(data).hexdigest(), look, container.suffix, smaller)

    def _settle(self, result: _Fetched | _Refused, wish: Wish) -> Row:
        """Keep or drop, and write it down."""
        row = Row(result.hit, wish.query, wish.label, datetime.now(UTC).isoformat(timespec="seconds"))
        if isinstance(result, _Fetched):
            key = hashlib.sha256(result.hit.key.encode(errors="surrogatepass")).hexdigest()[:16]
            file = f"{wish.label}/{result.hit.source}-{key}{result.suffix}"
            kept = replace(row, file=file, sha256=result.sha256, fingerprint=result.fingerprint)
            twin = self._folder.twin(result.sha256, result.fingerprint)
            if twin is not None and twin.exact and twin.key == file:
                self._folder.ledger.append(kept)  # its row was lost
                return kept
            refused = self._why_not(result, wish, file, twin)
            if refused is None:
                self._folder.keep(kept, result.data)
                return kept
            result = refused
        dropped = replace(row, reason=result.reason, message=result.message)
        self._folder.ledger.append(dropped)
        return dropped

    def _why_not(self, fetched: _Fetched, wish: Wish, file: str, twin: Match[str] | None) -> _Refused | None:
        if twin is not None:
            reason = DropReason.DUPLICATE if twin.exact else DropReason.NEAR_DUPLICATE
            what = f"{'is' if twin.exact else 'looks like'} {twin.key}{_elsewhere(twin.key, wish)}"
            return _Refused(fetched.hit, reason, f"it {what}")
        former = self._folder.ledger.kept_with(fetched.sha256)
        if former is not None and former.label == wish.label:
            return _Refused(fetched.hit, DropReason.DUPLICATE, _taken_away(former))
        if (self._folder.path / file).exists():  # somebody changed it, and the ledger was lost
            return _Refused(fetched.hit, DropReason.DUPLICATE, f"another picture has its name: {file}")
        message = self._held_out.why_not(fetched.sha256, fetched.fingerprint, fetched.picture)
        return None if message is None else _Refused(fetched.hit, DropReason.TEST_SET, message)


def _elsewhere(file: str, wish: Wish) -> str:
    label = file.rpartition("/")[0]
    return "" if label in ("", wish.label) else f", which is filed under {label}"


def _taken_away(row: Row) -> str:
    return f"it was {row.file}, which somebody took away"


def _folded(query: str) -> str:
    return " ".join(query.casefold().split())


def _too_small(width: int, height: int, wish: Wish) -> str:
    return f"it has {width} x {height} pixels; each side needs {wish.min_side}"
