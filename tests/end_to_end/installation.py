"""The bot as operators run it: a process of its own, talking HTTP to a sandbox in the loop of who started it."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.server import MODERATOR, Sandbox

PHOTOS = Path(__file__).parents[2] / "bot" / "demo" / "photos"


@dataclass
class BotProcess:
    """`bearbot run`; `log` is its stderr so far."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def log(self) -> str:
        return "".join(self.lines)

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    async def read_log(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode(errors="replace"))

    async def until_logged(self, text: str, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while text not in self.log:
                assert self.process.returncode is None, self.log
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def terminate(self, seconds: float = 30) -> int:
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@dataclass(frozen=True)
class Installation:
    """A home folder, the sandbox its bot talks to, and bearbot's commands on it."""

    sandbox: Sandbox
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BOT_", "REVIEW_", "MODEL_"))}
        return {
            **kept,
            "BEARBOT_HOME": str(self.home),
            "BOT_TOKEN": self.sandbox.token,
            "BOT_BASE_URL": self.sandbox.url,
            "BOT_MODERATORS": str(MODERATOR.id),
            "REVIEW_AUDIT_RATE": "0",
        }

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.home / "review.db"

    @asynccontextmanager
    async def bot(self, **environment: str) -> AsyncIterator[BotProcess]:
        """`bearbot run` until the block ends; it may be killed or terminated inside."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            cwd=self.home,
            env={**self.environment, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for whoever runs this
        )
        running = BotProcess(process)
        reading = asyncio.create_task(running.read_log())
        try:
            yield running
        finally:
            if process.returncode is None:
                await running.terminate()
            await reading

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of `bearbot ARGUMENTS`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            cwd=self.home,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON lines that a command prints."""
        code, out, err = await self.command(*arguments)
        assert code == 0, err
        return [json.loads(line) for line in out.splitlines()]


@asynccontextmanager
async def installation_in(home: Path) -> AsyncIterator[Installation]:
    """A sandbox and an empty home folder."""
    home.mkdir(parents=True, exist_ok=True)
    async with Sandbox() as sandbox:
        yield Installation(sandbox, home)
