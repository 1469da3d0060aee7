"""What one reviewer has in hand: items are claimed, kept, judged and given back here, and nowhere else on the screen.

One thread does it all in the order in which it was asked, so verdicts are written in the order of the keys and nobody
waits for the database. While it is locked or gone, what was said is kept and tried again.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from review import judging, queue, standing_verdicts
from review.clock import utc_now
from review.database import Database
from review.errors import DatabaseError, LeaseLost, ReviewError
from review.judging import Circumstances
from review.people import reviewer_named
from review.queue import Claim
from review.tables import Channel, Reviewer, VerdictKind

T = TypeVar("T")

_PAUSES = (0.1, 0.25, 0.5, 1.0, 2.0)  # seconds between trials; the last one again and again
DEFERRED_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Answer:
    """What the reviewer said of an item."""

    item_id: int
    kind: VerdictKind
    label: str | None = None
    free_name: str | None = None
    how: Circumstances = judging.UNKNOWN


@dataclass(frozen=True)
class TakenBack:
    """A verdict that stands no more. `claim` is None if nobody is to look, or somebody else has the item in hand."""

    item_id: int
    claim: Claim | None


class GivenUp(ReviewError):
    """The screen was closed before the database could be reached."""


@dataclass(frozen=True)
class _Done(Generic[T]):
    """The result of a transaction, and what is different at the desk once it is committed, not before."""

    result: T
    kept: Sequence[Claim] = ()
    gone: Collection[int] = ()
    said: int | None = None
    undone: int | None = None


class Desk:
    """A reviewer's part of the queue. Every method returns at once; its future brings the result or a `ReviewError`."""

    def __init__(
        self,
        *,
        database: Database,
        name: str,
        lease: timedelta,
        gold_rate: float = 0.0,
        clock: Callable[[], datetime] = utc_now,
        pauses: Sequence[float] = _PAUSES,
    ) -> None:
        self._database = database
        self._name = name
        self._lease = lease
        self._gold_rate = gold_rate
        self._clock = clock
        self._pauses = pauses
        self._closing = threading.Event()
        self._held: dict[int, Claim] = {}  # touched by the one thread only, like what was said
        self._said: list[int] = []  # verdicts of this sitting that stand, the latest last
        self._unsaved: list[Answer] = []
        self._lock = threading.Lock()
        self._trouble: str | None = None
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # A daemon: SQLite may wait half a minute for a lock, and who leaves does not wait for that.
        threading.Thread(target=self._work, name="desk", daemon=True).start()

    @property
    def unsaved(self) -> Sequence[Answer]:
        """What was said and is not in the database yet, in order."""
        with self._lock:
            return tuple(self._unsaved)

    @property
    def trouble(self) -> str | None:
        """Why the database cannot be used at the moment; None: nothing is known to be wrong."""
        return self._trouble

    def take(
        self, count: int, *, first: Callable[[Session, Reviewer], Sequence[int]] = lambda _session, _reviewer: ()
    ) -> Future[list[Claim]]:
        """Claim up to `count` more items; `first` says which of them come before others.

        What the same person holds elsewhere, in another screen or in the chat, stays there.
        """

        def work(session: Session, reviewer: Reviewer) -> _Done[list[Claim]]:
            claims = queue.claim_batch(
                session,
                reviewer,
                count=count,
                lease=self._lease,
                now=self._clock(),
                besides=tuple(self._held),
                first=first(session, reviewer),
                gold_rate=self._gold_rate,
            )
            return _Done(claims, kept=claims)

        return self._ask(work)

    def take_item(self, item_id: int) -> Future[Claim]:
        """Claim this very item."""

        def work(session: Session, reviewer: Reviewer) -> _Done[Claim]:
            claim = queue.claim(session, item_id, reviewer, lease=self._lease, now=self._clock())
            return _Done(claim, kept=[claim])

        return self._ask(work)

    def say(self, answer: Answer) -> Future[str | None]:
        """Record it; brings the item's final label, or None if it stays open. Written even if nobody waits for it."""
        with self._lock:
            self._unsaved.append(answer)

        def work(session: Session, reviewer: Reviewer) -> _Done[str | None]:
            claim = self._held.get(answer.item_id)
            if claim is None:
                raise LeaseLost(f"item {answer.item_id} is no longer yours: the time was up; it comes again")
            now = self._clock()
            final = judging.settle(
                session,
                answer.item_id,
                reviewer,
                kind=answer.kind,
                label=answer.label,
                free_name=answer.free_name,
                token=claim.token,
                deferred_until=now + DEFERRED_FOR if answer.kind is VerdictKind.DEFER else None,
                how=answer.how,
                now=now,
            )
            verdict = standing_verdicts.last(session, reviewer, item_id=answer.item_id)
            return _Done(final, gone=[answer.item_id], said=verdict.id if verdict else None)

        def over(error: BaseException | None) -> None:
            if isinstance(error, GivenUp):
                return  # it stays among what is not saved
            if error is not None:
                self._held.pop(answer.item_id, None)
            with self._lock:
                self._unsaved.remove(answer)

        return self._ask(work, over)

    def undo(self) -> Future[TakenBack]:
        """Take back this reviewer's last verdict, and have its item in hand again."""

        def work(session: Session, reviewer: Reviewer) -> _Done[TakenBack]:
            last = self._said[-1] if self._said else None
            item_id = judging.undo(session, reviewer, verdict_id=last, now=self._clock())
            try:
                claim = queue.claim(session, item_id, reviewer, lease=self._lease, now=self._clock())
            except ReviewError:
                return _Done(TakenBack(item_id, None), undone=last)
            return _Done(TakenBack(item_id, claim), kept=[claim], undone=last)

        return self._ask(work)

    def reopen(self, item_id: int, note: str) -> Future[Claim]:
        """Have people look once more at a settled item, because of `note`, and have it in hand."""

        def work(session: Session, reviewer: Reviewer) -> _Done[Claim]:
            now = self._clock()
            judging.reopen(session, item_id, reviewer, note=note, how=Circumstances(Channel.TERMINAL), now=now)
            claim = queue.claim(session, item_id, reviewer, lease=self._lease, now=now)
            verdict = standing_verdicts.last(session, reviewer, item_id=item_id)
            return _Done(claim, kept=[claim], said=verdict.id if verdict else None)

        return self._ask(work)

    def do(self, change: Callable[[Session, Reviewer], T]) -> Future[T]:
        """Anything else that is to be written in its turn."""
        return self._ask(lambda session, reviewer: _Done(change(session, reviewer)))

    def renew(self) -> Future[list[int]]:
        """Keep what is in hand for longer; brings what is lost because somebody else has it by now.

        A lease that ended (the machine slept) is not brought to life again: the item is claimed anew if it is free.
        """

        def work(session: Session, reviewer: Reviewer) -> _Done[list[int]]:
            now, lost, kept = self._clock(), [], []
            for claim in self._held.values():
                try:
                    kept.append(queue.renew(session, claim.item_id, claim.token, lease=self._lease, now=now))
                except ReviewError:
                    try:
                        kept.append(queue.claim(session, claim.item_id, reviewer, lease=self._lease, now=now))
                    except ReviewError:
                        lost.append(claim.item_id)
            return _Done(lost, kept=kept, gone=lost)

        return self._ask(work)

    def put_back(self, items: Collection[int] | None = None) -> Future[None]:
        """Give back these items (None: all), unanswered."""

        def work(session: Session, _reviewer: Reviewer) -> _Done[None]:
            gone = [item_id for item_id in self._held if items is None or item_id in items]
            for item_id in gone:
                queue.release(session, item_id, self._held[item_id].token)
            return _Done(None, gone=gone)

        return self._ask(work)

    def close(self, seconds: float | None = None) -> Sequence[Answer]:
        """Write what was said and give everything back, within so many seconds (None: however long it takes).

        Returns what could not be saved; Ctrl-C gives up, too. Leases of what is not given back end by themselves.
        """
        try:
            self.put_back().exception(seconds)
        except (TimeoutError, KeyboardInterrupt):
            pass  # what is left is in `unsaved`
        finally:
            self._closing.set()
            self._jobs.put(None)
        return self.unsaved

    def _ask(
        self,
        work: Callable[[Session, Reviewer], _Done[T]],
        over: Callable[[BaseException | None], None] = lambda _error: None,
    ) -> Future[T]:
        """`over` runs when it is done, before anybody hears of it."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # whoever stops waiting for it does not stop what was asked

        def job() -> None:
            try:
                result = self._patiently(work)
            except BaseException as error:  # noqa: BLE001 - whoever waits for the future is told, whatever it is
                over(error)
                future.set_exception(error)
            else:
                over(None)
                future.set_result(result)

        self._jobs.put(job)
        return future

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _patiently(self, work: Callable[[Session, Reviewer], _Done[T]]) -> T:
        """In one transaction; again and again while the database cannot be used."""
        trial = 0
        while True:
            try:
                with self._database.write() as session:
                    done = work(session, reviewer_named(session, self._name, self._clock()))
            except DatabaseError as error:
                self._trouble = str(error)
                if self._closing.wait(self._pauses[min(trial, len(self._pauses) - 1)]):
                    raise GivenUp(f"the database could not be reached: {error}") from error
                trial += 1
            else:
                self._trouble = None
                self._note(done)
                return done.result

    def _note(self, done: _Done[T]) -> None:
        for item_id in done.gone:
            self._held.pop(item_id, None)
        self._held.update((claim.item_id, claim) for claim in done.kept)
        if done.undone is not None:
            self._said.remove(done.undone)
        if done.said is not None:
            self._said.append(done.said)
