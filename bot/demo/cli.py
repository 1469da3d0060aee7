"""`bearbot demo`: the bot on this machine alone, in the browser or as text."""

import asyncio
import shlex
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # imported in the command: `--help` loads neither torch nor telegram
    from model.registry import Registry


@click.command()
@click.argument("photos", nargs=-1, metavar="[PHOTO]...", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--port", default=8765, show_default=True, help="Of the chat page; 0 takes a free one.")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep database, photos and models here.  [default: a folder that goes when the demo ends]",
)
def demo(photos: tuple[Path, ...], port: int, home: Path | None) -> None:
    """Try everything on this machine: no Telegram, no token, nothing leaves it.

    Without PHOTOs: a chat page in the browser, until Ctrl-C. With PHOTOs: they are sent to the bot, and the whole loop
    is told as text: answers, queue, review, retraining, the new model's answer.

    In the folder of a project of your own (`bearbot new`) it is a copy of that project's model that answers, and the
    project stays as it is; with --home it is the model in there.

    \b
    Example:
      bearbot demo
      bearbot demo bear.jpg cat.jpg
    """
    from bot.errors import BotError
    from model.console import one_line_errors
    from model.errors import ModelError, NoChampion
    from model.settings import ModelSettings
    from review.errors import ReviewError

    with (
        one_line_errors(BotError, ReviewError, ModelError, OSError),
        TemporaryDirectory(prefix="bearbot-demo-") as folder,
    ):
        kept = home.expanduser().absolute() if home else Path(folder)
        settings = ModelSettings.load()
        if settings.labels and home is None:
            from bot.demo.loan import borrow

            with suppress(NoChampion):  # people can answer meanwhile
                borrow(settings, kept)
        if photos:
            asyncio.run(_as_text(photos, kept))
        else:
            _in_browser(kept, port)


async def _as_text(photos: tuple[Path, ...], home: Path) -> None:
    import logging

    from bot.demo.stage import stage
    from bot.demo.story import Story
    from review.database import Database

    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    click.echo("Starting a local Bot API server, the bot and an empty database; loading the model ...")
    async with stage(home, port=0, audit_rate=0.0) as playing:
        database = Database(f"sqlite:///{home / 'review.db'}")
        try:
            labels = playing.runner.registry.champion_card().labels  # without a model there is no loop to tell of
            await Story(playing, database, labels, click.echo).tell(photos)
        finally:
            database.dispose()
    click.echo("`bearbot demo` without photos opens the chat page; README.md goes on from here.")


def _in_browser(home: Path, port: int) -> None:
    from pydantic import SecretStr

    from bot.demo.stage import stage
    from bot.logs import configure_logging
    from bot.sandbox.server import TOKEN
    from bot.settings import LogLevel
    from bot.signals import until_signal

    configure_logging(SecretStr(TOKEN), level=LogLevel.WARNING)  # the address of the page should stay in sight

    async def play(stop: asyncio.Event) -> None:
        async with stage(home, port=port, audit_rate=0.02) as playing:
            click.echo(f"The chat page:  {playing.sandbox.url}")
            click.echo(await asyncio.to_thread(_who_answers, playing.runner.registry))
            click.echo(
                "Be Ana and send a photo; be Mo and say /review. Mo is an admin as well: /help tells what Mo may do."
            )
            click.echo("In another terminal:")
            for name, value in playing.exports.items():  # a line each: no terminal is too narrow for a short one
                click.echo(f"  export {name}={shlex.quote(value)}")
            click.echo("  bearbot review")
            click.echo("Ctrl-C ends it.")
            told = asyncio.create_task(stop.wait())
            await asyncio.wait([told, playing.running], return_when=asyncio.FIRST_COMPLETED)
            if playing.running.done():
                playing.running.result()  # raises why the bot stopped
            told.cancel()
        click.echo("Everything has ended.")

    until_signal(play)


def _who_answers(registry: "Registry") -> str:
    from model.errors import ModelError

    try:
        card = registry.champion_card()
    except ModelError as error:
        return f"No model answers, so every photo goes to people: {error}"
    return f"The model {card.version} answers: it tells {', '.join(card.labels)}."
