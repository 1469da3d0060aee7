"""The dashboard's figures as files, for those without the page."""

from datetime import datetime
from pathlib import Path

from model.console import note
from model.errors import ModelError
from review.cli.installation import Installation
from review.clock import utc_now
from review.figures.board import figures
from review.figures.figure import by_itself
from review.overview import overview
from review.phrases import counted
from review.risk_coverage import risk_coverage
from review.statistics import promise_of


def write_plots(installation: Installation, folder: Path, since: datetime | None) -> None:
    """One SVG file for each figure that there is something to draw of; the others say why there is not.

    Raises `OSError` if the folder cannot be written to.
    """
    with installation.database.read() as session:
        found = overview(session, since, utc_now())
    promise = promise_of(installation.registry)
    try:
        curve = risk_coverage(installation.registry.load(promise.version)) if promise.version is not None else None
    except (ModelError, OSError):
        curve = None  # the promise says why
    folder.mkdir(parents=True, exist_ok=True)
    drawn = 0
    for figure in figures(found, curve, promise):
        if figure.svg is None:
            note(f"{figure.title}: {' '.join(figure.notes)}")
        else:
            (folder / f"{figure.name}.svg").write_text(by_itself(figure), encoding="utf-8")
            drawn += 1
    note(f"{counted(drawn, 'figure')} drawn in {folder}")
