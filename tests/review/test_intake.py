"""A photo is recorded wholly or not at all, once, and what is kept is what was judged."""

import asyncio
import io
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from model.errors import ImageError, ImageProblem
from model.images import decode
from model.serving import Prediction
from review import stored_photos
from review.arrival import ReceivedPhoto, Rejected
from review.database import Database
from review.intake import Intake
from review.outbox import OutboxKind, Recipient
from review.policy import Decision, Reason
from review.tables import Asker, Base, OutboxMessage, PredictionRecord, ReviewItem, Submission
from review.tables import Image as StoredImage

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


def count(database: Database, table: type[Base]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def said(database: Database) -> list[tuple[str, dict[str, Any], int | None]]:
    with database.read() as session:
        return [(m.kind, m.parameters, m.reply_to_message_id) for m in session.scalars(select(OutboxMessage))]


async def test_a_sure_answer_is_recorded_and_told(house: Any, predict: Predict) -> None:
    accepted = await house.receive(1, predict("grizzly", 0.99))
    assert (accepted.item_id, accepted.routing.decision) == (None, Decision.ANSWER)
    assert said(house.database) == [
        (
            OutboxKind.ANSWERED,
            {
                "label": "grizzly",
                "confidence": 0.99,
                "runner_up": None,
                "runner_up_confidence": None,
                "model_version": "v1",
                "submission": accepted.submission_id,
            },
            1,
        )
    ]
    with house.database.read() as session:
        record = session.scalars(select(PredictionRecord)).one()
        assert (record.model_version, record.route, record.inclusion_probability) == ("v1", "answer", 0.0)
        submission = session.scalars(select(Submission)).one()
        assert house.features.get(submission.image_sha256, "net") is not None
        assert session.scalars(select(Asker.telegram_user_id)).all() == [5]


async def test_a_close_runner_up_is_named(house: Any, predict: Predict) -> None:
    from dataclasses import replace

    close = replace(
        predict("grizzly", 0.96), confidence=0.55, answer_threshold=0.5, probabilities={"grizzly": 0.55, "black": 0.45}
    )
    await house.receive(1, close)
    (_, parameters, _), *_ = said(house.database)
    assert (parameters["runner_up"], parameters["runner_up_confidence"]) == ("black", 0.45)


async def test_a_runner_up_that_is_as_likely_is_another_label(house: Any, predict: Predict) -> None:
    from dataclasses import replace

    tied = {"black": 0.5, "grizzly": 0.5}
    await house.receive(1, replace(predict("grizzly", 0.96), confidence=0.5, answer_threshold=0.5, probabilities=tied))
    ((_, parameters, _),) = said(house.database)
    assert (parameters["label"], parameters["runner_up"]) == ("grizzly", "black")


async def test_doubt_opens_an_item(house: Any, predict: Predict) -> None:
    accepted = await house.receive(1, predict("black", 0.6, in_domain=False))
    assert accepted.routing.reasons == (Reason.OUT_OF_DOMAIN, Reason.LOW_CONFIDENCE)
    ((kind, parameters, _),) = said(house.database)
    assert kind == OutboxKind.IN_REVIEW
    assert parameters["reasons"] == ["out_of_domain", "low_confidence"]
    with house.database.read() as session:
        item = session.scalars(select(ReviewItem)).one()
        assert (item.id, item.suggested_label, item.confidence) == (accepted.item_id, "black", 0.6)


async def test_without_a_model_people_get_it(house: Any) -> None:
    accepted = await house.receive(1, None)
    assert accepted.routing.reasons == (Reason.NO_MODEL,)
    ((kind, parameters, _),) = said(house.database)
    assert (kind, parameters["label"]) == (OutboxKind.IN_REVIEW, None)
    assert count(house.database, PredictionRecord) == 0


async def test_figures_that_are_no_numbers_send_the_photo_to_people(house: Any, predict: Predict) -> None:
    from dataclasses import replace

    accepted = await house.receive(1, replace(predict("black", 0.6), out_of_domain_score=float("nan")))
    assert accepted.routing.reasons == (Reason.NO_MODEL,)
    accepted = await house.receive(2, predict("black", float("nan")))
    assert accepted.routing.reasons == (Reason.NO_MODEL,)
    assert count(house.database, ReviewItem) == 2


async def test_an_audited_photo_is_answered_and_looked_at(audited_house: Any, predict: Predict) -> None:
    accepted = await audited_house.receive(1, predict("grizzly", 0.99))
    assert accepted.routing.reasons == (Reason.AUDIT,)
    assert accepted.item_id is not None
    ((kind, _, _),) = said(audited_house.database)
    assert kind == OutboxKind.ANSWERED


async def test_the_same_message_again_does_nothing_and_asks_no_model(house: Any, predict: Predict) -> None:
    first = await house.receive(1, predict("black", 0.6))
    again = await house.receive(1, predict("teddy", 0.99))
    assert again.repeated
    assert (again.submission_id, again.item_id, again.routing) == (first.submission_id, first.item_id, first.routing)
    assert len(house.model.seen) == 1
    for table in (Submission, PredictionRecord, ReviewItem, OutboxMessage, StoredImage):
        assert count(house.database, table) == 1


async def test_the_same_message_at_the_same_time_is_recorded_once(house: Any, predict: Predict) -> None:
    results = await asyncio.gather(*(house.receive(1, predict("black", 0.6)) for _ in range(5)))
    assert len({result.submission_id for result in results}) == 1
    assert count(house.database, Submission) == count(house.database, OutboxMessage) == 1


async def test_the_same_photo_in_two_messages_is_two_submissions_of_one_image(
    house: Any, predict: Predict, picture: Callable[[int], bytes]
) -> None:
    for number in (1, 2):
        house.model.says = predict("black", 0.99)
        await house.intake.receive(
            ReceivedPhoto(f"telegram:77:{number}", "telegram", picture(9), Recipient(77, None, number))
        )
    assert (count(house.database, Submission), count(house.database, StoredImage)) == (2, 1)


async def test_bad_bytes_are_refused_with_a_reason_once(house: Any) -> None:
    photo = ReceivedPhoto("telegram:77:1", "telegram", b"just words", Recipient(77, None, 1))
    for _ in range(2):
        result = await house.intake.receive(photo)
        assert isinstance(result, Rejected)
        assert result.problem is ImageProblem.NOT_AN_IMAGE
    assert said(house.database) == [(OutboxKind.REJECTED, {"problem": "not_an_image", "limit": None}, 1)]
    assert count(house.database, Submission) == 0
    assert house.model.seen == []


@pytest.mark.parametrize("usable", [True, False])
async def test_a_replay_after_a_restart_tells_nobody_twice(
    house: Any, predict: Predict, picture: Callable[[int], bytes], now: datetime, usable: bool
) -> None:
    house.model.says = predict("black", 0.99)
    photo = ReceivedPhoto(
        "telegram:77:1", "telegram", picture(1) if usable else b"just words", Recipient(77, None, 1), telegram_user_id=5
    )
    await house.intake.receive(photo)
    before = said(house.database)
    restarted = Intake(
        database=house.database,
        images=house.images,
        features=house.features,
        predictor=house.model,
        audit_rate=0.0,
        clock=lambda: now + timedelta(days=1),
    )
    await restarted.receive(photo)
    assert said(house.database) == before
    assert len(before) == 1


async def test_a_rejection_before_fetching_tells_the_limit(house: Any) -> None:
    async def too_large() -> bytes:
        raise ImageError(ImageProblem.TOO_MANY_BYTES, "as the server says")

    rejected = await house.intake.receive(ReceivedPhoto("k", "telegram", too_large, Recipient(77, None, 1)))
    assert isinstance(rejected, Rejected)
    assert said(house.database) == [(OutboxKind.REJECTED, {"problem": "too_many_bytes", "limit": 20_000_000}, 1)]


async def test_nobody_is_told_where_there_is_nobody(house: Any, predict: Predict) -> None:
    accepted = await house.receive(1, predict("black", 0.6), chat=None)
    assert accepted.item_id is not None
    assert said(house.database) == []


async def test_metadata_is_not_kept_and_the_stored_picture_is_what_is_judged(house: Any, predict: Predict) -> None:
    exif = Image.Exif()
    exif[0x010E] = "my home address"
    exif[0x0112] = 6  # lies on its side
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(buffer, "JPEG", exif=exif)
    house.model.says = predict("black", 0.6)
    await house.intake.receive(ReceivedPhoto("k", "telegram", buffer.getvalue(), None))
    with house.database.read() as session:
        submission = session.scalars(select(Submission)).one()
        image = session.scalars(select(StoredImage)).one()
    kept = house.images.get(submission.image_sha256)
    assert b"my home address" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert not picture.getexif()
        assert picture.size == (20, 40) == (image.width, image.height)
        assert house.model.seen[0].tobytes() == picture.convert("RGB").tobytes()


async def test_a_failure_in_the_middle_records_nothing_and_a_replay_completes_it(
    house: Any, predict: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    from review import outbox

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "enqueue", full)
        with pytest.raises(OSError, match="disk full"):
            await house.receive(1, predict("black", 0.6))
    for table in (Submission, PredictionRecord, ReviewItem, StoredImage, Asker):
        assert count(house.database, table) == 0
    accepted = await house.receive(1, predict("black", 0.6))
    assert not accepted.repeated
    assert count(house.database, ReviewItem) == 1


@pytest.mark.parametrize(("side", "at_once"), [(2100, 16), (16, 30)])
async def test_a_burst_of_large_photos_is_not_decoded_all_at_once(
    house: Any, predict: Predict, side: int, at_once: int
) -> None:
    """Large photos that wait for the model are held back as bytes; many of the usual size may wait decoded."""
    answer = asyncio.Event()
    thinking = 0

    async def slowly(_: Image.Image) -> Prediction:
        nonlocal thinking
        thinking += 1
        await answer.wait()
        return predict("black", 0.99)

    def picture(number: int) -> bytes:
        file = io.BytesIO()
        Image.new("L", (side, side), number * 8).save(file, "JPEG")
        return file.getvalue()

    house.model.predict = slowly
    burst = [asyncio.create_task(house.receive(number, None, data=picture(number))) for number in range(1, 31)]
    async with asyncio.timeout(10):
        while thinking < at_once:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert thinking == at_once
    answer.set()
    assert len({accepted.submission_id for accepted in await asyncio.gather(*burst)}) == 30


async def test_few_of_a_burst_are_decoded_at_once(
    house: Any, predict: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding takes several times what the decoded photo takes."""
    busy: list[int] = []
    most = 0

    def slowly(data: bytes) -> Image.Image:
        nonlocal most
        busy.append(1)
        most = max(most, len(busy))
        time.sleep(0.02)
        busy.pop()
        return decode(data)

    monkeypatch.setattr(stored_photos, "decode", slowly)
    await asyncio.gather(*(house.receive(number, predict("black", 0.99)) for number in range(1, 13)))
    assert 1 < most <= 3
