"""The parts of the README that are written from the code itself, by `make docs`."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from bot.cli import bearbot
from bot.settings import BotSettings
from model.gathering.settings import GatheringSettings
from model.settings import ModelSettings, Settings
from review.settings import ReviewSettings

_WIDTH = 100
_PACKAGES = ("model", "review", "bot")


def command_reference() -> str:
    """Every command with its `--help`, in Markdown."""
    return "\n".join(_help_of(bearbot, ("bearbot",), None))


def _help_of(command: click.Command, path: tuple[str, ...], parent: click.Context | None) -> Iterator[str]:
    context = click.Context(command, info_name=path[-1], parent=parent, max_content_width=_WIDTH, terminal_width=_WIDTH)
    context.help_option_names = ["-h", "--help"]
    yield from (f"{'#' * (len(path) + 2)} `{' '.join(path)}`", "", "```text", command.get_help(context), "```", "")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _help_of(inner, (*path, name), context)


def figures_table() -> str:
    """What `bearbot model evaluate --report` prints of the bundled model."""
    from model.artifact import load
    from model.candidate import report_of
    from model.registry import bundled_folder
    from model.table import markdown

    return markdown(report_of(load(bundled_folder())))


def settings_table() -> str:
    """Every setting: environment variable, type, default, meaning."""
    rows = ["| setting | type | default | what it is |", "|---|---|---|---|"]
    seen: set[str] = set()
    for settings in (BotSettings, ReviewSettings, ModelSettings, GatheringSettings):
        for name, field in settings.model_fields.items():
            key = settings.key_of(name)
            if key not in seen:
                seen.add(key)
                default = _default(settings, name)
                rows.append(f"| `{key}` | {_kind(field.annotation)} | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def _default(settings: type[Settings], name: str) -> str:
    field = settings.model_fields[name]
    if field.is_required():
        return "required"
    if field.default is PydanticUndefined or field.default in (None, ()):
        return ""  # computed, or nothing: the description says so
    return f"`{field.default.value if isinstance(field.default, StrEnum) else field.default}`"


def _kind(annotation: Any) -> str:
    inner = [part for part in get_args(annotation) if part is not type(None)]
    if inner:
        return "numbers" if inner[0] is int and len(inner) > 1 else _kind(inner[0])
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    kinds: dict[Any, str] = {int: "whole number", float: "number", SecretStr: "secret", Path: "folder"}
    return {**kinds, bool: "true or false"}.get(annotation, "text")


def file_map(root: Path) -> str:
    """Every module with the first sentence of its docstring; nothing is imported."""
    lines = []
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py"), key=lambda path: (path.parent.parts, path.name)):
            described = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            sentence = " ".join(described.partition("\n\n")[0].split())
            name = path.relative_to(root).as_posix()
            lines.append(
                f"| `{name.removesuffix('/__init__.py') + '/' if path.name == '__init__.py' else name}` | {sentence} |"
            )
    return "\n".join(["| file | what it holds |", "|---|---|", *lines]) + "\n"
