"""How long a claim, a verdict, a count and the first page of a list take among a million items, while another process
takes in photos: `make bench-queue`. On SQLite, or on the PostgreSQL that BEARBOT_TEST_DATABASE_URL names.

Reviewers do not claim as fast as they can: between two steps is a pause, as between two keys, so that what is measured
is how long a person waits. Processor time is told beside it: it is the same on a machine that others use as well.
"""

import gc
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from select import select as select_ready
from typing import Any

import click
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.console import note
from model.serving import Prediction
from review import items, judging, listing, queue, records, replies, statistics, waiting
from review.arrival import ReceivedPhoto
from review.claimable import ANY, Among
from review.clock import utc_now
from review.database import Database
from review.listing import Wanted
from review.outbox import Recipient
from review.policy import route
from review.schema import upgrade
from review.tables import NONE_OF_THESE, Image, ItemStatus, Reviewer, VerdictKind
from tests.large_queue import FRESH, HOLDER, MODERATOR, NOW, SKIPPER, VOTER, fill
from tests.postgres import Server

LEASE = timedelta(minutes=5)
BOUNDS_MS = {"claim": 20.0, "verdict": 20.0, "count": 200.0, "page": 50.0}
PAGE = 50  # items of a page
WARM_UP = 10  # steps that are not counted: each statement is put into words once in the life of a process


@dataclass
class Times:
    """Of one kind of step, in ms; `processor` is what the step itself computed, without waiting."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @contextmanager
    def measured(self) -> Iterator[None]:
        wall, processor = time.perf_counter(), time.thread_time()
        yield
        self.wall.append((time.perf_counter() - wall) * 1000)
        self.processor.append((time.thread_time() - processor) * 1000)

    def row(self) -> dict[str, float]:
        return {
            "p50": quantile(self.wall, 0.5),
            "p99": quantile(self.wall, 0.99),
            "processor_p50": quantile(self.processor, 0.5),
            "processor_p99": quantile(self.processor, 0.99),
        }


def quantile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 2)


@click.command()
@click.option("--items", "count", type=click.IntRange(min=100), default=1_000_000, show_default=True)
@click.option("--steps", type=click.IntRange(min=1), default=1000, show_default=True, help="Claims, and verdicts.")
@click.option("--submissions", type=click.IntRange(min=0), default=50, show_default=True, help="A second, meanwhile.")
@click.option("--pause-ms", type=float, default=10.0, show_default=True, help="Between two steps of a reviewer.")
@click.option("--keep", type=click.Path(path_type=Path), help="SQLite file that is made, or used again if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
def bench(count: int, steps: int, submissions: int, pause_ms: float, keep: Path | None, as_json: bool) -> None:
    """How long reviewers wait for the queue; the exit status is 1 if longer than they should.

    \b
    Example:
      make bench-queue ARGS="--items 100000"
    """
    with tempfile.TemporaryDirectory() as folder, place(Path(folder), keep) as url:
        database = Database(url)
        made = upgrade(database, Path(folder), keep=1).before is None or not has_items(database)
        seconds = time.perf_counter()
        if made:
            fill(database, count)
            note(f"made {count:,} items in {time.perf_counter() - seconds:.0f} s")
        rows = measure(database, url, steps, submissions, pause_ms / 1000)
        database.dispose()
    if as_json:
        click.echo(json.dumps({"items": count, "submissions_per_second": submissions, "ms": rows}))
    else:
        click.echo(table(rows))
    slow = [name for name, row in rows.items() if row["p99"] > BOUNDS_MS[name.split()[0]]]
    if slow:
        note(f"slower than they should be: {', '.join(slow)}")
        sys.exit(1)


@contextmanager
def place(folder: Path, keep: Path | None) -> Iterator[str]:
    server = os.environ.get("BEARBOT_TEST_DATABASE_URL")
    if server is None:
        yield f"sqlite:///{keep or folder / 'review.db'}"
        return
    with Server.prepared(server, folder) as prepared, prepared.new_database() as url:
        yield url


def has_items(database: Database) -> bool:
    with database.read() as session:
        return session.scalar(select(Reviewer.id).limit(1)) is not None


def measure(database: Database, url: str, steps: int, submissions: int, pause: float) -> dict[str, dict[str, float]]:
    writer = subprocess.Popen(
        [sys.executable, __file__, "--write", url, str(submissions)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    gc.freeze()  # what this benchmark loads, and those who review do not, would be looked through for garbage
    assert writer.stdin is not None
    assert writer.stdout is not None
    try:
        writer.stdout.readline()
        began = time.monotonic()
        times: dict[str, Times] = {}
        people = {
            f" ({name})": (name, among)
            for name, among in (
                (FRESH, ANY),
                (SKIPPER, ANY),
                (VOTER, ANY),
                (MODERATOR, ANY),
            )
        } | {
            " (black)": (FRESH, Among(suggested_label="black")),
            " (out of domain)": (FRESH, Among(reason="out_of_domain")),
        }
        for what, (name, among) in people.items():
            review(database, name, among, steps if name == FRESH and among == ANY else steps // 5, pause, times, what)
        for what, look in looks().items():
            with database.read() as session:
                look(session)
            for _ in range(max(5, steps // 50)):
                with times.setdefault(what, Times()).measured(), database.read() as session:
                    look(session)
                time.sleep(pause)
        elapsed = time.monotonic() - began
    finally:
        writer.stdin.close()
        written = int(writer.stdout.read() or 0)
        writer.wait(timeout=60)
    note(f"{written / elapsed:.1f} submissions a second were written meanwhile")
    return {what: found.row() for what, found in times.items()}


def review(
    database: Database, name: str, among: Among, steps: int, pause: float, times: dict[str, Times], what: str
) -> None:
    with database.read() as session:
        me = session.scalars(select(Reviewer.id).where(Reviewer.name == name)).one()
    for number in range(-WARM_UP, steps):
        if number == 0:
            times.update({f"{step}{what}": Times() for step in ("claim", "verdict")})
        with times.setdefault(f"claim{what}", Times()).measured(), database.write() as session:
            claim = queue.claim_next(session, session.get_one(Reviewer, me), lease=LEASE, now=utc_now(), among=among)
        assert claim is not None
        time.sleep(pause)
        label = ("black", "grizzly", "teddy")[number % 3]
        with times.setdefault(f"verdict{what}", Times()).measured(), database.write() as session:
            judging.settle(
                session,
                claim.item_id,
                session.get_one(Reviewer, me),
                kind=VerdictKind.LABEL,
                label=label,
                token=claim.token,
                now=utc_now(),
            )
        time.sleep(pause)


def looks() -> dict[str, Callable[[Session], Any]]:
    """What people look at: counts, and the first page of each kind of list."""

    def page(wanted: Wanted) -> Callable[[Session], Any]:
        return lambda session: listing.page(session, wanted, limit=PAGE)

    return {
        "count (open)": items.count_open,
        "count (waiting)": lambda session: waiting.waiting(session, utc_now()),
        "count (statistics)": lambda session: statistics.gather(session, utc_now()),
        "page (open)": page(listing.OPEN),
        "page (all)": page(listing.EVERYTHING),
        "page (settled)": page(listing.SETTLED),
        "page (black)": page(Wanted(label="black")),
        "page (said black)": page(Wanted((ItemStatus.SETTLED,), label="black")),
        "page (disputed)": page(Wanted(reason="disputed")),
        "page (a reviewer's)": page(Wanted((ItemStatus.SETTLED,), reviewer=HOLDER)),
        "page (since)": page(Wanted(since=NOW - timedelta(days=1))),
        # Nothing is found: whatever is passed by must be passed by quickly.
        "page (said none)": page(Wanted((ItemStatus.SETTLED,), label=NONE_OF_THESE)),
        "page (theirs, none)": page(Wanted((ItemStatus.SETTLED,), reviewer=HOLDER, label=NONE_OF_THESE)),
        "page (since, none)": page(Wanted((ItemStatus.SETTLED,), since=NOW - timedelta(days=1), label=NONE_OF_THESE)),
    }


def write(url: str, per_second: int) -> None:
    """Photos come in, with all their rows, until standard input ends; prints how many came."""
    database, count = Database(url), 0
    take_in(database, count)
    click.echo("ready")
    began = time.monotonic()
    while not select_ready([sys.stdin], [], [], 0)[0]:
        count += 1
        if per_second:
            take_in(database, count)
        time.sleep(max(0.0, began + count / (per_second or 10) - time.monotonic()))
    click.echo(count if per_second else 0)


def take_in(database: Database, number: int) -> None:
    """What intake records of a photo, without the photo."""
    now, key = utc_now(), secrets.token_hex(32)
    confidence = number * 7919 % 1000 / 1000
    photo = ReceivedPhoto(
        f"bench:{key}", "telegram", b"", Recipient(number % 5000 + 1, None, number), number % 5000 + 1
    )
    said = Prediction(
        label="black",
        confidence=confidence,
        probabilities={"black": confidence, "grizzly": (1 - confidence) / 2, "teddy": (1 - confidence) / 2},
        out_of_domain_score=0.5,
        in_domain=number % 20 != 0,
        answer_threshold=0.95,
        model_version="v1",
        backbone="net",
        features=np.zeros(4, dtype=np.float16),
        novelty=0.5,
    )
    routing = route(
        confidence=said.confidence,
        in_domain=said.in_domain,
        answer_threshold=said.answer_threshold,
        audit_rate=0.02,
        audit_draw=confidence,
    )
    with database.write() as session:
        session.add(Image(sha256=key, received_sha256=key, width=8, height=6, byte_size=9, created_at=now))
        submission = records.submission(session, photo, key, now, now)
        record = records.prediction(submission.id, said, routing, confidence, now)
        session.add(record)
        if routing.reviewed:
            session.add(records.item(submission.id, record, routing.reasons, now))
        session.flush()
        replies.tell(
            session,
            photo,
            replies.of_judged(submission.id, record),
            dedupe_key=f"reply:{submission.id}:{key}",
            now=now,
        )


def table(rows: dict[str, dict[str, float]]) -> str:
    head = f"{'ms':<22}{'p50':>9}{'p99':>9}{'of it processor':>19}{'at most':>10}"
    lines = [
        f"{name:<22}{row['p50']:>9.1f}{row['p99']:>9.1f}{row['processor_p99']:>19.1f}"
        f"{BOUNDS_MS[name.split()[0]]:>10.0f}"
        for name, row in rows.items()
    ]
    return "\n".join([head, *lines])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(sys.argv[2], int(sys.argv[3]))
    else:
        bench()
