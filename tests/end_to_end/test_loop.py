"""The main job: photo, answer, doubt, verdict, retraining, the new model's answer; every part real."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

Installed = Callable[[], AbstractAsyncContextManager]
Photo = Callable[[str], bytes]

pytestmark = pytest.mark.anyio


async def test_from_photo_to_promoted_model(installed: Installed, photo: Photo) -> None:
    async with installed() as installation, installation.bot() as bot:
        ana = installation.sandbox.asker

        sure = await ana.send_photo(photo("grizzly_katmai_131"))
        answer = await ana.expect("grizzly", timeout=120)
        assert "sure" in answer.words
        assert answer.reply_to is not None
        assert answer.reply_to.message_id == sure.message_id

        doubtful = await ana.send_photo(photo("grizzly_katmai_132cub"))
        await ana.expect(re.compile("not sure.*person", re.DOTALL), timeout=60)
        await ana.send_document(photo("none_coffee"), "coffee.png")
        await ana.expect(re.compile("do not know.*person", re.DOTALL), timeout=60)

        waiting = await installation.rows("review", "list", "--json")
        assert [row["reasons"] for row in waiting] == [["out_of_domain"], ["low_confidence"]] or [
            set(row["reasons"]) for row in waiting
        ] == [{"out_of_domain", "low_confidence"}, {"low_confidence"}]
        item = waiting[-1]
        assert item["status"] == "open"
        assert {"id", "submission", "suggested_label", "confidence", "submitted_at"} <= item.keys()

        code, _, err = await installation.command("review", "label", str(item["id"]), "grizzly", "--as", "rita")
        assert code == 0, err
        heard = await ana.expect("It shows: grizzly", timeout=30)
        assert heard.reply_to is not None
        assert heard.reply_to.message_id == doubtful.message_id
        assert len(await installation.rows("review", "list", "--json")) == 1
        assert len(await installation.rows("review", "list", "--json", "--all")) == 2

        (before,) = await installation.rows("model", "show", "--json")
        (retrained,) = await installation.rows("retrain", "--json")
        assert retrained["outcome"] == "promoted", retrained
        (after,) = await installation.rows("model", "show", "--json")
        assert after["version"] == retrained["candidate"] != before["version"]
        assert after["parent"] == before["version"]
        assert after["data"]["trained_on_reviewed"] == {"grizzly": 1}

        await bot.until_logged(f"the model {after['version']} answers now")
        await ana.send_photo(photo("black_hillebrand"))
        await ana.expect("I see: black", timeout=60)
        await ana.send_photo(photo("grizzly_katmai_132cub"))
        await ana.expect(timeout=60)
        code, out, _ = await installation.command("model", "rollback")
        assert code == 0, out
        await bot.until_logged(f"the model {before['version']} answers now")

        assert await bot.terminate() == 0
        assert installation.sandbox.token not in bot.log
        assert "Ana" not in bot.log
