"""The composition root: `bearbot`, put together from each package's own commands, each loaded when it is called."""

import sys
from importlib import import_module
from importlib.metadata import version

import click

# Command -> where it lives. The modules import nothing heavy at their top, so that `--help` is instant.
_COMMANDS = {
    "demo": "bot.demo.cli:demo",
    "run": "bot.run:run",
    "doctor": "bot.doctor:doctor",
    "classify": "review.cli.classify:classify",
    "review": "review.cli.queue:review",
    "retrain": "review.cli.retrain:retrain",
    "model": "model.cli:model",
    "db": "review.cli.database:db",
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command (or the list of all) is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("bearbot"), prog_name="bearbot")
def bearbot() -> None:
    """A Telegram photo bot with a model that knows its doubts, and people who review them.

    \b
    Example:
      bearbot demo
    """


def main() -> None:
    """The console script."""
    try:
        bearbot.main(prog_name="bearbot", standalone_mode=True)
    except KeyboardInterrupt:  # outside of click's own handling
        sys.exit(130)
