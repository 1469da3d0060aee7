"""What moderators and admins command in the chat: /queue, /model, /retrain, /moderator; everybody else is refused."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bot.catalogue import catalogue_for
from bot.runner import Runner
from bot.sandbox.person import Person
from bot.sandbox.server import Sandbox
from review.clock import utc_now
from review.tables import ReviewItem
from tests.telegram_types import assert_all_valid

pytestmark = pytest.mark.anyio

WORDS = catalogue_for("en")
ADMIN = 3001

Photo = Callable[[str], bytes]


@pytest.fixture
def admin(sandbox: Sandbox) -> Person:
    return sandbox.person("Ada", user_id=ADMIN, started=True)


@pytest.fixture(autouse=True)
def _everything_validates(sandbox: Sandbox) -> Iterator[None]:
    yield
    assert_all_valid(sandbox)


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("command", ["/queue"])
async def test_who_is_no_moderator_is_refused(sandbox: Sandbox, command: str) -> None:
    await sandbox.asker.send_text(command)
    assert (await sandbox.asker.expect()).words == WORDS("not-a-moderator")


async def test_the_queue_by_reason_and_age(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    mo = sandbox.moderator
    await mo.send_text("/queue")
    assert (await mo.expect()).words == WORDS("nothing-waits")
    for name in ("none_coffee", "none_polar_bear"):
        await sandbox.asker.send_photo(photo(name))
        await sandbox.asker.expect("A person will look", timeout=60)
    with runner.database.write() as session:
        session.get_one(ReviewItem, 1).opened_at = utc_now() - timedelta(hours=3)
    await mo.send_text("/review")
    await mo.expect("#")
    await mo.send_text("/queue")
    assert (await mo.expect()).words == (
        "2 photos wait for people\n- unlike the photos it learnt from: 2\n- not sure: 2\n(some for more than one reason)\n\n"
        "Waiting\n- less than an hour: 1\n- less than a day: 1\n\n"
        "Longest wait: 3 hours\nOne of them is being looked at.\n/review brings the next one."
    )
