"""How much one asker may send, and what a full disk takes in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from model.serving import Prediction
from review.arrival import Accepted, ReceivedPhoto, Refused
from review.limits import Limits, Refusal, exceeded
from review.outbox import Recipient
from review.storage import LocalImageStore
from review.tables import OutboxMessage

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


@given(per_minute=st.integers(1, 50), in_minute=st.integers(0, 100))
def test_a_minute_takes_exactly_as_many_as_it_may(per_minute: int, in_minute: int) -> None:
    found = exceeded(limits=Limits(per_minute=per_minute), in_minute=in_minute, in_day=in_minute)
    assert (found is None) == (in_minute < per_minute)


def test_the_day_is_named_before_the_minute_and_zero_is_no_limit() -> None:
    assert exceeded(limits=Limits(1, 1), in_minute=1, in_day=1) is Refusal.DAILY_QUOTA
    assert exceeded(limits=Limits(), in_minute=10_000, in_day=10_000) is None


async def send(house: Any, number: int, picture: Callable[[int], bytes], *, ago: timedelta, user: int = 5) -> Any:
    return await house.intake.receive(
        ReceivedPhoto(
            f"telegram:{user}:{number}",
            "telegram",
            picture(number),
            Recipient(user, None, number),
            user,
            sent_at=house.now - ago,
        )
    )


async def test_photos_are_counted_when_they_were_sent_and_each_asker_alone(
    house_with: Any, predict: Predict, picture: Callable[[int], bytes], now: Any
) -> None:
    house = house_with(limits=Limits(per_minute=2, per_day=3))
    house.now = now
    house.model.says = predict("black", 0.99)
    ago = timedelta(hours=30)  # the bot was away for long
    assert isinstance(await send(house, 1, picture, ago=ago), Accepted)
    assert isinstance(await send(house, 2, picture, ago=ago - timedelta(seconds=20)), Accepted)
    assert await send(house, 3, picture, ago=ago - timedelta(seconds=40)) == Refused(Refusal.RATE_LIMIT)
    assert isinstance(await send(house, 4, picture, ago=ago - timedelta(seconds=70)), Accepted)
    assert await send(house, 5, picture, ago=ago - timedelta(hours=1)) == Refused(Refusal.DAILY_QUOTA)
    assert isinstance(await send(house, 6, picture, ago=ago, user=6), Accepted)
    assert isinstance(await send(house, 7, picture, ago=timedelta()), Accepted)
    with house.database.read() as session:
        told = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "refused")).all()
    assert [(row.parameters, row.reply_to_message_id) for row in told] == [
        ({"refusal": "rate_limit", "limit": 2}, 3),
        ({"refusal": "daily_quota", "limit": 3}, 5),
    ]


async def test_a_photo_that_is_tried_again_does_not_suffer_for_those_that_were_sent_since(
    house_with: Any, predict: Predict, picture: Callable[[int], bytes], now: Any
) -> None:
    house = house_with(limits=Limits(per_minute=2))
    house.now = now
    house.model.says = predict("black", 0.99)
    for number, minutes in ((2, 40), (3, 20), (4, 10)):
        assert isinstance(await send(house, number, picture, ago=timedelta(minutes=minutes)), Accepted)
    assert isinstance(await send(house, 1, picture, ago=timedelta(hours=1)), Accepted), "its download had failed"


async def test_what_was_refused_stays_so_when_the_update_is_handled_again(
    house_with: Any, predict: Predict, picture: Callable[[int], bytes], now: Any
) -> None:
    house = house_with(limits=Limits(per_minute=1))
    house.now = now
    house.model.says = predict("black", 0.99)
    await send(house, 1, picture, ago=timedelta())
    assert await send(house, 2, picture, ago=timedelta()) == Refused(Refusal.RATE_LIMIT)
    house.intake._limits = Limits()
    assert await send(house, 2, picture, ago=timedelta()) == Refused(Refusal.RATE_LIMIT)
    assert isinstance(await send(house, 1, picture, ago=timedelta()), Accepted), "what was accepted stays so, too"


async def test_without_room_new_photos_are_refused_and_known_ones_answered(
    house_with: Any, house: Any, predict: Predict, picture: Callable[[int], bytes], now: Any
) -> None:
    await house.receive(1, predict("black", 0.99))
    full = house_with(min_free_bytes=10**18)
    full.now = now
    full.model.says = predict("black", 0.99)
    assert await send(full, 2, picture, ago=timedelta()) == Refused(Refusal.DISK_FULL)
    known = await full.receive(1, predict("black", 0.99), message=3)
    assert known.known


class FullStore(LocalImageStore):
    """As a disk that filled up in this very moment."""

    def put(self, data: bytes) -> str:
        raise OSError(28, "No space left on device")


async def test_a_disk_that_fills_up_meanwhile_refuses(
    house: Any, predict: Predict, picture: Callable[[int], bytes], now: Any
) -> None:
    house.now = now
    house.model.says = predict("black", 0.99)
    house.intake._images = FullStore(house.images.root)
    assert await send(house, 1, picture, ago=timedelta()) == Refused(Refusal.DISK_FULL)


async def test_an_album_that_meets_a_limit_gets_one_message(
    house_with: Any, predict: Predict, picture: Callable[[int], bytes], now: Any
) -> None:
    house = house_with(limits=Limits(per_minute=2))
    house.model.says = predict("black", 0.99)

    async def part(number: int) -> Any:
        return await house.intake.receive(
            ReceivedPhoto(
                f"telegram:5:{number}",
                "telegram",
                picture(number),
                Recipient(5, None, number),
                5,
                album="a",
                sent_at=now,
            )
        )

    results = [await part(number) for number in range(1, 5)]
    assert results[2:] == [Refused(Refusal.RATE_LIMIT)] * 2
    with house.database.read() as session:
        (message,) = session.scalars(select(OutboxMessage)).all()
        assert [one["kind"] for one in message.parameters["parts"]] == ["answered", "answered", "refused", "refused"]
    house.intake._limits = Limits()
    assert await part(4) == Refused(Refusal.RATE_LIMIT), "handled again after a crash"
