"""Retraining asked for in the chat: a process of its own, behind everything else in priority, that the bot outlives."""

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict

from bot.work import until_done
from model.registry import Registry
from review import retraining_news
from review.clock import utc_now
from review.database import Database
from review.outbox import Recipient
from review.retraining import STOPPED, is_running

_log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "bot", "retrain")
_LOWEST_PRIORITY = 19
_LONGEST_EXPLANATION = 500  # letters


class Retrainer:
    """At most one retraining at a time. How it ended is written by its own process, in the transaction that ends it.

    `settings` are environment variables, so that the process works on what the bot works on.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        *,
        settings: Mapping[str, str],
        told: Callable[[], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._database = database
        self._registry = registry
        self._settings = settings
        self._told = told
        self._command = command
        self._process: Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._stopping = False

    @property
    def is_busy(self) -> bool:
        """Whether a retraining that it began runs."""
        return self._process is not None

    async def resume(self) -> None:
        """At the start: who asked for a retraining that was killed with the bot is told so."""
        await self._conclude()

    async def start(self, recipient: Recipient) -> bool:
        """Begin one for the message that `recipient` quotes, once, however often asked; False if another runs."""
        async with self._starting:
            if await asyncio.to_thread(self._known, recipient):
                return True
            if self.is_busy or await asyncio.to_thread(is_running, self._registry):
                return False
            # A session of its own: Ctrl-C in the bot's terminal is told to the bot alone, which ends it in order.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "--tell",
                json.dumps(asdict(recipient)),
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=PIPE,
                start_new_session=True,
                env={**_without_secrets(os.environ), **self._settings},
            )
            with suppress(ProcessLookupError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _LOWEST_PRIORITY)
            self._watching = asyncio.create_task(self._watch(self._process, recipient))
            _log.info("a retraining has started", extra={"pid": self._process.pid})
            return True

    async def stop(self, seconds: float) -> None:
        """End what runs as Ctrl-C would, and wait for it `seconds` at most; then kill it. Who asked for it is told."""
        self._stopping = True
        if self._process is None or self._watching is None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        done, _ = await asyncio.wait([self._watching], timeout=seconds)
        if not done:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._watching

    async def _watch(self, process: Process, recipient: Recipient) -> None:
        _, said = await process.communicate()
        _log.info("a retraining has ended", extra={"pid": process.pid, "status": process.returncode})
        problem = STOPPED if self._stopping else _last_words(said) or f"status {process.returncode}"
        self._process = None
        await self._conclude(recipient, problem if process.returncode else None)
        self._told()

    async def _conclude(self, recipient: Recipient | None = None, problem: str | None = None) -> None:
        """Tell what a process that was killed, or could not even begin, left untold."""
        await until_done(lambda: self._tell(recipient, problem))

    def _tell(self, recipient: Recipient | None, problem: str | None) -> None:
        another_runs = is_running(self._registry)  # which tells by itself
        with self._database.write() as session:
            if not another_runs:
                retraining_news.tell_of_interrupted(session, utc_now())
            if recipient is not None and problem is not None:
                retraining_news.tell_not_started(session, recipient, problem, utc_now())

    def _known(self, recipient: Recipient) -> bool:
        with self._database.read() as session:
            return retraining_news.known(session, recipient)


def _last_words(said: bytes) -> str:
    """The one line in which a command says why it failed."""
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("error: ")[:_LONGEST_EXPLANATION] if lines else ""


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """It talks to nobody, so it needs no token."""
    return {name: value for name, value in environment.items() if not name.startswith("BOT_")}
