"""What showed a photo to moderators leaves their chats when the photo is deleted, and only then."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from model.serving import Prediction
from review import erasure, showings
from review.database import Database
from review.outbox import OutboxKind, Recipient, Sent, due, enqueue, mark_sent
from review.retention import Retention, Sweep
from review.tables import OutboxMessage, VerdictKind

pytestmark = pytest.mark.anyio

ADA, BO, MO = 71, 72, 4


async def sent_by(house: Any, person: int, number: int, says: Prediction | None) -> Any:
    return await house.receive(number, says, chat=person, telegram_user_id=person, message=person + number)


def show_card(database: Database, item: int, message: int, now: datetime) -> None:
    with database.write() as session:
        showings.note_card(session, item, Recipient(MO, language="de"), message, now)


def show_sheet(database: Database, submission: int, message: int | None, now: datetime, chat: int = MO) -> int:
    """Told as `message` of the chat; None: yet to be told."""
    with database.write() as session:
        key = f"why:{chat}:{submission}:{message}"
        parameters = {"submission": submission}
        enqueue(
            session,
            kind=OutboxKind.EXPLANATION,
            parameters=parameters,
            recipient=Recipient(chat),
            dedupe_key=key,
            now=now,
        )
        number = session.scalars(select(OutboxMessage.id).where(OutboxMessage.dedupe_key == key)).one()
        if message is not None:
            mark_sent(session, [Sent(number, message, now)])
        return number


def erase(house: Any, person: int) -> None:
    with house.database.write() as session:
        erasure.erase_person(session, person)


def removals(database: Database) -> list[tuple[int, int]]:
    """(chat, message) of all that is to go."""
    with database.read() as session:
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.REMOVAL))
        return sorted((row.chat_id, row.parameters["message"]) for row in rows)


def shown(database: Database) -> list[tuple[str, int | None]]:
    """(kind, message) of what is seen in the moderator's chat."""
    kinds = (OutboxKind.REVIEW_CARD, OutboxKind.EXPLANATION)
    with database.read() as session:
        rows = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.kind.in_(kinds), OutboxMessage.chat_id == MO)
            .order_by(OutboxMessage.id)
        )
        return [(row.kind, row.sent_message_id) for row in rows]


async def test_cards_and_sheets_of_a_person_go_once_and_those_of_others_stay(
    house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    ours, theirs = await sent_by(house, ADA, 1, predict("black", 0.5)), await sent_by(house, BO, 2, None)
    for message, item in ((11, ours.item_id), (12, ours.item_id), (13, theirs.item_id)):
        show_card(house.database, item, message, now)
    show_sheet(house.database, ours.submission_id, 14, now)
    show_sheet(house.database, theirs.submission_id, 15, now)
    show_sheet(house.database, ours.submission_id, 16, now, chat=ADA)  # goes with Ada's other messages, untouched
    for _ in range(2):
        erase(house, ADA)
    assert removals(house.database) == [(MO, 11), (MO, 12), (MO, 14)]
    assert shown(house.database) == [("review_card", 13), ("explanation", 15)]
    with house.database.read() as session:
        first = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.REMOVAL)).first()
        assert first is not None
        assert first.language == "de"
    erase(house, BO)
    assert removals(house.database) == [(MO, 11), (MO, 12), (MO, 13), (MO, 14), (MO, 15)]


async def test_a_card_of_a_photo_that_another_sent_as_well_stays(
    house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    item = (await sent_by(house, ADA, 1, predict("black", 0.5))).item_id
    await sent_by(house, BO, 1, None)
    show_card(house.database, item, 11, now)
    erase(house, ADA)
    assert removals(house.database) == []
    erase(house, BO)
    assert removals(house.database) == [(MO, 11)]


async def test_what_was_being_shown_while_its_photo_was_deleted_goes_at_once(
    house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    ours = await sent_by(house, ADA, 1, predict("black", 0.5))
    sheet = show_sheet(house.database, ours.submission_id, None, now)
    erase(house, ADA)
    assert removals(house.database) == []
    show_card(house.database, ours.item_id, 11, now)
    with house.database.write() as session:
        mark_sent(session, [Sent(sheet, 12, now)])
        showings.note_sheet(session, sheet, now)
        showings.note_sheet(session, sheet, now)
    assert removals(house.database) == [(MO, 11), (MO, 12)]
    assert shown(house.database) == []


async def test_a_sheet_whose_photo_is_kept_stays(house: Any, predict: Callable[..., Prediction], now: datetime) -> None:
    ours = await sent_by(house, ADA, 1, predict("black", 0.5))
    sheet = show_sheet(house.database, ours.submission_id, 12, now)
    with house.database.write() as session:
        showings.note_sheet(session, sheet, now)
    assert removals(house.database) == []


async def test_a_moderator_who_has_their_own_data_deleted_still_loses_the_photos_of_others(
    house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    ours, own = await sent_by(house, ADA, 1, predict("black", 0.5)), await sent_by(house, MO, 2, predict("teddy", 0.9))
    show_card(house.database, ours.item_id, 11, now)
    show_sheet(house.database, ours.submission_id, 12, now)
    show_sheet(house.database, own.submission_id, 13, now)
    erase(house, MO)
    assert shown(house.database) == [("review_card", 11), ("explanation", 12)]
    erase(house, ADA)
    erase(house, MO)
    assert removals(house.database) == [(MO, 11), (MO, 12)]


async def test_where_a_photo_is_seen_is_known_as_long_as_it_is_kept(
    house: Any, at: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    """Messages are forgotten after a month, but what was shown and forgotten could never be taken away."""
    ours = await sent_by(house, ADA, 1, predict("black", 0.5))
    at.say("mo", ours.item_id, VerdictKind.LABEL, "black")
    show_card(house.database, ours.item_id, 11, now)
    show_sheet(house.database, ours.submission_id, 12, now)
    show_sheet(house.database, ours.submission_id, 13, now, chat=ADA)

    def sweep(days: int, photos: timedelta | None) -> None:
        retention = Retention(photos=photos, messages=timedelta(days=30))
        Sweep(house.database, house.images, house.features, retention).run(now + timedelta(days=days))

    sweep(60, None)
    assert shown(house.database) == [("review_card", 11), ("explanation", 12)]
    with house.database.read() as session:
        kept = session.scalars(select(OutboxMessage.sent_message_id).where(OutboxMessage.chat_id == ADA)).all()
    assert 13 not in kept
    sweep(100, timedelta(days=90))
    assert removals(house.database) == [(MO, 11), (MO, 12)]
    with house.database.read() as session:
        assert [message.kind for message in due(session, now + timedelta(days=9000), 9, besides=())][-1] == "removal"


async def test_a_sandbox_that_counts_anew_shows_the_same_item_as_the_same_message(
    house: Any, predict: Callable[..., Prediction], now: datetime
) -> None:
    ours = await sent_by(house, ADA, 1, predict("black", 0.5))
    for _ in range(2):
        show_card(house.database, ours.item_id, 11, now)
    assert shown(house.database) == [("review_card", 11)]
