"""A group of commands whose modules are imported when they are called: `--help` of one loads nothing of the others."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that imports a command's module when the command (or the list of all) is asked for."""

    def __init__(self, *arguments: Any, homes: Mapping[str, str], **options: Any) -> None:
        """`homes`: command -> where it lives ("package.module:attribute"), in the order of use."""
        super().__init__(*arguments, **options)
        self._homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet."""
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command; None for a stranger."""
        if cmd_name not in self._homes:
            return None
        module, name = self._homes[cmd_name].split(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the likely guess: click itself guesses among loaded commands only."""
        if args and not args[0].startswith("-") and args[0] not in self._homes:
            guess = next(iter(get_close_matches(args[0], self._homes, n=1)), None)
            ctx.fail(f"No such command {args[0]!r}.{f' Did you mean {guess!r}?' if guess else ''}")
        return super().resolve_command(ctx, args)
