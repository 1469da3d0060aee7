"""From the outbox to people: in order, quoting, with retries; one chat's trouble is nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from telegram.ext import ExtBot

from bot.catalogue import Catalogue
from bot.delivery import Delivery, Explain
from bot.sandbox.faults import Fault
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review import outbox
from review.clock import utc_now
from review.database import Database
from review.explanations import Unexplained
from review.outbox import OutboxKind, Recipient
from review.storage import LocalImageStore
from review.tables import OutboxMessage

pytestmark = pytest.mark.anyio

NO_PHOTOS = LocalImageStore(Path("no photos"))


async def unasked(_submission_id: int, _words: Catalogue) -> Unexplained:
    return Unexplained.FAILED


@asynccontextmanager
async def delivering(bot: ExtBot[None], database: Database, explain: Explain = unasked) -> AsyncIterator[Delivery]:
    delivery = Delivery(bot, database, NO_PHOTOS, explain)
    loop = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        await delivery.work.finish(5)


def tell(database: Database, chat_id: int, label: str, quote: int | None = None) -> None:
    with database.write() as session:
        outbox.enqueue(
            session,
            kind=OutboxKind.HUMAN_ANSWER,
            parameters={"label": label, "model_label": None, "told": "review"},
            recipient=Recipient(chat_id, None, quote),
            dedupe_key=f"{chat_id}:{label}",
            now=utc_now(),
        )


def row(database: Database, chat_id: int) -> OutboxMessage:
    with database.read() as session:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.chat_id == chat_id)).one()


async def until_sent(database: Database, count: int) -> None:
    def sent() -> int:
        with database.read() as session:
            return len(session.scalars(select(OutboxMessage).where(OutboxMessage.sent_at.is_not(None))).all())

    async with asyncio.timeout(10):
        while await asyncio.to_thread(sent) < count:
            await asyncio.sleep(0.02)


async def started(*people: Person) -> None:
    for person in people:
        await person.send_text("/start")


async def test_messages_arrive_in_order_and_quote(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database
) -> None:
    ana = sandbox.asker
    photo = await ana.send_text("imagine a photo")
    for number in range(5):
        tell(database, ana.chat.id, f"bear {number}", photo.message_id)
    async with delivering(telegram_bot, database):
        for number in range(5):
            said = await ana.expect()
            assert f"bear {number}" in said.words
            assert said.reply_to is not None
            assert said.reply_to.message_id == photo.message_id
        await until_sent(database, 5)


async def test_a_deleted_photo_does_not_keep_the_answer_back(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database
) -> None:
    await started(sandbox.asker)
    tell(database, sandbox.asker.chat.id, "teddy", quote=999_999)
    async with delivering(telegram_bot, database):
        said = await sandbox.asker.expect("teddy")
    assert said.reply_to is None


async def test_a_flooded_chat_waits_and_stops_no_other(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database
) -> None:
    ana, ben = sandbox.asker, sandbox.second_asker
    await started(ana, ben)
    sandbox.faults.add(Fault(method="sendMessage", chat_id=ana.chat.id, status=429, retry_after=3600))
    tell(database, ana.chat.id, "black")
    tell(database, ben.chat.id, "teddy")
    async with delivering(telegram_bot, database):
        await ben.expect("teddy")
        await ana.expect_silence(0.3)
    postponed = row(database, ana.chat.id)
    assert postponed.sent_at is None
    assert postponed.next_attempt_at - utc_now() > timedelta(minutes=50)


async def test_a_server_error_is_tried_again(sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database) -> None:
    await started(sandbox.asker)
    sandbox.faults.add(Fault(method="sendMessage", status=502, description="Bad Gateway"))
    tell(database, sandbox.asker.chat.id, "black")
    async with delivering(telegram_bot, database):
        await sandbox.asker.expect("black")
        await until_sent(database, 1)
    assert row(database, sandbox.asker.chat.id).attempts == 2
    assert len(sandbox.asker.messages) == 1


async def test_who_blocked_the_bot_is_given_up(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database
) -> None:
    ana, ben = sandbox.asker, sandbox.second_asker
    await started(ana, ben)
    ana.block()
    tell(database, ana.chat.id, "black")
    async with delivering(telegram_bot, database):
        tell(database, ben.chat.id, "teddy")
        await ben.expect("teddy")
        async with asyncio.timeout(10):
            while (await asyncio.to_thread(row, database, ana.chat.id)).abandoned_at is None:
                await asyncio.sleep(0.02)
    assert "Forbidden" in str(row(database, ana.chat.id).error)
    assert [r.method for r in sandbox.requests].count("sendMessage") == 2


async def test_a_rejected_token_is_not_written_down(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await started(sandbox.asker)
    sandbox.faults.add(Fault(method="sendMessage", status=401, description="Unauthorized", times=99))
    tell(database, sandbox.asker.chat.id, "black")
    async with delivering(telegram_bot, database):
        async with asyncio.timeout(10):
            while not (error := (await asyncio.to_thread(row, database, sandbox.asker.chat.id)).error):
                await asyncio.sleep(0.02)
    assert error == "InvalidToken"
    assert not [r for r in caplog.records if r.name.startswith("bot") and sandbox.token in r.getMessage()]


async def test_what_cannot_be_put_into_words_holds_up_nobody(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database
) -> None:
    await started(sandbox.asker, sandbox.second_asker)
    tell(database, sandbox.asker.chat.id, "black")
    with database.write() as session:
        session.scalars(select(OutboxMessage)).one().kind = "telepathy"  # as a newer program may write
    async with delivering(telegram_bot, database):
        tell(database, sandbox.asker.chat.id, "grizzly")
        tell(database, sandbox.second_asker.chat.id, "teddy")
        await sandbox.second_asker.expect("teddy")
        await sandbox.asker.expect("grizzly")


async def test_a_drawing_holds_up_no_other_chat(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = sandbox.asker, sandbox.second_asker
    await started(ana, ben)
    monkeypatch.setattr("bot.delivery._AT_ONCE", 1)
    asked, drawn = asyncio.Event(), asyncio.Event()

    async def slowly(_submission_id: int, _words: Catalogue) -> Unexplained:
        asked.set()
        await drawn.wait()
        return Unexplained.PHOTO_GONE

    tell(database, ana.chat.id, "black")
    with database.write() as session:
        session.scalars(select(OutboxMessage)).one().kind = OutboxKind.EXPLANATION.value
        session.scalars(select(OutboxMessage)).one().parameters = {"submission": 1}
    async with delivering(telegram_bot, database, slowly):
        await asked.wait()
        tell(database, ben.chat.id, "teddy")
        tell(database, ana.chat.id, "grizzly")
        await ben.expect("teddy")
        await ana.expect_silence(0.3)
        drawn.set()
        assert [message.words.partition(",")[0] for message in await ana.expect_many(2)] == [
            "This photo was deleted",
            "A person looked at your photo. It shows: grizzly.",
        ]


async def test_what_cannot_be_recorded_stops_the_program(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the same message would go out twice a second for as long as the disk is full."""
    await started(sandbox.asker)
    tell(database, sandbox.asker.chat.id, "black")

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(outbox, "mark_sent", full)
    async with asyncio.timeout(10):
        with pytest.raises(OSError, match="disk full"):
            await Delivery(telegram_bot, database, NO_PHOTOS, unasked).run()
    assert len(sandbox.asker.messages) == 1


async def test_a_picture_that_never_arrives_does_not_keep_the_answers_behind_it_for_days(
    sandbox: Sandbox, telegram_bot: ExtBot[None], database: Database
) -> None:
    async def without_room(_submission_id: int, _words: Catalogue) -> Unexplained:
        raise OSError(28, "No space left on device")

    await started(sandbox.asker)
    tell(database, sandbox.asker.chat.id, "black")
    with database.write() as session:
        message = session.scalars(select(OutboxMessage)).one()
        message.kind, message.parameters = OutboxKind.EXPLANATION.value, {"submission": 1}
        message.created_at = utc_now() - timedelta(hours=2)
    async with delivering(telegram_bot, database, without_room):
        tell(database, sandbox.asker.chat.id, "grizzly")
        await sandbox.asker.expect("grizzly")
