"""`bearbot new`: sets up a project about a subject of one's own."""

import os
import shlex
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--labels", "listed", required=True, metavar="A,B[,C]...", help="What the photos may show: two labels or more."
)
@click.option(
    "--command",
    metavar="NAME",
    help="What people ask with in a group, after a slash.  [default: the folder's name if it is fit, else photo]",
)
def new(folder: Path, listed: str, command: str | None) -> None:
    """Set up a project about a subject of your own in FOLDER: its settings, its home and a folder of photos a label.

    `bearbot`, started in FOLDER, then works on this project. Until it has a model of its own, all photos go to people.
    A folder that holds a project already is left as it is.

    \b
    Example:
      bearbot new kitchen --labels teapot,kettle
    """
    labels = _labels(listed)
    command = _command(command, folder)
    from bot.errors import ProjectError
    from bot.project import PHOTOS, Project
    from model.console import note, one_line_errors

    with one_line_errors(ProjectError, OSError):
        Project(labels, command).lay_out(folder)
    for name in _named_in_the_environment():
        note(f"{name} is set in your environment and wins over the project's own: `unset {name}` first")
    first, *others = labels
    click.echo(f"{folder} is a project about {', '.join(labels)}; its settings are in {folder / '.env'}.")
    click.echo(
        f"Gather photos: `cd {shlex.quote(str(folder))}`, then `bearbot data gather {shlex.quote(first)} "
        f"--label {shlex.quote(first)}`, and the same for {', '.join(others)}."
    )
    click.echo(f"Then `bearbot model train {PHOTOS} --promote` trains its model; until then photos go to people.")


def _labels(listed: str) -> tuple[str, ...]:
    """Those that were listed; anything that a model could not learn is wrong usage."""
    from model.errors import DatasetError
    from model.labels import Vocabulary

    labels = tuple(label.strip() for label in listed.split(",") if label.strip())
    if len(labels) < 2:
        raise _wrong("labels", f"expected two labels or more, separated by commas, as in cat,dog; got {listed!r}")
    folded = [label.casefold() for label in labels]
    twice = next((label for label in labels if folded.count(label.casefold()) > 1), None)
    if twice is not None:  # in upper and lower case it would be one folder on some disks
        raise _wrong("labels", f"expected each label once, got {twice!r} twice")
    try:
        return Vocabulary(labels).labels
    except DatasetError as error:
        raise _wrong("labels", str(error)) from None


def _command(command: str | None, folder: Path) -> str:
    from bot.settings import group_command
    from model.settings import Unfit

    try:
        return group_command(folder.resolve().name.lower() if command is None else command)
    except Unfit as error:
        if command is None:
            return "photo"
        raise _wrong("command", f"{error}, got {command!r}") from None


def _wrong(option: str, problem: str) -> click.BadParameter:
    return click.BadParameter(problem, param_hint=f"'--{option}'")


def _named_in_the_environment() -> list[str]:
    """What leads elsewhere than the project does, such as the home of the demo that somebody tried before."""
    named = ("MODEL_LABELS", "BEARBOT_HOME", "BOT_GROUP_COMMAND")
    within_the_home = ("MODEL_HOME", "REVIEW_DATABASE_URL", "REVIEW_IMAGE_STORE")
    return [name for name in (*named, *within_the_home) if os.environ.get(name)]
