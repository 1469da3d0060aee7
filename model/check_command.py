"""`bearbot data check`: what is wrong with a folder of photos, before a model learns it."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from model.console import note, print_json, printable, reports_errors

if TYPE_CHECKING:  # imported in the command: `--help` loads nothing that decodes pictures
    from model.inspection import Inspection


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--sheet",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PNG",
    help="Write the contact sheet into this file.  [default: FOLDER-contact-sheet.png, beside FOLDER]",
)
@click.option("--no-sheet", is_flag=True, help="Draw no contact sheet.")
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="TESTFOLDER",
    help="Photos that a model is to be measured with: none of them, nor a copy, should be in FOLDER.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a problem, and a summary as the last one.")
@reports_errors
def check(folder: Path, sheet: Path | None, no_sheet: bool, against: Path | None, as_json: bool) -> None:
    """Name what is wrong with the photos in FOLDER/LABEL/*, and show it on a contact sheet.

    Wrong are files that cannot be read, photos that are filed (or look the same) under two labels, and test photos:
    the exit status is then 1. Worth a look are copies under one label, photos that are blurred, dark, bright, blank,
    tiny or narrow, and files that training would not read: they leave it at 0. What was removed or relabelled in
    `bearbot data clean` counts as decided there. Nothing in FOLDER is changed.

    With --json each problem is {"path", "label", "finding", "severity": "error"|"warning", "why", "other"}; findings
    are broken, two_labels, alike_two_labels, test_photo (errors), duplicate, near_duplicate, blurred, dark, bright,
    blank, tiny, narrow and not_read. The last line is {"summary": {"photos", "labels", "errors", ...}}.

    \b
    Example:
      bearbot data check photos/bears
      bearbot data check photos/bears --no-sheet --json | jq 'select(.severity == "error") | .path'
    """
    target = None if no_sheet else _target(folder, sheet)
    if sheet and no_sheet:
        raise click.UsageError("--sheet and --no-sheet: choose one")
    from model.check_report import report, rows
    from model.inspection import inspect_folder
    from model.progress import file_bar

    found = inspect_folder(folder, against=against, progress=file_bar("looking"))
    licences = _licences(found)
    if as_json:
        for row in rows(found, licences):
            print_json(row)
    else:
        click.echo(report(found, licences))
    if target:
        from model.contact_sheet import contact_sheet

        target.write_bytes(contact_sheet(found))
        note(f"wrote {printable(str(target))}")
    if found.errors:
        sys.exit(1)


def _target(folder: Path, sheet: Path | None) -> Path:
    """Where the contact sheet goes; what cannot work is said before thousands of photos are read."""
    if sheet is None:
        # Beside the folder, not in it: pictures that lie in it are taken for photos.
        named = folder if folder.name not in ("", "..") else folder.resolve()
        return named.with_name(f"{named.name}-contact-sheet.png")
    if sheet.suffix.lower() != ".png":
        raise click.BadParameter(f"expected a name that ends in .png, got {sheet.name!r}", param_hint="'--sheet'")
    if not sheet.parent.is_dir():
        raise click.BadParameter(f"there is no folder {sheet.parent} to write it into", param_hint="'--sheet'")
    return sheet


def _licences(found: "Inspection") -> dict[str, int] | None:
    """Licence -> photos that are there, most frequent first, "" of those not gathered; None if none was."""
    from model.gathering.ledger import LEDGER
    from model.gathering.photo_licences import licences_of

    if not (found.folder / LEDGER).exists():
        return None
    known = licences_of([found.folder])
    return dict(Counter(known.get(photo.sha256, "") for photo in found.photos).most_common())
