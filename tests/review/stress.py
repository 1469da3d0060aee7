"""Reviewers and intakes, each a process, at one queue for as long as one likes; afterwards every promise is checked.

    python tests/review/stress.py --seconds 60 --reviewers 8 --intakes 2 [--kills]

Each process writes what it was given and what was accepted to a log of its own before it goes on, so that a kill loses
at most what was said of the last step. On SQLite, or on the PostgreSQL that BEARBOT_TEST_DATABASE_URL names.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import click
from sqlalchemy import func, select

from review import judging, queue
from review.clock import utc_now
from review.database import Database
from review.errors import AlreadySettled, LeaseLost, NothingToUndo
from review.people import reviewer_named
from review.schema import problems, upgrade
from review.tables import Image, ItemStatus, Reviewer, ReviewItem, Submission, Verdict, VerdictKind
from tests.postgres import Server

LEASE = timedelta(seconds=1)
ITEMS = 40  # few, so that everybody wants the same ones


@dataclass
class Report:
    """What happened; `violations` are sentences, none if all promises were kept."""

    claims: int = 0
    verdicts: int = 0
    refused_late: int = 0
    submissions: int = 0
    kills: int = 0
    slowest_ms: float = 0.0
    p99_ms: float = 0.0
    violations: list[str] = field(default_factory=list)


class Log:
    """One JSON object a line, each in the file before the next step."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, kind: str, **what: Any) -> None:
        self._file.write(json.dumps({"kind": kind, **what}) + "\n")
        self._file.flush()


def review(url: str, name: str, log: Log, chance: random.Random) -> None:
    """Claim, answer, dawdle past the lease, renew, undo, for ever."""
    database = Database(url)
    while True:
        began = time.monotonic()
        with database.write() as session:
            now = utc_now()
            claim = queue.claim_next(session, reviewer_named(session, name, now), lease=LEASE, now=now)
        log.write("took", ms=(time.monotonic() - began) * 1000)
        if claim is None:
            time.sleep(0.01)
            continue
        log.write("claim", item=claim.item_id, who=name, at=now.isoformat(), until=claim.expires_at.isoformat())
        whim = chance.random()
        if whim < 0.03:
            time.sleep(LEASE.total_seconds() * 1.2)  # too late
        elif whim < 0.1:
            renew(database, claim, name, log)
        answer(database, claim, name, log, chance)
        if chance.random() < 0.1:
            undo(database, name, log)


def renew(database: Database, claim: queue.Claim, name: str, log: Log) -> None:
    try:
        with database.write() as session:
            now = utc_now()
            again = queue.renew(session, claim.item_id, claim.token, lease=LEASE, now=now)
    except LeaseLost:
        return
    log.write("claim", item=claim.item_id, who=name, at=now.isoformat(), until=again.expires_at.isoformat())


def answer(database: Database, claim: queue.Claim, name: str, log: Log, chance: random.Random) -> None:
    kind, label = chance.choice(
        [(VerdictKind.LABEL, "black"), (VerdictKind.LABEL, "teddy"), (VerdictKind.NONE, None), (VerdictKind.SKIP, None)]
    )
    began = time.monotonic()
    try:
        with database.write() as session:
            now = utc_now()
            reviewer = reviewer_named(session, name, now)
            judging.settle(session, claim.item_id, reviewer, kind=kind, label=label, token=claim.token, now=now)
            verdict = session.scalar(select(func.max(Verdict.id)))
    except (LeaseLost, AlreadySettled):
        log.write("refused")
        return
    log.write("took", ms=(time.monotonic() - began) * 1000)
    log.write("verdict", verdict=verdict)


def undo(database: Database, name: str, log: Log) -> None:
    try:
        with database.write() as session:
            judging.undo(session, reviewer_named(session, name, utc_now()), now=utc_now())
            verdict = session.scalar(select(func.max(Verdict.id)))
    except NothingToUndo:
        return
    log.write("undo", verdict=verdict)


def intake(url: str, name: str, log: Log, _chance: random.Random) -> None:
    """Keep some items waiting, each with its submission."""
    database = Database(url)
    while True:
        with database.read() as session:
            waiting = session.scalar(
                select(func.count()).select_from(ReviewItem).where(ReviewItem.status == ItemStatus.OPEN)
            )
        if (waiting or 0) < ITEMS:
            with database.write() as session:
                submission = add_item(session, f"{name}:{os.urandom(8).hex()}")
            log.write("submission", submission=submission)
        else:
            time.sleep(0.005)


def add_item(session: Any, key: str) -> int:
    now = utc_now()
    sha = os.urandom(32).hex()
    session.add(Image(sha256=sha, received_sha256=sha, width=1, height=1, byte_size=1, created_at=now))
    submission = Submission(source_key=key, source="test", chat_id=1, image_sha256=sha, submitted_at=now)
    session.add(submission)
    session.flush()
    session.add(
        ReviewItem(
            submission_id=submission.id,
            status=ItemStatus.OPEN,
            reasons=["low_confidence"],
            reason="low_confidence",
            priority=float(os.urandom(1)[0]),
            opened_at=now,
        )
    )
    session.flush()
    return submission.id


ROLES = {"review": review, "intake": intake}


_START_SECONDS = 60


def stress(url: str, folder: Path, *, seconds: float, reviewers: int, intakes: int, kills: bool) -> Report:
    """Let them at it, then see. With `kills` one of the processes, by chance, is killed each second and begun anew."""
    database = Database(url)
    upgrade(database, folder / "backups", keep=1)
    database.dispose()
    report, chance, started = Report(), random.Random(5), 0
    roles = ["review"] * reviewers + ["intake"] * intakes
    logs: list[Path] = []

    def start(number: int) -> subprocess.Popen[bytes]:
        nonlocal started
        started += 1
        logs.append(folder / f"log-{started}")
        command = [sys.executable, __file__, "--act", roles[number], url, f"{roles[number]} {number}", str(logs[-1])]
        with logs[-1].with_suffix(".err").open("wb") as errors:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)

    processes = [start(number) for number in range(len(roles))]
    try:
        begun = time.monotonic()
        while not all(log.exists() for log in logs) and time.monotonic() < begun + _START_SECONDS:
            time.sleep(0.05)  # the time runs from when all are at it, however busy the machine is
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(1.0, max(0.0, end - time.monotonic())))
            if kills:
                number = chance.randrange(len(roles))
                processes[number].kill()
                processes[number].wait()
                processes[number] = start(number)
                report.kills += 1
            ended = [number for number, one in enumerate(processes) if one.poll() is not None]
            report.violations += [f"{roles[number]} {number} ended by itself" for number in ended]
            if report.violations:
                break
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for log in logs:
        errors = log.with_suffix(".err").read_text()
        if errors:
            report.violations.append(f"{log.name}: {errors.strip().splitlines()[-1]}")
    check(Database(url), [entries(log) for log in logs], report)
    return report


def entries(log: Path) -> list[dict[str, Any]]:
    """What a process wrote; the last line of a killed one may be cut."""
    if not log.exists():
        return []
    lines = log.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def check(database: Database, logs: Iterable[list[dict[str, Any]]], report: Report) -> None:
    """Every promise, from what the processes saw and from what is in the database."""
    said = [entry for log in logs for entry in log]
    kinds = Counter(entry["kind"] for entry in said)
    report.claims, report.verdicts, report.refused_late = kinds["claim"], kinds["verdict"], kinds["refused"]
    report.submissions = kinds["submission"]
    waits = sorted(entry["ms"] for entry in said if entry["kind"] == "took")
    if waits:
        report.slowest_ms, report.p99_ms = round(waits[-1], 1), round(waits[int(len(waits) * 0.99)], 1)
    report.violations += problems(database)
    with database.read() as session:
        # A process that is killed between its commit and its log said nothing of the verdict; the database knows it.
        answered = session.execute(
            select(Verdict.item_id, Reviewer.name, Verdict.created_at)
            .join(Reviewer, Reviewer.id == Verdict.reviewer_id)
            .where(Verdict.kind != VerdictKind.UNDO)
        ).all()
        report.violations += twice_at_one_time(said, [(row[0], row[1], row[2]) for row in answered])
        known = set(session.scalars(select(Verdict.id)))
        undone = set(session.scalars(select(Verdict.undoes_id).where(Verdict.undoes_id.is_not(None))))
        lost = {entry["verdict"] for entry in said if entry["kind"] in ("verdict", "undo")} - known
        report.violations += [f"verdict {number} was lost" for number in sorted(lost)]
        submissions = set(session.scalars(select(Submission.id)))
        gone = {entry["submission"] for entry in said if entry["kind"] == "submission"} - submissions
        report.violations += [f"submission {number} was lost" for number in sorted(gone)]
        itemless = submissions - set(session.scalars(select(ReviewItem.submission_id)))
        report.violations += [f"submission {number} has no item" for number in sorted(itemless)]
        standing: dict[int, list[str]] = {}
        for verdict in session.scalars(select(Verdict).order_by(Verdict.id)):
            if verdict.kind in (VerdictKind.LABEL, VerdictKind.NONE) and verdict.id not in undone:
                standing.setdefault(verdict.item_id, []).append(verdict.label or "none")
        for item in session.scalars(select(ReviewItem)):
            voted = standing.get(item.id, [])
            if len(voted) > 1:
                report.violations.append(f"item {item.id} has {len(voted)} standing verdicts")
            if (item.status is ItemStatus.SETTLED) != bool(voted) or item.final_label != (voted[0] if voted else None):
                report.violations.append(f"item {item.id} is {item.status} as {item.final_label}, said was {voted}")
    database.dispose()


def twice_at_one_time(said: list[dict[str, Any]], answered: list[tuple[int, str, datetime]]) -> list[str]:
    """Whether anybody was given an item, or answered it, that was in another's hands at that time."""
    found = []
    events: dict[int, list[tuple[datetime, str, datetime | None]]] = {}  # when, who, and until when it is theirs
    for entry in said:
        if entry["kind"] == "claim":
            at, until = datetime.fromisoformat(entry["at"]), datetime.fromisoformat(entry["until"])
            events.setdefault(entry["item"], []).append((at, entry["who"], until))
    for item, who, at in answered:
        events.setdefault(item, []).append((at, who, None))
    for item, of_item in events.items():
        holder, held_until = "", datetime.min.replace(tzinfo=UTC)
        for at, who, until in sorted(of_item, key=lambda one: one[0]):
            if until is not None:
                if at < held_until and holder != who:
                    found.append(f"item {item} was given to {who} at {at} while {holder} held it")
                holder, held_until = who, until
            else:
                if holder and (holder != who or at >= held_until):
                    found.append(f"item {item} was answered by {who} at {at} on a lease that was not held")
                holder, held_until = "", at
    return found


@contextmanager
def place(folder: Path) -> Iterator[str]:
    """An empty database of the kind that is asked for."""
    server = os.environ.get("BEARBOT_TEST_DATABASE_URL")
    if server is None:
        yield f"sqlite:///{folder / 'review.db'}"
        return
    with Server.prepared(server, folder) as prepared, prepared.new_database() as url:
        yield url


@click.command()
@click.option("--seconds", type=float, default=60, show_default=True)
@click.option("--reviewers", type=click.IntRange(min=1), default=8, show_default=True)
@click.option("--intakes", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--kills", is_flag=True, help="Kill one of the processes each second.")
def main(seconds: float, reviewers: int, intakes: int, kills: bool) -> None:
    """Many processes at one queue; the exit status is 1 if a promise was broken.

    \b
    Example:
      python tests/review/stress.py --seconds 60 --kills
    """
    with tempfile.TemporaryDirectory() as name, place(Path(name)) as url:
        report = stress(url, Path(name), seconds=seconds, reviewers=reviewers, intakes=intakes, kills=kills)
    click.echo(
        f"{report.claims} claims, {report.verdicts} verdicts, {report.refused_late} late answers refused, "
        f"{report.submissions} submissions, {report.kills} kills; waits p99 {report.p99_ms} ms, "
        f"slowest {report.slowest_ms} ms"
    )
    for violation in report.violations:
        click.echo(f"BROKEN: {violation}")
    sys.exit(bool(report.violations))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--act"]:
        role, where, who, file = sys.argv[2:]
        with Path(file).open("w") as opened:
            ROLES[role](where, who, Log(opened), random.Random(who))
    else:
        main()
