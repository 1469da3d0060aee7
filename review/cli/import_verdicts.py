"""`bearbot review import`: verdicts of other tools, and of other installations."""

import io
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from model.console import note

if TYPE_CHECKING:  # imported in the command: `--help` loads no SQLAlchemy
    from review.foreign_verdicts import Broken, Foreign

_BOM = b"\xef\xbb\xbf"
_NAMED = 20  # refusals that are named each; a file of another installation would name every line


@click.command("import")
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True))
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "jsonl", "csv", "label-studio"]),
    default="auto",
    show_default=True,
    help="What FILE is; auto: its first character tells.",
)
@click.option("--as", "name", metavar="NAME", help="Who said it all.  [default: as the file says]")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def import_verdicts(source: Path, form: str, name: str | None, dry_run: bool) -> None:
    """Take in verdicts from FILE (`-`: stdin): our own export, such rows from elsewhere, Label Studio's JSON export.

    Rows need a photo (the sha256 of its file, or a path with it, as `review list --json` has it) or an item, and a
    label; a reviewer, a time (at), seconds and more are taken if they are there. They count as if they were said here:
    askers are told, near-duplicates are settled along. What was imported before is passed by, so a cut-off import is
    simply run again. A settled item is not changed. Rows that cannot be taken are named, the rest is; the exit status
    is then 1. Annotators of Label Studio are reviewers called "label-studio 7".

    \b
    A record of CSV, a JSON line, and a task of Label Studio:
      item,label,reviewer,at
      15,grizzly,mo,2026-11-24T12:00:00Z
      {"item": 15, "label": "grizzly", "reviewer": "mo", "at": "2026-11-24T12:00:00Z"}
      [{"id": 1, "data": {"item": 15}, "annotations": [{"id": 7, "completed_by": 3,
        "result": [{"type": "choices", "value": {"choices": ["grizzly"]}}]}]}]

    \b
    Example:
      bearbot review import verdicts.jsonl
      bearbot review import project-1.json --as mo --dry-run
    """
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.phrases import counted
    from review.verdict_import import Importer, Outcome

    with opened() as installation, click.open_file(str(source), "rb") as file:
        refused = 0

        def report(sentence: str) -> None:
            nonlocal refused
            refused += 1
            if refused <= _NAMED:
                note(f"! {sentence}")
            elif refused == _NAMED + 1:
                note("! and more of them")

        importer = Importer(
            installation.database, labels=installation.labels, clock=utc_now, name=name, rehearsal=dry_run
        )
        counts = importer.take_in(_shown(_verdicts(file, form)), report).counts
    would = "would be " if dry_run else ""
    if not any(counts.values()):
        note(f"there is nothing in {'stdin' if str(source) == '-' else source}: no verdict in it")
        return
    recorded, known, same = counts[Outcome.RECORDED], counts[Outcome.KNOWN], counts[Outcome.SAME]
    note(f"{counted(recorded, 'verdict')} {would}recorded, {known} known already")
    if same:
        note(f"{same} {'says' if same == 1 else 'say'} what is settled already: nothing changes")
    if counts[Outcome.LEFT_OUT]:
        note(f"{counts[Outcome.LEFT_OUT]} left out: they check reviewers by known answers, where these were asked")
    if counts[Outcome.REFUSED]:
        note(f"error: {counts[Outcome.REFUSED]} could not be taken in")
        sys.exit(1)


def _verdicts(file: IO[bytes], form: str) -> "Iterable[Foreign | Broken]":
    from review import label_studio
    from review.foreign_verdicts import read_csv, read_json_lines

    ahead = file if isinstance(file, io.BufferedReader) else io.BufferedReader(file)  # type: ignore[type-var] # it is raw
    begin = ahead.peek(64)[:64]
    if begin.startswith(_BOM):
        ahead.read(len(_BOM))
        begin = begin.removeprefix(_BOM)
    if not begin:
        return ()
    if form == "auto":
        form = {b"[": "label-studio", b"{": "jsonl"}.get(begin.lstrip()[:1], "csv")
    if form == "label-studio":
        return label_studio.read(ahead)
    return read_json_lines(ahead) if form == "jsonl" else read_csv(ahead)


def _shown(verdicts: "Iterable[Foreign | Broken]") -> Iterable[Any]:
    from tqdm import tqdm

    shown: Iterable[Any] = tqdm(verdicts, desc="importing", unit="verdict", disable=None, leave=False)
    return shown
