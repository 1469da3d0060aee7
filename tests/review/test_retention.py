"""What is too old goes, a little at a time; what somebody still waits for stays; figures stay."""

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, text

from bot.cli import bearbot
from model.serving import Prediction
from review import erasure
from review.admission import invite
from review.clock import utc_now
from review.database import Database
from review.outbox import OutboxKind
from review.overdue import open_since, tell_overdue
from review.retention import Retention, Sweep, Swept
from review.scrubbing import Scrubbed, fold_log, scrub
from review.statistics import gather
from review.tables import Asker, Image, InboxUpdate, Invitation, OutboxMessage, Submission, VerdictKind

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
MONTH = Retention(photos=30 * DAY, messages=10 * DAY)


def rows(database: Database, table: type[Any]) -> list[Any]:
    with database.read() as session:
        return list(session.scalars(select(table)))


def sweep(house: Any, now: datetime, retention: Retention = MONTH, *, dry_run: bool = False) -> Swept:
    return Sweep(house.database, house.images, house.features, retention, dry_run=dry_run).run(now)


async def test_photos_that_wait_for_nobody_go_when_they_are_old(
    house: Any, predict: Callable[..., Prediction], now: datetime, at: Any
) -> None:
    answered = await house.receive(1, predict("teddy", 0.99), sent_at=now)
    settled = await house.receive(2, predict("black", 0.5), sent_at=now)
    waiting = await house.receive(3, predict("black", 0.5), sent_at=now)
    again = await house.receive(3, None, message=30, telegram_user_id=6, chat=6, sent_at=now)
    young = await house.receive(4, predict("teddy", 0.99), sent_at=now)
    with house.database.write() as session:
        for submission in session.scalars(select(Submission).where(Submission.id != young.submission_id)):
            submission.submitted_at = now - 31 * DAY
        for asker in session.scalars(select(Asker)):
            asker.created_at = now - 31 * DAY
    at.say("mo", settled.item_id, VerdictKind.LABEL, "grizzly")
    with house.database.read() as session:
        before = gather(session, now)
    assert sweep(house, now, Retention()) == Swept(), "by default photos stay"
    planned = sweep(house, now, dry_run=True)
    assert planned.photos == 2
    assert len(rows(house.database, Image)) == 4, "that was only a plan"
    assert sweep(house, now) == planned
    with house.database.read() as session:
        left = set(session.scalars(select(Submission.id).where(Submission.image_sha256.is_not(None))))
        assert gather(session, now) == before
    assert left == {waiting.submission_id, again.submission_id, young.submission_id}
    assert answered.submission_id not in left
    assert len(list(Path(house.images.root).rglob("*.jpg"))) == len(rows(house.database, Image)) == 2
    assert sweep(house, now) == Swept(), "once more: nothing is left to do"
    at.say("mo", waiting.item_id, VerdictKind.LABEL, "grizzly")
    done = sweep(house, now)
    assert (done.photos, done.askers) == (2, 1)
    assert [asker.telegram_user_id for asker in rows(house.database, Asker)] == [5]


async def test_a_sweep_that_was_cut_off_goes_on(house: Any, predict: Callable[..., Prediction], now: datetime) -> None:
    """Killed after the commit and before the files were removed."""
    for number in (1, 2):
        await house.receive(number, predict("teddy", 0.99))
    with house.database.write() as session:
        erasure.erase_person(session, 5)
    assert len(list(Path(house.images.root).rglob("*.jpg"))) == 2
    assert sweep(house, now, Retention(), dry_run=True).files == 2
    assert sweep(house, now, Retention()).files == 2
    assert list(Path(house.images.root).rglob("*.jpg")) == []
    assert list(Path(house.features._root).rglob("*.npy")) == []
    assert rows(house.database, Image) == []
    assert sweep(house, now, Retention()) == Swept()


async def test_files_that_no_row_refers_to_go_later_and_only_those_of_this_database(
    house: Any, predict: Callable[..., Prediction], picture: Callable[[int], bytes], now: datetime
) -> None:
    await house.receive(1, predict("teddy", 0.99))
    ages = {2: 40 * DAY, 3: DAY, 4: 400 * DAY}
    paths = {number: house.images.path(house.images.put(picture(number))) for number in ages}
    for number, age in ages.items():
        os.utime(paths[number], times=((now - age).timestamp(),) * 2)
    with house.database.write() as session:
        session.scalars(select(Image)).one().created_at = now - 100 * DAY
    assert sweep(house, now).files == 1
    assert [number for number, path in paths.items() if path.exists()] == [3, 4]
    assert len(list(Path(house.images.root).rglob("*.jpg"))) == 3


async def test_messages_and_updates_go_when_they_are_done_and_old(house: Any, now: datetime) -> None:
    old, young = now - 11 * DAY, now - DAY
    with house.database.write() as session:
        for number, (sent, abandoned) in enumerate([(old, None), (None, old), (None, None), (young, None)]):
            session.add(message(number, old, sent_at=sent, abandoned_at=abandoned))
        for number, (handled, aside) in enumerate([(old, None), (None, old), (None, None), (young, None)]):
            session.add(
                InboxUpdate(
                    update_id=number,
                    chat_id=1,
                    payload="{}",
                    received_at=old,
                    next_attempt_at=old,
                    attempts=0,
                    handled_at=handled,
                    set_aside_at=aside,
                )
            )
        invite(session, "old", uses=1, lasts=DAY, now=old)
        invite(session, "young", uses=1, lasts=DAY, now=now)
    swept = sweep(house, now)
    assert (swept.messages, swept.updates, swept.invitations) == (2, 2, 1)
    assert [row.dedupe_key for row in rows(house.database, OutboxMessage)] == ["2", "3"]
    assert [row.update_id for row in rows(house.database, InboxUpdate)] == [2, 3]
    assert len(rows(house.database, Invitation)) == 1


def message(number: int, now: datetime, **more: Any) -> OutboxMessage:
    return OutboxMessage(
        **{
            "dedupe_key": str(number),
            "kind": "failed",
            "parameters": {},
            "chat_id": 1,
            "created_at": now,
            "next_attempt_at": now,
            "attempts": 0,
            **more,
        }
    )


async def test_whoever_waits_too_long_is_told_once(
    house: Any, audited_house: Any, predict: Callable[..., Prediction], now: datetime, at: Any
) -> None:
    waits = await house.receive(1, predict("black", 0.5))
    same_chat = await house.receive(1, None, message=11)
    other = await house.receive(1, None, message=12, chat=6, telegram_user_id=6)
    audited = await audited_house.receive(2, predict("teddy", 0.99))
    disputed = await audited_house.receive(3, predict("teddy", 0.99))
    blocked = await house.receive(4, predict("black", 0.5), telegram_user_id=9, chat=9)
    with house.database.write() as session:
        session.scalars(select(Asker).where(Asker.telegram_user_id == 9)).one().blocked_at = now
    at.asker_says(disputed.submission_id, "black")
    assert tell(house, now + DAY - timedelta(seconds=1)) == 0
    assert tell(house, now + DAY) == 3
    assert tell(house, now + 40 * DAY) == 0
    told = [row for row in rows(house.database, OutboxMessage) if row.kind == OutboxKind.OVERDUE]
    assert {row.dedupe_key for row in told} == {f"overdue:{one.submission_id}" for one in (waits, other, disputed)}, (
        "not the same chat twice, nobody who has an answer, nobody who is blocked"
    )
    assert (told[0].reply_to_message_id, told[0].parameters) == (1, {"seconds": 86_400})
    with house.database.write() as session:
        for row in session.scalars(select(OutboxMessage)):
            row.sent_at = now
    sweep(house, now + 40 * DAY)
    assert tell(house, now + 40 * DAY) == 0, "messages are forgotten, but not that they were told"
    at.say("mo", waits.item_id, VerdictKind.LABEL, "black")
    sweep(house, now + 40 * DAY)
    kept = [row.dedupe_key for row in rows(house.database, OutboxMessage) if row.kind == OutboxKind.OVERDUE]
    assert kept == [f"overdue:{disputed.submission_id}"]
    assert {same_chat.item_id, audited.item_id, blocked.item_id} - {None}


def tell(house: Any, now: datetime) -> int:
    with house.database.write() as session:
        items = open_since(session, now - DAY, begin=0, limit=100)
        return tell_overdue(session, items, after=DAY, now=now)


async def test_open_items_come_in_pages(house: Any, predict: Callable[..., Prediction], now: datetime) -> None:
    found = [(await house.receive(number, predict("black", 0.5))).item_id for number in range(1, 6)]
    with house.database.read() as session:
        assert list(open_since(session, now, begin=found[1], limit=2)) == found[2:4]
        assert list(open_since(session, now - DAY, begin=0, limit=2)) == []


@pytest.mark.sqlite
def test_deleted_rows_leave_no_trace_after_a_scrub(house: Any, now: datetime) -> None:
    database = house.database
    with database.write() as session:
        for number in range(400):
            session.add(message(number, now, error=f"trace-of-{number} " + "x" * (number * 7 % 900)))
    with database.write() as session:
        for number in range(0, 400, 3):
            session.execute(delete(OutboxMessage).where(OutboxMessage.dedupe_key == str(number)))
        erasure.erase_person(session, 77)
    assert scrub(database, longest_bytes=10) is Scrubbed.TOO_LARGE
    reading = Database(database.url)
    with reading.read() as session:
        session.execute(text("SELECT count(*) FROM outbox")).all()
        with database.write() as other:
            erasure.erase_person(other, 78)
        assert not fold_log(database), "a reader keeps the log"
        assert scrub(database) is Scrubbed.BUSY
    assert scrub(database) is Scrubbed.CLEAN
    assert database.file is not None
    stored = database.file.read_bytes()
    assert Path(f"{database.file}-wal").stat().st_size == 0
    for number in range(400):
        assert (f"trace-of-{number} ".encode() in stored) == (number % 3 != 0)
    with database.read() as session:
        assert session.scalar(text("PRAGMA user_version")) == 0
    reading.dispose()


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("REVIEW_RETENTION_DAYS", "30")
    return lambda *arguments: CliRunner().invoke(bearbot, ["db", "sweep", *arguments])


@pytest.mark.parametrize("key", ["REVIEW_RETENTION_DAYS", "REVIEW_MESSAGES_DAYS"])
def test_more_days_than_there_ever_were_are_refused(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(key, "36500")
    assert run().exit_code == 0
    monkeypatch.setenv(key, "36501")
    refused = run()
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"error: {key}: ")
    assert "36500" in refused.stderr.replace(",", "")


async def test_the_command(house: Any, run: Callable[..., Any], predict: Callable[..., Prediction]) -> None:
    assert run().stdout == "nothing is too old\n"
    await house.receive(1, predict("teddy", 0.99))
    with house.database.write() as session:
        session.scalars(select(Submission)).one().submitted_at = utc_now() - 31 * DAY
    planned = run("--dry-run")
    assert (planned.exit_code, planned.stdout) == (0, "would sweep 1 photo\n")
    assert len(rows(house.database, Image)) == 1
    assert run("--json").stdout == (
        '{"photos": 1, "askers": 0, "messages": 0, "updates": 0, "invitations": 0, "files": 0, "dry_run": false}\n'
    )
    assert rows(house.database, Image) == []


def test_the_command_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path / "none"))
    done = CliRunner().invoke(bearbot, ["db", "sweep"])
    assert done.exit_code == 1
    assert "there is no database" in done.stderr


@pytest.mark.slow
def test_very_many_rows_are_swept_in_small_steps(house: Any, now: datetime) -> None:
    old = (now - 40 * DAY).strftime("%Y-%m-%d %H:%M:%S.%f")
    with house.database.write() as session:
        session.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
                "INSERT INTO outbox (dedupe_key, kind, parameters, chat_id, created_at, next_attempt_at, attempts, "
                "sent_at) SELECT 'k' || i, 'failed', '{}', i, :old, :old, 1, :old FROM n"
            ),
            {"old": old},
        )
    longest = 0.0
    began = time.perf_counter()

    def pause() -> None:
        nonlocal longest, began
        longest, began = max(longest, time.perf_counter() - began), time.perf_counter()

    swept = Sweep(house.database, house.images, house.features, MONTH, pause=pause).run(now)
    assert swept.messages == 100_000
    assert longest < 1.0, "whoever answers people waits that long at most"
