"""Everything about one person and nothing about anybody else, in files that Telegram takes."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from model.serving import Prediction
from review import claims, judging
from review.export import Export, write_export
from review.outbox import OutboxKind, Recipient, enqueue
from review.people import reviewer_for_telegram
from review.tables import Asker, Image, InboxUpdate, Submission, VerdictKind

pytestmark = pytest.mark.anyio

ADA, BO = 7_100_000_071, 7_200_000_072


def export(house: Any, person: int = ADA, **more: Any) -> tuple[Export, dict[str, Any] | None, dict[str, bytes]]:
    file = io.BytesIO()
    with house.database.read() as session:
        done = write_export(session, house.images, person, file, **more)
    if not done.parts:
        assert file.getvalue() == b""
        return done, None, {}
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        data = json.loads(archive.read("data.json")) if "data.json" in names else None
        return done, data, {name: archive.read(name) for name in names if name != "data.json"}


async def from_ada(house: Any, number: int, says: Prediction | None, **more: Any) -> Any:
    return await house.receive(number, says, **{"chat": ADA, "telegram_user_id": ADA, **more})


async def test_everything_of_one_person_and_nothing_of_another(
    house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    answered = await from_ada(house, 1, predict("teddy", 0.99))
    settled = await from_ada(house, 2, predict("black", 0.5))
    shared = await from_ada(house, 3, None, chat=-100, message=3)
    others = await house.receive(3, None, message=4, chat=BO, telegram_user_id=BO)
    await house.receive(4, predict("black", 0.99), chat=BO, telegram_user_id=BO)
    with house.database.write() as session:
        mo = reviewer_for_telegram(session, BO, name="Mo", now=now)
        judging.settle(session, settled.item_id, mo, kind=VerdictKind.LABEL, label="grizzly", now=now)
        for accepted, person in ((answered, ADA), (others, BO)):
            submission = session.get_one(Submission, accepted.submission_id)
            claims.dispute(session, submission, label="black", source_key=f"{person}", now=now)
        enqueue(
            session,
            kind=OutboxKind.HUMAN_ANSWER,
            parameters={"submission": shared.submission_id, "label": "black"},
            recipient=Recipient(-100),
            dedupe_key="in the group",
            now=now,
        )
        enqueue(
            session,
            kind=OutboxKind.EXPLANATION,
            parameters={"submission": shared.submission_id},
            recipient=Recipient(BO),  # a moderator asked why, in a chat of their own
            dedupe_key="in another's chat",
            now=now,
        )
        session.add(
            InboxUpdate(
                update_id=5,
                chat_id=ADA,
                user_id=ADA,
                payload='{"message": {"from": {"first_name": "Mo"}}}',
                received_at=now,
                next_attempt_at=now,
                attempts=0,
            )
        )
    done, data, photos = export(house)
    assert done == Export(1, 1)
    assert data is not None
    assert data["you"]["telegram_user_id"] == ADA
    assert [one["number"] for one in data["photos"]] == [
        answered.submission_id,
        settled.submission_id,
        shared.submission_id,
    ]
    assert [(one["people"] or {}).get("label") for one in data["photos"]] == [None, "grizzly", None]
    assert data["photos"][0]["model"]["probabilities"]["teddy"] == 0.99
    assert [one["label"] for one in data["what_you_said_of_answers"]] == ["black"]
    assert "in_review" in {one["kind"] for one in data["what_you_were_told"]}
    assert [one["chat_id"] for one in data["what_you_were_told"]].count(-100) == 1
    assert len(data["messages_in_work"]) == 1
    assert "you_as_a_reviewer" not in data
    assert len(photos) == 3
    words = json.dumps(data)
    for other in (str(BO), "Mo", "u4"):
        assert other not in words
    _, theirs, _ = export(house, BO)
    assert theirs is not None
    assert (theirs["you_as_a_reviewer"]["name"], len(theirs["what_you_decided"])) == ("Mo", 1)
    assert str(ADA) not in json.dumps(theirs)


async def test_of_a_stranger_nothing_is_kept(house: Any, predict: Callable[..., Prediction]) -> None:
    await house.receive(4, predict("black", 0.99), chat=BO, telegram_user_id=BO)
    assert export(house) == (Export(1, 0), None, {})


async def test_many_photos_come_in_parts_that_stay_the_same(house: Any, predict: Callable[..., Prediction]) -> None:
    for number in range(1, 6):
        await from_ada(house, number, predict("teddy", 0.99))
    await from_ada(house, 1, None, message=99)
    with house.database.read() as session:
        size = max(session.scalars(select(Image.byte_size)))
    parts = [export(house, part=number, max_bytes=2 * size) for number in (1, 2, 3, 4)]
    assert [done.parts for done, _, _ in parts] == [3, 3, 3, 3]
    assert [len(photos) for _, _, photos in parts] == [2, 2, 1, 0], "each photo once, whatever was sent again"
    assert [data is not None for _, data, _ in parts] == [True, False, False, False]
    for number in (6, 7):
        await from_ada(house, number, predict("teddy", 0.99))
    assert export(house, part=2, max_bytes=2 * size)[2] == parts[1][2]
    assert len(export(house, max_bytes=1)[2]) == 1, "a photo larger than a part has one of its own"


async def test_a_photo_whose_file_is_lost_is_named(house: Any, predict: Callable[..., Prediction]) -> None:
    accepted = await from_ada(house, 1, predict("teddy", 0.99))
    with house.database.read() as session:
        house.images.delete(session.get_one(Submission, accepted.submission_id).image_sha256)
    assert list(export(house)[2]) == [f"photos/{accepted.submission_id}-is-missing.txt"]


async def test_memory_stays_flat(house: Any, predict: Callable[..., Prediction], now: datetime, tmp_path: Any) -> None:
    await from_ada(house, 1, predict("teddy", 0.99))

    def peak() -> int:
        tracemalloc.start()
        with house.database.read() as session, (tmp_path / "out.zip").open("wb") as file:
            write_export(session, house.images, ADA, file)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak()
    with house.database.write() as session:
        asker = session.scalars(select(Asker.id)).one()
        session.add_all(
            Submission(source_key=f"k{n}", source="telegram", asker_id=asker, chat_id=ADA, submitted_at=now)
            for n in range(600)
        )
    few = peak()
    with house.database.write() as session:
        session.add_all(
            Submission(source_key=f"l{n}", source="telegram", asker_id=asker, chat_id=ADA, submitted_at=now)
            for n in range(6000)
        )
    assert peak() < 1.3 * few


async def test_who_never_sent_a_photo_gets_nothing_of_those_who_sent_one_without_a_name(
    house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    nameless = await house.receive(1, predict("black", 0.99), chat=-100, telegram_user_id=None)
    with house.database.write() as session:
        submission = session.get_one(Submission, nameless.submission_id)
        claims.dispute(session, submission, label="teddy", source_key="tap", now=now)
        reviewer_for_telegram(session, ADA, name="Ada", now=now)
    _, data, _ = export(house)
    assert data is not None
    assert (data["photos"], data["what_you_said_of_answers"], data["what_you_were_told"]) == ([], [], [])
