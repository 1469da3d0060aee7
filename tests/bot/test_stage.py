"""Sandbox, bot and database of the demo: one person can try everything that there is to try."""

from pathlib import Path

import pytest

from bot.demo.stage import stage

pytestmark = pytest.mark.anyio


async def test_the_moderator_of_the_demo_is_an_admin_as_well(tmp_path: Path) -> None:
    async with stage(tmp_path, port=0, audit_rate=0.0) as playing:
        mo = playing.sandbox.moderator
        await mo.send_text("/help")
        said = (await mo.expect()).words
        for command in ("/review", "/retrain", "/moderator", "/invite", "/block"):
            assert command in said
        await mo.send_text("/moderator add 1001")
        await mo.expect("is a moderator now")
        assert "admin" not in said.partition("\n\n")[0]
