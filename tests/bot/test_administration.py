"""What moderators and admins command in the chat: who may, /queue, /moderator, and nothing of it in groups."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.catalogue import catalogue_for
from bot.runner import Runner
from bot.sandbox.person import Person
from bot.sandbox.server import BOT, Sandbox
from review.clock import utc_now
from review.tables import ReviewItem

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("everything_validates")]

WORDS = catalogue_for("en")

ADMIN = 3001

Photo = Callable[[str], bytes]


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("command", ["/retrain", "/moderator list", "/moderator add 1001"])
async def test_who_is_no_admin_is_refused(sandbox: Sandbox, command: str) -> None:
    await sandbox.moderator.send_text(command)
    assert (await sandbox.moderator.expect()).words == WORDS("not-an-admin")


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize("command", ["/queue", "/model"])
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
        "2 photos wait for people\n- unlike the photos it learnt from: 2\n\n"
        "Waiting\n- less than an hour: 1\n- less than a day: 1\n\n"
        "Longest wait: 3 hours\nOne of them is being looked at.\n/review brings the next one."
    )


async def test_a_queue_of_one_is_said_as_one(sandbox: Sandbox, runner: Runner, photo: Photo) -> None:
    mo = sandbox.moderator
    await sandbox.asker.send_photo(photo("none_coffee"))
    await sandbox.asker.expect("A person will look", timeout=60)
    with runner.database.write() as session:
        session.get_one(ReviewItem, 1).opened_at = utc_now() - timedelta(hours=3)
    first = "One photo waits for people: unlike the photos it learnt from.\nIt has waited for 3 hours. "
    await mo.send_text("/queue")
    assert (await mo.expect()).words == f"{first}Nobody is looking at it: /review brings it."
    await mo.send_text("/review")
    assert "nothing else waits" in (await mo.expect("#")).words
    await mo.send_text("/queue")
    assert (await mo.expect()).words == f"{first}Somebody is looking at it."


# /moderator


async def test_an_appointed_moderator_reviews_at_once_and_a_dismissed_one_no_more(
    sandbox: Sandbox, led: Runner, admin: Person, photo: Photo
) -> None:
    ben = sandbox.second_asker
    await ben.send_text("/review")
    await ben.expect(WORDS("not-a-moderator"))
    await sandbox.asker.send_photo(photo("none_coffee"))
    await sandbox.asker.expect("A person will look", timeout=60)
    forwarded = await admin.forward(await ben.send_text("me too"))
    await admin.expect()
    await ben.expect()
    await admin.send_text("/moderator add", reply_to=forwarded)
    await admin.expect("Ben (1002) is a moderator now, and hears of it.")
    await ben.expect(WORDS("appointed"))
    await ben.send_text("/review")
    shown = await ben.expect("#1")
    await admin.send_text("/moderator list")
    assert (await admin.expect()).words == (
        "These people review in the chat:\n- 3001: admin\n- 2001: moderator, from the settings\n"
        "- Ben (1002): moderator, added in the chat"
    )
    await admin.send_text("/moderator remove 1002")
    await admin.expect("Ben (1002) is no longer a moderator.")
    assert (await ben.press(shown, "teddy")).text == WORDS("not-a-moderator")
    with led.database.read() as session:
        assert session.get_one(ReviewItem, 1).lease_token is None, "back in the queue"
    await admin.send_text("/moderator remove 1002")
    await admin.expect("Ben (1002) is no moderator.")
    await ben.expect_silence(0.3)


async def test_moderators_of_the_settings_can_be_removed_and_admins_cannot(
    sandbox: Sandbox, led: Runner, admin: Person
) -> None:
    await admin.send_text(f"/moderator remove {sandbox.moderator.id}")
    await admin.expect("is no longer a moderator")
    await sandbox.moderator.send_text("/queue")
    await sandbox.moderator.expect(WORDS("not-a-moderator"))
    await admin.send_text(f"/moderator add {sandbox.moderator.id}")
    await admin.expect("Mo (2001) is a moderator now")
    await sandbox.moderator.expect(WORDS("appointed"))
    await sandbox.moderator.send_text("/queue")
    await sandbox.moderator.expect(WORDS("nothing-waits"))
    for what in ("add", "remove"):
        await admin.send_text(f"/moderator {what} {ADMIN}")
        await admin.expect("Ada (3001) is an admin")


@pytest.mark.usefixtures("led")
async def test_whom_an_admin_cannot_mean(sandbox: Sandbox, admin: Person) -> None:
    said = await admin.send_text("hello")
    forwarded = await admin.forward(await admin.expect())
    await admin.expect()
    for command, replied, words in (
        ("/moderator", None, "moderator-usage"),
        ("/moderator add", None, "moderator-usage"),
        ("/moderator add", said, "moderator-usage"),
        ("/moderator add 0", None, "moderator-usage"),
        ("/moderator add ²", None, "moderator-usage"),
        (f"/moderator add {'9' * 30}", None, "moderator-usage"),
        ("/moderator add 1001 1002", None, "moderator-usage"),
        ("/moderator fire 1001", None, "moderator-usage"),
        ("/moderator add @ben", None, "moderator-unknown-name"),
        ("/moderator add", forwarded, "moderator-is-a-bot"),
    ):
        await admin.send_text(command, reply_to=replied)
        assert (await admin.expect()).words == WORDS(words), command


async def test_somebody_who_never_wrote_becomes_a_moderator_with_a_name_later(
    sandbox: Sandbox, led: Runner, admin: Person, photo: Photo
) -> None:
    await admin.send_text("/moderator add 4004")
    await admin.expect("4004 is a moderator now, but has never written to me")
    cleo = sandbox.person("Cleo", user_id=4004)
    await sandbox.asker.send_photo(photo("none_coffee"))
    await sandbox.asker.expect("A person will look", timeout=60)
    await cleo.send_text("/review")
    await cleo.press(await cleo.expect("#1"), "teddy")
    await cleo.expect("teddy, said Cleo")


# Groups


@pytest.mark.parametrize("command", ["review", "queue", "stats", "model", "retrain", "moderator"])
async def test_in_groups_commands_are_quiet_unless_addressed_and_show_nothing(
    sandbox: Sandbox, led: Runner, admin: Person, photo: Photo, command: str
) -> None:
    await sandbox.asker.send_photo(photo("none_coffee"))
    await sandbox.asker.expect("A person will look", timeout=60)
    there = admin.at(sandbox.group("Bears", [admin, sandbox.moderator]))
    await there.send_text(f"/{command}")
    await there.send_text(f"/{command}@another_bot")
    await there.expect_silence(0.5)
    await there.send_text(f"/{command}@{BOT.username}")
    said = await there.expect()
    assert said.words == WORDS("ask-in-private")
    assert not said.content.photo
    await admin.expect_silence(0.3)
    with led.database.read() as session:
        assert session.get_one(ReviewItem, 1).lease_token is None
    assert not led.retrainer.is_busy


@pytest.mark.usefixtures("runner")
async def test_a_card_that_is_tapped_in_a_group_brings_the_next_in_private(sandbox: Sandbox, photo: Photo) -> None:
    for name in ("none_coffee", "none_polar_bear"):
        await sandbox.asker.send_photo(photo(name))
        await sandbox.asker.expect("A person will look", timeout=60)
    mo = sandbox.moderator
    await mo.send_text("/review")
    shown = await mo.expect("#")
    group = sandbox.group("Bears", [mo, sandbox.second_asker])
    there = mo.at(group)
    forwarded = sandbox.world.post(group, shown.content, keyboard=shown.keyboard)
    await there.expect("#")
    await there.press(forwarded, WORDS("button-skip"))
    assert (await mo.expect("#")).chat.id == mo.chat.id
    await there.expect("skipped by Mo")
    await there.expect_silence(0.5)
