"""Groups as Telegram has them: chains of replies that are no topics, topics, and a group that becomes a supergroup."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from bot.sandbox.server import BOT
from tests.end_to_end.installation import Installation

Installed = Callable[[], AbstractAsyncContextManager[Installation]]

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_the_bot_answers_in_groups_when_it_is_asked(installed: Installed, photo: Callable[[str], bytes]) -> None:
    async with installed() as installation, installation.bot() as bot:
        await bot.until_logged("answers now", seconds=120)
        sandbox = installation.sandbox
        group = sandbox.group("Bears", [sandbox.asker, sandbox.second_asker])
        ana, ben = sandbox.asker.at(group), sandbox.second_asker.at(group)

        black = await ana.send_photo(photo("black_dod"))
        await ana.expect_silence(2)
        await ben.send_text(f"/bear@{BOT.username}", reply_to=black)
        assert "black" in (await ben.expect("I see: ", timeout=60)).words
        teddy = await ana.send_photo(photo("teddy_earlgray"), f"@{BOT.username}, and this?", reply_to=black)
        assert "teddy" in (await ana.expect("I see: teddy", timeout=60)).words
        assert teddy.thread_id is not None  # which is no topic: nothing can be sent there

        forum = sandbox.group("Bears by kind", [sandbox.asker], topics=True)
        topic = sandbox.asker.at(forum).open_topic("Grizzlies")
        await topic.send_photo(photo("grizzly_katmai_402"))
        await topic.expect_silence(2)  # all in a topic answers what opened it, and that is not the bot's
        await topic.send_photo(photo("grizzly_katmai_131"), f"@{BOT.username}?")
        assert (await topic.expect("grizzly", timeout=60)).thread_id == topic.topic

        small = sandbox.group("A few of us", [sandbox.asker], basic=True)
        await sandbox.asker.at(small).send_photo(photo("black_hillebrand"), f"@{BOT.username}?")
        here = sandbox.asker.at(sandbox.migrate(small))
        await here.expect("I see: black", timeout=60)  # though it was asked where nobody is any more

        channel = sandbox.channel("Bear news", sandbox.asker)
        in_channel = sandbox.asker.at(channel)
        await in_channel.send_photo(photo("grizzly_katmai_131"), f"@{BOT.username}")
        await in_channel.expect_silence(2)
        ben.skip()
        await ben.change_group_photo(photo("none_coffee"))
        await ben.expect_silence(2)
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log
