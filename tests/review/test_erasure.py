"""Whatever a person gave goes, and nothing that others gave; what people decided stays."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, inspect, select

from model.serving import Prediction
from review import claims, erasure, items, judging
from review.arrival import ReceivedPhoto
from review.backups import backup
from review.database import Database
from review.erased_keys import ERASED
from review.errors import NotFound
from review.limits import Refusal
from review.outbox import OutboxKind, Recipient, enqueue
from review.people import reviewer_for_telegram
from review.scrubbing import Scrubbed, scrub
from review.statistics import gather
from review.tables import (
    Asker,
    Claim,
    Image,
    InboxUpdate,
    ItemStatus,
    OutboxMessage,
    PredictionRecord,
    RetrainingRun,
    ReviewItem,
    Submission,
    Verdict,
    VerdictKind,
)

pytestmark = pytest.mark.anyio

ADA, BO = 7_100_000_071, 7_200_000_072
SECRETS = (str(ADA), "Ada Lovelace", "file-of-ada", "album-of-ada")


@pytest.fixture
def erase(house: Any) -> Callable[..., erasure.Erased]:
    def run(person: int = ADA, **more: Any) -> erasure.Erased:
        with house.database.write() as session:
            done = erasure.erase_person(session, person, **more)
        erasure.remove_photos(house.database, house.images, house.features, done.photos)
        return done

    return run


async def from_ada(house: Any, number: int, says: Prediction | None, **more: Any) -> Any:
    return await house.receive(
        number,
        says,
        **{
            "chat": ADA,
            "telegram_user_id": ADA,
            "file_unique_id": f"file-of-ada-{number}",
            "album": "album-of-ada" if number > 90 else None,
            **more,
        },
    )


async def from_bo(house: Any, number: int, says: Prediction | None, message: int = 900) -> Any:
    return await house.receive(number, says, chat=BO, message=message, telegram_user_id=BO, file_unique_id=None)


def remember_update(database: Database, now: datetime, update_id: int, **more: Any) -> None:
    with database.write() as session:
        payload = {"message": {"from": {"id": ADA, "first_name": "Ada Lovelace"}, "text": "hi"}}
        session.add(
            InboxUpdate(
                **{
                    "update_id": update_id,
                    "chat_id": ADA,
                    "user_id": ADA,
                    "payload": json.dumps(payload),
                    "received_at": now,
                    "next_attempt_at": now,
                    "attempts": 0,
                    **more,
                }
            )
        )


def rows(database: Database, table: type[Any]) -> list[Any]:
    with database.read() as session:
        return list(session.scalars(select(table).order_by(*inspect(table).primary_key)))


def settle(house: Any, now: datetime, item: int, label: str) -> None:
    with house.database.write() as session:
        reviewer = reviewer_for_telegram(session, 4, name="mo", now=now)
        judging.settle(session, item, reviewer, kind=VerdictKind.LABEL, label=label, now=now)


async def test_nothing_of_a_person_is_left(
    house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    answered = await from_ada(house, 1, predict("teddy", 0.99))
    settled = await from_ada(house, 2, predict("black", 0.5))
    opened = await from_ada(house, 3, None)
    settle(house, now, settled.item_id, "grizzly")
    with house.database.write() as session:
        claims.dispute(
            session,
            session.get_one(Submission, answered.submission_id),
            label="black",
            source_key=f"tap:{ADA}",
            now=now,
        )
    remember_update(house.database, now, 1)
    remember_update(house.database, now, 2, chat_id=-100, handled_at=now)
    theirs = await from_bo(house, 4, predict("teddy", 0.99))

    done = erase()

    assert done.submissions == 3
    assert len(done.photos) == 3
    assert [asker.telegram_user_id for asker in rows(house.database, Asker)] == [BO]
    assert {message.chat_id for message in rows(house.database, OutboxMessage)} == {BO}
    assert rows(house.database, Claim) == []
    assert [record.submission_id for record in rows(house.database, PredictionRecord)] == [theirs.submission_id]
    assert all(not house.images.exists(photo) for photo in done.photos)
    assert not [path for photo in done.photos for path in Path(house.features._root).rglob(f"{photo}*")]
    assert len(rows(house.database, Image)) == 1
    for update in rows(house.database, InboxUpdate):
        assert (update.chat_id, update.user_id, update.payload) == (0, None, "{}")
        assert update.handled_at is not None, "or it would be handled without its words"
    for submission in rows(house.database, Submission):
        if submission.id != theirs.submission_id:
            assert (submission.asker_id, submission.chat_id, submission.message_id) == (None, None, None)
            assert (submission.file_unique_id, submission.image_sha256) == (None, None)
            assert submission.source_key.startswith(ERASED)
    by_id = {item.id: item for item in rows(house.database, ReviewItem)}
    assert (by_id[settled.item_id].status, by_id[settled.item_id].final_label) == (ItemStatus.SETTLED, "grizzly")
    assert by_id[opened.item_id].status is ItemStatus.WITHDRAWN
    assert len(rows(house.database, Verdict)) == 1
    assert erase() == erasure.Erased(0, ()), "once more: nothing happens"


@pytest.mark.sqlite
async def test_no_file_holds_anything_of_them(
    house: Any, erase: Any, home: Path, predict: Callable[..., Prediction], now: datetime
) -> None:
    """The files themselves are searched: database, write-ahead log, photos, features, and backups once they rotated."""
    for number in range(1, 40):
        await from_ada(house, number, predict("teddy", 0.99))
        await from_bo(house, 100 + number, predict("teddy", 0.99), message=number)
        remember_update(house.database, now, number)
        remember_update(house.database, now, 1000 + number, chat_id=BO, user_id=BO, payload="{}", handled_at=now)
    backup(house.database, home / "backups", keep=1)
    assert occurrences(home, *SECRETS), "the search finds them before"
    photos = [image.sha256 for image in rows(house.database, Image)]
    before = len(house_files(home))
    done = erase()
    assert scrub(house.database) is Scrubbed.CLEAN
    backup(house.database, home / "backups", keep=1)
    assert occurrences(home, *SECRETS, *done.photos) == []
    assert occurrences(home, *(set(photos) - set(done.photos))), "Bo's are still there"
    assert len(house_files(home)) == before - 2 * len(done.photos)


def house_files(home: Path) -> list[Path]:
    return [path for folder in ("images", "models") for path in (home / folder).rglob("*.*") if path.name[0] != "."]


def occurrences(home: Path, *words: str) -> list[str]:
    return [
        f"{word} in {path}"
        for path in home.rglob("*")
        if path.is_file()
        for word in words
        if word.encode() in path.read_bytes() or word in path.name
    ]


async def test_figures_are_the_same_before_and_after(
    house: Any, audited_house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    for number, (label, final) in enumerate([("black", "black"), ("black", "grizzly")], start=1):
        settle(house, now, (await from_ada(house, number, predict(label, 0.5))).item_id, final)
    settle(house, now, (await from_ada(house, 3, None)).item_id, "teddy")
    settle(house, now, (await from_ada(audited_house, 4, predict("teddy", 0.99))).item_id, "teddy")
    await from_ada(house, 5, predict("teddy", 0.99))
    await from_bo(house, 6, predict("teddy", 0.99))
    with house.database.read() as session:
        before = gather(session, now)
    assert (before.answered_alone, before.agreement_in_review.total, before.agreement_in_audit.total) == (3, 2, 1)
    erase()
    with house.database.read() as session:
        assert gather(session, now) == before


async def test_what_others_sent_as_well_passes_on_to_the_oldest_of_them(
    house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    first = await from_ada(house, 1, predict("black", 0.5))
    await from_ada(house, 1, predict("black", 0.5), message=2)
    heir = await from_bo(house, 1, None, message=3)
    last = await from_bo(house, 1, None, message=4)
    assert heir.item_id == last.item_id == first.item_id
    done = erase()
    assert done.photos == ()
    with house.database.read() as session:
        shown = items.view(session, first.item_id)
        assert (shown.submission, shown.status) == (heir.submission_id, ItemStatus.OPEN)
        assert shown.image_sha256 is not None
        assert house.images.exists(shown.image_sha256)
        assert shown.probabilities is not None
        assert session.get_one(Submission, heir.submission_id).repeats_id is None
        assert session.get_one(Submission, last.submission_id).repeats_id == heir.submission_id
    settle(house, now, first.item_id, "grizzly")
    told = [row for row in rows(house.database, OutboxMessage) if row.kind == OutboxKind.HUMAN_ANSWER]
    assert [row.chat_id for row in told] == [BO]
    assert erase(BO).photos == (shown.image_sha256,), "nobody is left who sent it"


async def test_a_photo_that_the_model_looks_at_is_not_recorded_any_more(
    house: Any, erase: Any, predict: Callable[..., Prediction], picture: Callable[[int], bytes], now: datetime
) -> None:
    remember_update(house.database, now, 5)
    judge = house.model.predict

    async def erased_meanwhile(picture: Any) -> Prediction | None:
        erase()
        said: Prediction | None = await judge(picture)
        return said

    house.model.predict = erased_meanwhile
    house.model.says = predict("teddy", 0.99)
    photo = received(picture(1), update_id=5)
    result = await house.intake.receive(photo)
    assert result.refusal is Refusal.WITHDRAWN
    assert rows(house.database, Submission) == []
    assert rows(house.database, Asker) == []
    assert rows(house.database, OutboxMessage) == []
    assert list(Path(house.images.root).rglob("*.jpg")) == []
    assert list(Path(house.features._root).rglob("*.npy")) == []
    house.model.predict = judge
    assert (await house.intake.receive(photo)).refusal is Refusal.WITHDRAWN, "a replay is refused as well"


@pytest.mark.parametrize("data", [b"no picture", b""])
async def test_nor_are_they_told_that_it_was_no_picture(house: Any, erase: Any, now: datetime, data: bytes) -> None:
    remember_update(house.database, now, 5)
    erase()
    await house.intake.receive(received(data, update_id=5))
    assert rows(house.database, OutboxMessage) == []


def received(data: bytes, **more: Any) -> ReceivedPhoto:
    return ReceivedPhoto(
        **{
            "source_key": f"telegram:{ADA}:1",
            "source": "telegram",
            "data": data,
            "recipient": Recipient(ADA, None, 1),
            "telegram_user_id": ADA,
            **more,
        }
    )


async def test_a_photo_whose_file_goes_while_another_sends_it_comes_again(
    house: Any, erase: Any, predict: Callable[..., Prediction]
) -> None:
    await from_ada(house, 1, predict("teddy", 0.99))
    judge = house.model.predict

    async def erased_meanwhile(picture: Any) -> Prediction | None:
        erase()
        said: Prediction | None = await judge(picture)
        return said

    house.model.predict = erased_meanwhile
    with house.database.write() as session:  # a later model: the photo is judged anew
        for record in session.scalars(select(PredictionRecord)):
            record.model_version = "v0"
    with pytest.raises(OSError, match="come again"):
        await from_bo(house, 1, predict("teddy", 0.99))
    house.model.predict = judge
    again = await from_bo(house, 1, predict("teddy", 0.99))
    with house.database.read() as session:
        assert house.images.exists(session.get_one(Submission, again.submission_id).image_sha256)


async def test_in_groups_their_part_goes_and_that_of_others_stays(
    house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    theirs = await from_ada(house, 1, predict("teddy", 0.99), chat=-100)
    await from_ada(house, 92, predict("teddy", 0.99), chat=-100)
    kept = await house.receive(2, predict("black", 0.5), chat=-100, telegram_user_id=BO)
    same = await house.receive(3, None, chat=-100, telegram_user_id=BO, recipient=Recipient(-100, None, 1))
    with house.database.write() as session:
        enqueue(
            session,
            kind=OutboxKind.EXPLANATION,
            parameters={"submission": theirs.submission_id},
            recipient=Recipient(-100, None, 555),
            dedupe_key="why:1",
            now=now,
        )
    assert len(rows(house.database, OutboxMessage)) == 5
    erase()
    left = {row.dedupe_key for row in rows(house.database, OutboxMessage)}
    assert left == {f"reply:{kept.submission_id}", f"reply:{same.submission_id}"}, (
        "also of a photo that both asked about"
    )


async def test_who_is_blocked_stays_so_and_nothing_else_is_kept(
    house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    await from_ada(house, 1, predict("teddy", 0.99))
    with house.database.write() as session:
        asker = session.scalars(select(Asker)).one()
        asker.blocked_at, asker.admitted_at, asker.chosen_language = now + timedelta(days=1), now, "de"
    erase()
    (asker,) = rows(house.database, Asker)
    assert (asker.telegram_user_id, asker.blocked_at) == (ADA, now + timedelta(days=1))
    assert (asker.language, asker.chosen_language, asker.admitted_at, asker.created_at) == (
        None,
        None,
        None,
        asker.blocked_at,
    )


async def test_reviewers_keep_their_name_and_what_they_said(
    house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    item = (await from_bo(house, 1, predict("black", 0.5))).item_id
    with house.database.write() as session:
        ada = reviewer_for_telegram(session, ADA, name="Ada", now=now)
        judging.settle(session, item, ada, kind=VerdictKind.LABEL, label="black", now=now)
    erase()
    with house.database.read() as session:
        assert items.view(session, item).settled_by == "Ada"


async def test_an_item_without_its_photo_is_not_opened_again(
    house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime, at: Any
) -> None:
    item = (await from_ada(house, 1, predict("black", 0.5))).item_id
    at.say("mo", item, VerdictKind.LABEL, "black")
    erase()
    at.undo("mo")
    assert at.view(item).status is ItemStatus.WITHDRAWN
    with pytest.raises(NotFound, match="its photo was deleted"):
        at.say("mo", item, VerdictKind.LABEL, "black")


async def test_retrainings_forget_them(
    house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    await from_ada(house, 1, predict("black", 0.5))
    await from_ada(house, 2, predict("black", 0.5))
    await from_bo(house, 2, None)
    with house.database.write() as session:
        asker = session.scalar(select(Asker.id).where(Asker.telegram_user_id == ADA))
        shas = list(session.scalars(select(Image.sha256).order_by(Image.created_at, Image.byte_size)))
        alone, shared = sorted(
            shas,
            key=lambda sha: (
                session.scalar(select(func.count()).select_from(Submission).where(Submission.image_sha256 == sha)) or 0
            ),
        )
        photos = [
            {"sha256": sha, "label": "black", "group": group, "sampled": False}
            for sha, group in ((alone, f"asker-{asker}"), (shared, f"asker-{asker}"), ("f" * 64, "asker-99"))
        ]
        session.add_all(
            [RetrainingRun(started_at=now, snapshot={"photos": photos, "foreign_labels": 0}) for _ in range(2)]
        )
        session.add(RetrainingRun(started_at=now))
    erase()
    for run in rows(house.database, RetrainingRun)[:2]:
        assert run.snapshot == {"photos": [{**photos[1], "group": "erased"}, photos[2]], "foreign_labels": 0}


def test_whoever_never_sent_anything_has_no_waiting_updates_either(house: Any, erase: Any, now: datetime) -> None:
    remember_update(house.database, now, 1)
    remember_update(house.database, now, 2)
    quoted = json.dumps({"message": {"reply_to_message": {"from": {"id": ADA, "first_name": "Ada Lovelace"}}}})
    remember_update(house.database, now, 3, chat_id=BO, user_id=BO, payload=quoted, set_aside_at=now)
    remember_update(house.database, now, 4, chat_id=BO, user_id=BO, payload=json.dumps({"id": 10 * ADA}))
    erase(besides_update=2)
    found = {row.update_id: row for row in rows(house.database, InboxUpdate)}
    assert [row.payload == "{}" for row in found.values()] == [True, False, True, False]
    assert found[2].handled_at is None, "it is being handled"
    with house.database.write() as session:
        erasure.forget_update(session, 2, now)
    (row,) = [row for row in rows(house.database, InboxUpdate) if row.update_id == 2]
    assert (row.payload, row.user_id, row.chat_id, row.handled_at) == ("{}", None, 0, now)


async def test_many_photos_go_in_one_transaction(
    house: Any, erase: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    """More than the parameters of one statement."""
    await from_ada(house, 1, predict("teddy", 0.99))
    with house.database.write() as session:
        asker = session.scalars(select(Asker.id)).one()
        for number in range(2, 1203):
            session.add(
                Submission(source_key=f"k{number}", source="telegram", asker_id=asker, chat_id=ADA, submitted_at=now)
            )
    assert erase().submissions == 1202
