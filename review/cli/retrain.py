"""`bearbot retrain`: what people said becomes a new model, if it is no worse."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from model.console import note, one_line_errors, print_json

if TYPE_CHECKING:  # imported in the command: `--help` loads neither torch nor SQLAlchemy
    from review.retraining import RetrainingResult


@click.command()
@click.option(
    "--photos",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that the model was trained on: the whole network is fine-tuned then. Best on a GPU. Repeatable.",
)
@click.option("--tell", hidden=True, help="Who asked for it in a chat: a review.outbox.Recipient as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def retrain(photos: tuple[Path, ...], tell: str | None, as_json: bool) -> None:
    """Train a new model on what people have labelled; it answers from then on if it is not worse.

    Both models are measured on the same photos, which neither was trained on. A running bot takes the new model up by
    itself. The exit status is 0 also when the old model stays.

    \b
    Example:
      bearbot retrain
    """
    import json
    import signal

    # SIGTERM ends it as Ctrl-C does: recorded, and whoever asked for it is told.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from model.errors import ModelError
    from model.progress import progress_bars
    from model.registry import Registry
    from model.settings import ModelSettings
    from review.database import Database
    from review.errors import ReviewError
    from review.outbox import Recipient
    from review.retraining import retrain as run_retraining
    from review.schema import require_current
    from review.settings import ReviewSettings
    from review.storage import LocalImageStore

    with one_line_errors(ReviewError, ModelError, OSError):
        review_settings, model_settings = ReviewSettings.load(), ModelSettings.load()
        database = Database(review_settings.database_url)
        require_current(database)
        result = run_retraining(
            database=database,
            registry=Registry(model_settings.home, model_settings.labels),
            images=LocalImageStore(review_settings.image_store),
            device=model_settings.device,
            paths=_paths(photos, review_settings.image_store) if photos else None,
            progress=progress_bars(),
            tell=Recipient(**json.loads(tell)) if tell else None,
        )
    if as_json:
        print_json(_row(result))
    else:
        _tell(result)


def _paths(photos: tuple[Path, ...], image_store: Path) -> dict[str, Path]:
    """sha256 -> file, of the base photos and of everything in the image store."""
    from model.scanning import paths_by_key

    return {**paths_by_key(photos), **{path.stem: path for path in image_store.glob("??/??/*.jpg")}}


def _row(result: "RetrainingResult") -> dict[str, object]:
    return {
        "outcome": result.outcome.value,
        "explanation": result.explanation,
        "champion_before": result.champion_version,
        "candidate": result.candidate_version,
        "reviewed_photos": result.snapshot.labelled,
        "none_of_these": result.snapshot.none_of_these,
        "contradictory": result.snapshot.contradictory,
        "foreign_labels": result.snapshot.foreign_labels,
        "left_out": [{"sha256": sha256, "why": why} for sha256, why in result.left_out],
        "champion_metrics": result.champion_report.to_json() if result.champion_report else None,
        "candidate_metrics": result.candidate_report.to_json() if result.candidate_report else None,
    }


def _tell(result: "RetrainingResult") -> None:
    from review.phrases import counted
    from review.tables import RetrainingOutcome

    snapshot = result.snapshot
    click.echo(f"labelled by people  {counted(snapshot.labelled, 'photo')} to learn from")
    for count, what in (
        (snapshot.none_of_these, "of none of the labels, which teach what to leave to people"),
        (snapshot.contradictory, "labelled in two ways, which teach nothing"),
        (snapshot.foreign_labels, "with a label that the model does not have"),
        (len(result.left_out), "could not be used:"),
    ):
        if count:
            click.echo(f"                    {count} {what}")
    for sha256, why in result.left_out:
        note(f"left out: photo {sha256[:12]}: {why}")
    if result.champion_report and result.candidate_report:
        click.echo(f"{result.champion_version} (champion)   right {result.champion_report.accuracy}")
        click.echo(f"{result.candidate_version} (candidate)  right {result.candidate_report.accuracy}")
    click.echo(result.explanation)
    if result.outcome is RetrainingOutcome.PROMOTED:
        click.echo(f"{result.candidate_version} answers now; `bearbot model rollback` takes it back")
    else:
        click.echo(f"{result.champion_version} goes on answering")
