"""`bearbot review export`: verdicts, labels, items and photos for other programs."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from model.console import WholeNumber, note
from review.cli.options import Moment

if TYPE_CHECKING:  # imported in the command: `--help` loads no SQLAlchemy
    from review.cli.installation import Installation

_FORMATS = ("jsonl", "csv", "imagefolder", "label-studio")
_WHAT = ("verdicts", "labels", "items")


@click.command()
@click.argument("target", metavar="[FILE]", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "form", type=click.Choice(_FORMATS), default="jsonl", show_default=True, help="What is made.")
@click.option("--what", type=click.Choice(_WHAT), help="Which rows.  [default: verdicts]")
@click.option(
    "--since", type=Moment(), metavar="TIME", help="Only what was said, settled or opened since; 2d: two days."
)
@click.option("--after", type=WholeNumber(0, 2**63 - 1), metavar="ID", help="Only rows whose numbers follow this one.")
@click.option(
    "--append", "--resume", "go_on", is_flag=True, help="Go on with FILE: only verdicts that it has not got yet."
)
@click.option(
    "--test-share", type=click.FloatRange(0, 1), metavar="S", help="imagefolder: train/ and test/, by sender."
)
@click.option("--link", is_flag=True, help="imagefolder: hard links instead of copies; never write to them.")
@click.option(
    "--photos",
    default="/data/local-files/?d=",
    show_default=True,
    metavar="ADDRESS",
    help="label-studio: what stands before a photo's path within the image store.",
)
def export(
    target: Path | None,
    form: str,
    what: str | None,
    since: datetime | None,
    after: int | None,
    go_on: bool,
    test_share: float | None,
    link: bool,
    photos: str,
) -> None:
    """Write verdicts (all that was ever said, in order) to FILE, or to stdout; or labels, or items.

    FILE is replaced when all is written. With --append it grows: an export of verdicts that was cut off goes on, and
    one that is repeated brings what was said since. Nobody who sent photos is in it.

    `--format imagefolder FOLDER` copies every settled photo to FOLDER/label/, with a manifest; again, it brings the
    folder up to date. `--format label-studio` makes tasks of what waits, with the model's answers as predictions;
    `bearbot review import` takes what was answered there.

    \b
    Example:
      bearbot review export verdicts.jsonl --append
      bearbot review export --format csv --what labels > labels.csv
      bearbot review export --format imagefolder bears/ --test-share 0.2
      bearbot review export --format label-studio tasks.json
    """
    _refuse_what_does_not_go_together(target, form, what, since, after, go_on, test_share, link)
    from review.cli.installation import opened

    with _until_nobody_reads_on(), opened() as installation:
        if form == "imagefolder":
            assert target is not None  # refused else
            _imagefolder(installation, target, test_share, link)
        elif form == "label-studio":
            _tasks(installation, _target(target), photos, since)
        else:
            _rows(installation, _target(target), form, what or "verdicts", since, after or 0, go_on)


@contextmanager
def _until_nobody_reads_on() -> Iterator[None]:
    """Whoever reads stdout may stop when they have what they want (`| head`): nothing failed, click would say 1."""
    try:
        yield
    except BrokenPipeError:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())  # at its end Python writes what is left
        os.close(nothing)


def _rows(
    installation: "Installation",
    target: Path | IO[bytes],
    form: str,
    what: str,
    since: datetime | None,
    after: int,
    go_on: bool,
) -> None:
    from review.clock import utc_now
    from review.phrases import counted
    from review.verdict_export import Format, export
    from review.verdict_rows import What

    count = export(
        installation.database,
        target,
        what=What(what),
        format=Format(form),
        since=since,
        after=after,
        go_on=go_on,
        shown=_shown,
        now=utc_now(),
    )
    one = what.removesuffix("s")
    note(f"{counted(count, f'new {one}' if go_on else one)} exported{_to(target)}")


def _tasks(installation: "Installation", target: Path | IO[bytes], photos: str, since: datetime | None) -> None:
    from model.errors import ModelError
    from review.label_studio import interface
    from review.listing import Wanted
    from review.phrases import counted
    from review.verdict_export import export_tasks

    def address(sha256: str) -> str:
        return photos + installation.images.path(sha256).relative_to(installation.images.root).as_posix()

    count = export_tasks(installation.database, target, wanted=Wanted(since=since), address=address, shown=_shown)
    note(f"{counted(count, 'task')} exported{_to(target)}; their labelling interface is:")
    try:
        note(interface(installation.labels))
    except ModelError as error:  # the tasks are of use without it
        note(f"(the model's labels are not known: {error})")


def _imagefolder(installation: "Installation", folder: Path, test_share: float | None, link: bool) -> None:
    from tqdm import tqdm

    from review.clock import utc_now
    from review.imagefolder import write_imagefolder
    from review.phrases import counted

    done = write_imagefolder(
        installation.database,
        installation.images,
        folder,
        test_share=test_share,
        link=link,
        shown=lambda things: tqdm(things, desc="photos", disable=None, leave=False),
        now=utc_now(),
    )
    here = f"{counted(done.photos, 'photo')} {_are(done.photos)} in {folder}"
    note(f"{here}: {done.added} new, {done.removed} gone or moved")
    if done.contradictory:
        note(f"{done.contradictory} left out: people settled the same photo in two ways")
    if done.unfit:
        note(f"{done.unfit} left out: their label is no name for a folder")
    if done.missing:
        these = f"{counted(done.missing, 'photo')} {_are(done.missing)}"
        note(f"error: {these} not in the image store: is REVIEW_IMAGE_STORE another folder?")
        sys.exit(1)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _to(target: Path | IO[bytes]) -> str:
    return f" to {target}" if isinstance(target, Path) else ""


def _target(target: Path | None) -> Path | IO[bytes]:
    if target is None or str(target) == "-":
        return sys.stdout.buffer
    return target


def _shown(rows: Iterator[Any], count: int) -> Iterable[Any]:
    from tqdm import tqdm

    shown: Iterable[Any] = tqdm(rows, total=count, desc="exporting", unit="row", disable=None, leave=False)
    return shown


def _refuse_what_does_not_go_together(
    target: Path | None,
    form: str,
    what: str | None,
    since: datetime | None,
    after: int | None,
    go_on: bool,
    test_share: float | None,
    link: bool,
) -> None:
    to_stdout = target is None or str(target) == "-"
    if go_on and to_stdout:
        raise click.UsageError("--append needs a FILE to go on with")
    if go_on and what in ("labels", "items"):
        raise click.UsageError(f"--append goes with --what verdicts alone: {what} change, and are written anew")
    if form == "imagefolder" and to_stdout:
        raise click.UsageError("--format imagefolder needs a FOLDER to write to")
    rows = form in ("jsonl", "csv")
    for option, given, fits in (
        ("--what", what is not None, rows),
        ("--after", after is not None, rows),
        ("--append", go_on, rows),
        ("--since", since is not None, form != "imagefolder"),
        ("--test-share", test_share is not None, form == "imagefolder"),
        ("--link", link, form == "imagefolder"),
    ):
        if given and not fits:
            raise click.UsageError(f"{option} does not go with --format {form}")
