"""The composition root: `bearbot`, put together from each package's own commands, each loaded when it is called."""

import logging
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click

from model.lazy_group import LazyGroup

# Command -> where it lives. The modules import nothing heavy at their top, so that `--help` is instant.
_COMMANDS = {
    "demo": "bot.demo.cli:demo",
    "new": "bot.new:new",
    "run": "bot.cli:run",
    "doctor": "bot.doctor:doctor",
    "classify": "review.cli.classify:classify",
    "explain": "review.cli.explain:explain",
    "review": "review.cli.queue:review",
    "retrain": "review.cli.retrain:retrain",
    "data": "review.cli.data:data",
    "model": "model.cli:model",
    "db": "review.cli.database:db",
    "bot": "bot.operations:bot_group",
}


class _Bearbot(LazyGroup):
    """All commands."""

    def invoke(self, ctx: click.Context) -> Any:
        """As click does, but Ctrl-C, also while a command's libraries are imported, ends it with a word and 130."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            from bot.signals import INTERRUPTED
            from model.console import note

            note("\nstopped")
            sys.exit(INTERRUPTED)


@click.group(cls=_Bearbot, homes=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("bearbot"), prog_name="bearbot")
def bearbot() -> None:
    """A Telegram photo bot with a model that knows its doubts, and people who review them.

    \b
    Example:
      bearbot demo
    """


@click.command()
def run() -> None:
    """Run the bot until Ctrl-C or SIGTERM. BOT_TOKEN must be set, in the environment or in .env.

    The database is brought up to date first, after a backup. `bearbot doctor` tells what is missing.

    \b
    Example:
      BOT_TOKEN=... bearbot run
    """
    from bot.signals import ending_at_once

    with ending_at_once() as last_word:
        _run(last_word)


def _run(last_word: Callable[[bytes], None]) -> None:
    from bot.errors import BotError
    from bot.logs import configure_logging
    from bot.redaction import Redaction
    from bot.settings import BotSettings, LogFormat
    from bot.signals import until_signal
    from model.console import note, one_line_errors, status_of
    from model.errors import ModelError, SettingsError
    from model.settings import ModelSettings
    from review.errors import ReviewError
    from review.settings import ReviewSettings

    with one_line_errors(BotError, ReviewError, ModelError, OSError):
        settings = BotSettings.load()
        configure_logging(
            settings.token,
            webhook_secret=settings.webhook_secret,
            level=settings.log_level,
            style=settings.log_format,
        )
        for_people = settings.log_format is LogFormat.TEXT  # else each line on stderr is JSON, the last one too
        if not for_people:
            last_word(b"")

        def listens(name: str) -> None:
            if for_people:
                note(f"@{name} listens; Ctrl-C ends it")

        try:
            review_settings, model_settings = ReviewSettings.load(), ModelSettings.load()  # before what takes long
            from bot.runner import Runner

            runner = Runner(settings, review_settings, model_settings)
            until_signal(lambda stop: runner.serve(stop, ready=listens))
        except (BotError, ReviewError, ModelError, OSError) as error:
            if for_people:  # a server's own words may quote the address that holds the token
                said = Redaction(settings.token, settings.webhook_secret)(str(error))
                raise (SettingsError if isinstance(error, SettingsError) else BotError)(said) from None
            logging.getLogger(__name__).critical(error, exc_info=error)
            sys.exit(status_of(error))


def main() -> None:
    """The console script."""
    # Libraries warn their developers while they are imported; users can do nothing about it.
    warnings.filterwarnings("ignore", category=FutureWarning)
    bearbot.main(prog_name="bearbot")
