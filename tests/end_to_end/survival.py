"""Kills a bot with -9 again and again while people send it photos, and counts what was lost or doubled.

    python tests/end_to_end/survival.py --kills 200 --askers 20 --seed 7
    python tests/end_to_end/survival.py --kills 50 --webhook

The askers go on sending while the bot is down. It is started again at once after each kill; after the last it may
finish. Ctrl-C ends the killing early. Exit status 0: nothing was lost or doubled; 1: something was, and is named.
"""

import argparse
import asyncio
import random
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tqdm import tqdm

from bot.sandbox.events import Event, EventKind
from bot.sandbox.faults import DOWNLOAD
from tests.end_to_end.accounts import Accounts, Kill, Moment, Report
from tests.end_to_end.askers import Asker, Photos
from tests.end_to_end.installation import BotProcess, Installation, installation_in

READY = "answers now"  # the bot logs it when its model is loaded
_PATIENCE = 30.0  # seconds that a kill waits for its moment
_SETTLING = 180.0  # seconds that the last run has to answer everything
_PATIENT = {"BOT_RATE_LIMIT_PER_MINUTE": "100000", "BOT_DAILY_QUOTA": "1000000"}


class Survival:
    """One trial, with polling or a `webhook`. `told` hears of each kill."""

    def __init__(
        self,
        installation: Installation,
        *,
        kills: int,
        askers: int,
        seed: int,
        webhook: bool = False,
        told: Callable[[Kill], None] = lambda _: None,
    ) -> None:
        self._installation = installation
        self._kills = kills
        self._seeded = random.Random(seed)
        self._told = told
        self._environment = {**_PATIENT, **(_webhook() if webhook else {})}
        self._receives = "setWebhook" if webhook else "getUpdates"
        photos = Photos(self._seeded)
        sandbox = installation.sandbox
        self.askers = [
            Asker(sandbox.person(f"Asker {number}"), photos, self._seeded) for number in range(1, askers + 1)
        ]
        self.accounts = Accounts(installation, self.askers)
        self.enough = asyncio.Event()  # no more kills, and no more photos
        self._lives = self.accounts.lives
        self._start_seconds = 5.0  # how long the bot takes to start; measured at its first life
        self._killed_by: tuple[BotProcess, int] | None = None  # the message that kills this process
        self.report = Report()

    async def run(self) -> Report:
        began = time.monotonic()
        with self._installation.sandbox.world.events.listen() as events:
            listening = asyncio.create_task(self._listen(events))
            sending = [asyncio.create_task(asker.send(self.enough)) for asker in self.askers]
            try:
                await self._first_life()
                for moment in self._moments():
                    if self.enough.is_set() or not await self._life(moment):
                        break
                self.enough.set()
                await asyncio.gather(*sending)
                await self._last_life()
            finally:
                for task in (listening, *sending):
                    task.cancel()
                await asyncio.gather(listening, *sending, return_exceptions=True)
        self.report.seconds = time.monotonic() - began
        self.accounts.close(self.report)
        return self.report

    async def _listen(self, events: "asyncio.Queue[Event]") -> None:
        """Sort what the bot says by the process that said it."""
        bot = self._installation.sandbox.world.bot.id
        while True:
            event = await events.get()
            if event.kind is EventKind.MESSAGE and event.message is not None and event.message.sender.id == bot:
                self._lives[-1].append(event.message)
                if self._killed_by is not None and len(self._lives[-1]) == self._killed_by[1]:
                    self._killed_by[0].process.kill()  # at once: what is said now cannot be recorded any more
                    self._killed_by = None

    async def _first_life(self) -> None:
        """How long a start takes, with nobody killed: the database and its tables come to be here, too."""
        self._lives.append([])
        async with self._installation.bot(**self._environment) as bot:
            await bot.until_logged(READY, seconds=120)
            self._start_seconds = bot.age
            await bot.kill()
            self._note(bot, Moment.STARTING)
        self.accounts.logs.append(bot.log)

    def _moments(self) -> Iterator[Moment]:
        """Every kind as often as the others, in random order."""
        left = self._kills - 1  # the first life ends with one
        while left > 0:
            round_of = list(Moment)
            self._seeded.shuffle(round_of)
            yield from round_of[:left]
            left -= len(round_of)

    async def _life(self, moment: Moment) -> bool:
        """Start it, kill it; False if it ended by itself."""
        self._lives.append([])
        async with self._installation.bot(**self._environment) as bot:
            coming = asyncio.create_task(self._until(moment, bot))
            enough = asyncio.create_task(self.enough.wait())
            # If the moment does not come, a kill at this one is as good.
            await asyncio.wait([coming, enough], timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            for task in (coming, enough):
                task.cancel()
            await asyncio.gather(coming, enough, return_exceptions=True)
            self._killed_by = None
            if bot.process.returncode not in (None, -signal.SIGKILL):
                self.report.wrong.append(f"the bot ended by itself with {bot.process.returncode}:\n{bot.log}")
                return False
            await bot.kill()
            self._note(bot, moment)
        self.accounts.logs.append(bot.log)
        return True

    async def _until(self, moment: Moment, bot: BotProcess) -> None:
        seeded = self._seeded
        match moment:
            case Moment.STARTING:
                await asyncio.sleep(seeded.uniform(0.0, self._start_seconds))
            case Moment.POLLED:
                await self._until_asked(
                    bot, self._receives, 1 if self._receives == "setWebhook" else seeded.randint(1, 10)
                )
            case Moment.FETCHED:
                await self._until_asked(bot, DOWNLOAD, seeded.randint(1, 30))
            case Moment.JUDGING:
                await self._until_asked(bot, DOWNLOAD, seeded.randint(1, 30))
                await asyncio.sleep(seeded.uniform(0.0, 0.3))
            case Moment.FIRST_REPLIES:
                await self._until_said(bot, seeded.randint(1, 5))
                await asyncio.sleep(seeded.uniform(0.0, 0.1))
            case Moment.SENDING:
                self._killed_by = bot, seeded.randint(1, 40)
                await bot.process.wait()
            case Moment.ANY:
                await asyncio.sleep(seeded.uniform(0.0, 2 * self._start_seconds))

    async def _until_asked(self, bot: BotProcess, method: str, times: int) -> None:
        requests = self._installation.sandbox.requests
        seen, count = requests[-1] if requests else None, 0
        while count < times and bot.process.returncode is None:
            await asyncio.sleep(0.002)
            for request in reversed(requests):
                if request is seen:
                    break
                count += request.method == method
            seen = requests[-1] if requests else None

    async def _until_said(self, bot: BotProcess, times: int) -> None:
        while len(self._lives[-1]) < times and bot.process.returncode is None:
            await asyncio.sleep(0.002)

    async def _last_life(self) -> None:
        self._lives.append([])
        async with self._installation.bot(**self._environment) as bot:
            try:
                async with asyncio.timeout(_SETTLING):
                    while any(asker.unanswered() for asker in self.askers) or self.accounts.pending():
                        await asyncio.sleep(0.2)
                    await asyncio.sleep(1.0)  # whatever would be said twice is said by now
            except TimeoutError:
                self.report.wrong.append(f"not everything was answered within {_SETTLING:.0f} s")
            status = await bot.terminate()
            if status != 0:
                self.report.wrong.append(f"the last process ended with {status}:\n{bot.log}")
        self.accounts.logs.append(bot.log)

    def _note(self, bot: BotProcess, moment: Moment) -> None:
        kill = Kill(moment, bot.age, len(self._lives[-1]))
        self.report.kills.append(kill)
        self._told(kill)


def _webhook() -> dict[str, str]:
    """Settings of a bot to which updates are brought, at a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return {
        "BOT_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook",
        "BOT_WEBHOOK_LISTEN": f"127.0.0.1:{port}",
        "BOT_WEBHOOK_SECRET": secrets.token_urlsafe(24),
    }


async def _main(*, kills: int, askers: int, seed: int, webhook: bool) -> Report:
    with tempfile.TemporaryDirectory(prefix="bearbot-survival-") as folder, tqdm(total=kills, unit="kill") as bar:

        def told(kill: Kill) -> None:
            bar.set_postfix_str(f"{kill.age:.1f} s, {kill.moment}")
            bar.update()

        async with installation_in(Path(folder) / "home") as installation:
            trial = Survival(installation, kills=kills, askers=askers, seed=seed, webhook=webhook, told=told)
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, trial.enough.set)
            return await trial.run()


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="default: 20")
    parser.add_argument("--askers", type=int, default=20, help="default: 20")
    parser.add_argument("--seed", type=int, default=7, help="default: 7")
    parser.add_argument("--webhook", action="store_true", help="updates are brought to the bot, instead of asked for")
    arguments = parser.parse_args()
    if arguments.kills < 1 or arguments.askers < 1:
        parser.error("there must be at least one kill and one asker")
    report = asyncio.run(_main(**vars(arguments)))
    sys.stdout.write(f"{report}\n")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
