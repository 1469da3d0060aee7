"""How fast people get their replies from this bot and from the one that everyone writes: `make bench-bot`.

Both bots run at the same time, each as a process of its own, and talk HTTP to the sandboxes in this one. They are
loaded in turn, round after round, and medians are told: another program that takes the processor for a while then slows
both alike and leaves their ratio.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import click
from askers import Askers, Round
from sqlalchemy import func, select
from telegram_photos import different_photos

from bot.sandbox.server import Sandbox
from model.console import note
from model.errors import ImageError
from model.images import SUFFIXES, files_in
from model.registry import Registry
from review.database import Database
from review.tables import PredictionRecord

ROOT = Path(__file__).parents[2]
DEMO_PHOTOS = ROOT / "bot" / "demo" / "photos"
USUAL_BOT = Path(__file__).parent / "usual_bot.py"
TOKENS = {
    name: f"{number}:AAH-made-up-for-the-benchmark-000000" for number, name in enumerate(("ours", "usual"), 1_000_001)
}
PATIENCE = 120.0  # seconds that a round may take
WARM_UP = 2  # photos of each asker before the clock starts
Row = dict[str, Any]
Load = Callable[[Askers, Sequence[bytes]], Awaitable[Round]]


@dataclass(frozen=True)
class Bot:
    """A running bot and the people who write to it."""

    name: str
    process: asyncio.subprocess.Process
    askers: Askers
    log: Any  # the temporary file that its stderr goes to

    async def under(self, load: Load, photos: Sequence[bytes]) -> Round:
        """One round; raises `ClickException` when the bot ends, does not answer, or says what is no answer."""
        loading = asyncio.ensure_future(load(self.askers, photos))
        ending = asyncio.create_task(self.process.wait())
        await asyncio.wait({loading, ending}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if not loading.done():
            loading.cancel()
            self.log.seek(0)
            tail = self.log.read().decode(errors="replace")[-2000:]
            raise click.ClickException(f"the bot {self.name!r} did not answer all photos; the end of its log:\n{tail}")
        if self.askers.surplus:
            raise click.ClickException(
                f"expected one reply a photo, the bot {self.name!r} also said {self.askers.surplus[0]!r}"
            )
        return loading.result()


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
@click.option("--photos", "count", type=click.IntRange(min=1), default=120, show_default=True, help="Photos a round.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Rounds; medians are told.")
@click.option("--askers", type=click.IntRange(min=1), default=20, show_default=True, help="People who send photos.")
def bench(paths: tuple[Path, ...], as_json: bool, count: int, rounds: int, askers: int) -> None:
    """Photos a second and reply latency of this bot and of the usual one, over HTTP, with the bundled model.

    The photos are PATHs (files or folders; the demo's by default), enlarged or shrunk to 1280 pixels as Telegram passes
    them on, and cut a little differently each time, so that no two are the same. The usual bot is python-telegram-bot
    with `learn.predict` in the handler. MODEL_THREADS and its like hold for this bot.

    \b
    Example:
      make bench-bot ARGS="photos/ --rounds 5 --askers 50"
    """
    files = [path for path in files_in(paths or [DEMO_PHOTOS]) if path.suffix.lower() in SUFFIXES]
    if not files:
        raise click.UsageError("expected at least one photo, found none: name files or folders with photos")
    with TemporaryDirectory(prefix="bearbot-bench-") as folder:
        row = asyncio.run(measured(Path(folder), files, count=count, rounds=rounds, askers=askers))
    click.echo(json.dumps(row) if as_json else table(row))


async def measured(home: Path, files: Sequence[Path], *, count: int, rounds: int, askers: int) -> Row:
    async with AsyncExitStack() as stack:
        sandboxes = {name: await stack.enter_async_context(Sandbox(token=token)) for name, token in TOKENS.items()}
        store = sandboxes["ours"].world.files = sandboxes["usual"].world.files
        needed = askers * WARM_UP + 3 * rounds * count
        note(f"preparing {needed} photos")
        try:
            photos = await asyncio.to_thread(different_photos, files, needed, store)
        except ImageError as error:
            raise click.ClickException(str(error)) from None
        size = statistics.mean(store.photo(photo)[-1].file_size for photo in photos)
        note("starting both bots")
        commands = await bot_commands(home, sandboxes["usual"])
        bots = [
            await stack.enter_async_context(running(name, commands[name], home, sandbox, askers))
            for name, sandbox in sandboxes.items()
        ]
        note("warming up")
        supply = iter(photos)
        warm = take(supply, askers * WARM_UP)
        for bot in bots:
            await bot.under(Askers.in_turn, warm)
        taken: dict[str, dict[str, list[Round]]] = {}
        for load in ("burst", "in turn", "at rate"):
            taken[load] = {bot.name: [] for bot in bots}
            rate = median(taken["burst"]["usual"], "per_second") if load == "at rate" else 0.0
            for turn in range(rounds):
                note(f"{load}{f' of {rate:.1f} photos a second' if rate else ''}: round {turn + 1} of {rounds}")
                sent = take(supply, count)
                for bot in bots if turn % 2 else bots[::-1]:
                    taken[load][bot.name].append(await bot.under(loading(load, rate, turn), sent))
        check_judged(home, bots[0].askers.sent)
    loads = {
        load: {name: {key.name: median(turns, key.name) for key in fields(Round)} for name, turns in each.items()}
        for load, each in taken.items()
    }
    return {
        "model": Registry(home / "models").champion(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "sync_ms": sync_milliseconds(home),
        "askers": askers,
        "photos": count,
        "rounds": rounds,
        "kilobytes": round(size / 1000),
        "rate": rate,
        "loads": loads,
        "ours_to_usual": {
            load: {key: each["ours"][key] / each["usual"][key] for key in each["ours"]} for load, each in loads.items()
        },
    }


def take(supply: Iterator[bytes], count: int) -> list[bytes]:
    return [next(supply) for _ in range(count)]


def median(turns: Sequence[Round], key: str) -> float:
    return statistics.median(float(asdict(turn)[key]) for turn in turns)


def loading(load: str, rate: float, turn: int) -> Load:
    if load == "at rate":
        return lambda askers, photos: askers.at_rate(photos, rate, seed=turn)
    return {"burst": Askers.burst, "in turn": Askers.in_turn}[load]


async def bot_commands(home: Path, sandbox: Sandbox) -> dict[str, list[str]]:
    """The command lines of both; the learner of the usual bot is exported with the model that ours will have."""
    learner = home / "bears.pkl"
    exporting = await asyncio.create_subprocess_exec(
        sys.executable,
        str(USUAL_BOT),
        "export",
        str(learner),
        cwd=home,
        env=environment(home),
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await exporting.communicate()
    if exporting.returncode:
        raise click.ClickException(f"the usual bot's learner could not be exported:\n{err.decode()[-2000:]}")
    usual = [str(USUAL_BOT), "run", str(learner), "--url", sandbox.url, "--token", sandbox.token]
    return {"ours": ["-m", "bot", "run"], "usual": usual}


@asynccontextmanager
async def running(name: str, command: Sequence[str], home: Path, sandbox: Sandbox, askers: int) -> AsyncIterator[Bot]:
    """A bot as a process until the block ends."""
    bot_environment = {
        **environment(home),
        "BOT_TOKEN": sandbox.token,
        "BOT_BASE_URL": sandbox.url,
        "BOT_RATE_LIMIT_PER_MINUTE": "1000000",
        "BOT_DAILY_QUOTA": "1000000",
        "REVIEW_AUDIT_RATE": "0",
    }
    with TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=home, env=bot_environment, stdout=log, stderr=log
        )
        people = Askers(sandbox, askers)
        listening = asyncio.create_task(people.listen())
        try:
            yield Bot(name, process, people, log)
        finally:
            listening.cancel()
            if process.returncode is None:
                process.terminate()
            await process.wait()


def environment(home: Path) -> Mapping[str, str]:
    """Nothing of the installation of who measures: neither its settings nor its photos. How models run may be set."""
    ours = ("BOT_", "REVIEW_", "MODEL_HOME")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "BEARBOT_HOME": str(home), "PYTHONPATH": str(ROOT)}


def check_judged(home: Path, sent: int) -> None:
    """Our bot must have judged every photo: one that it refuses, or knows already, is answered too fast."""
    database = Database(f"sqlite:///{home / 'review.db'}")
    with database.read() as session:
        judged = session.scalar(select(func.count()).select_from(PredictionRecord))
    database.dispose()
    if judged != sent:
        raise click.ClickException(f"expected {sent} photos judged by our bot, found {judged}")


def sync_milliseconds(folder: Path) -> float:
    """What the disk takes to make 4 KB durable, as our bot does for each photo and the usual one never."""
    taken = []
    with (folder / "sync").open("wb") as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def table(row: Row) -> str:
    lines = [
        f"{row['model']} on {row['cores']} cores (load {row['load_average']:.1f}, a disk that syncs in "
        f"{row['sync_ms']:.1f} ms); {row['askers']} askers, {row['photos']} photos of {row['kilobytes']} KB a round, "
        f"medians of {row['rounds']} rounds",
    ]
    titles = {
        "burst": "everybody sends all at once",
        "in turn": "everybody sends the next photo when the last is answered",
        "at rate": f"{row['rate']:.1f} photos a second, what the usual bot can do, whether answered or not",
    }
    for load, each in row["loads"].items():
        lines += ["", f"{titles[load]:<72}{'photos/s':>9}{'p50':>8}{'p95':>8}{'p99':>8} ms"]
        for name, title in (
            ("usual", "(a) python-telegram-bot, learn.predict in the handler"),
            ("ours", "(b) bearbot"),
        ):
            figures = each[name]
            shares = "".join(f"{figures[share]:>8.0f}" for share in ("p50", "p95", "p99"))
            lines.append(f"{title:<72}{figures['per_second']:>9.1f}{shares}")
        ratio = row["ours_to_usual"][load]
        shares = "".join(f"{ratio[share]:>8.2f}" for share in ("p50", "p95", "p99"))
        lines.append(f"{'b / a':<72}{ratio['per_second']:>9.2f}{shares}")
    return "\n".join(lines)


if __name__ == "__main__":
    bench()
