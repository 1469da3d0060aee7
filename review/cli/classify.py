"""`bearbot classify`: what the bot would say of photos on disk, without a bot."""

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.console import note, print_json, printable, reports_errors
from review.phrases import percent

if TYPE_CHECKING:  # imported in the command: `--help` loads neither torch nor pydantic
    from model.serving import Classifier, ImageFailure, Prediction

# Such errors are of the moment (a disk that is not mounted, a permission); all others are of the photo itself.
_UNREADABLE = "cannot be read: "


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a photo.")
@click.option(
    "--skip-done",
    "earlier",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Leave out the photos whose rows are in FILE, which an earlier --json run printed (perhaps not to its end).",
)
@reports_errors
def classify(paths: tuple[Path, ...], as_json: bool, earlier: Path | None) -> None:
    """What the model says of photos (files or folders), and whether it would answer or ask a person.

    Every file in a folder gets a row. One that is no photo, or missing, gets its error; the exit status is then 1.
    Folders may be of any size: rows come as they are found, and with --skip-done a run that was cut off goes on.
    What could not be read then is tried again.

    \b
    Example:
      bearbot classify --json photos/ | jq .label
      bearbot classify --json --skip-done rows.jsonl photos/ >> rows.jsonl
    """
    done = _done(earlier) if earlier else frozenset()
    failed = False
    classifier = _champion()
    if earlier and as_json and _torn(earlier) and _continued_by_stdout(earlier):
        click.echo()  # the line that was cut off stays alone
    for path, result in _results(classifier, paths, done):
        row = _row(path, result)
        failed = failed or "error" in row
        if as_json:
            print_json(row)
        else:
            click.echo(_sentence(row))
    if failed:
        sys.exit(1)


def _done(earlier: Path) -> frozenset[str]:
    """The paths that need no second look."""
    done = set()
    with earlier.open("rb") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue  # a line that was cut off
            if isinstance(row, dict) and "path" in row and not str(row.get("error", "")).startswith(_UNREADABLE):
                done.add(str(row["path"]))
    return frozenset(done)


def _torn(earlier: Path) -> bool:
    """Whether the last line was cut off."""
    with earlier.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _continued_by_stdout(earlier: Path) -> bool:
    """Whether what is printed goes to the end of that file (`>>`), or may do so (`| tee -a`)."""
    try:
        status = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is closed, or not a file at all
        return False
    return stat.S_ISFIFO(status.st_mode) or os.path.samestat(status, earlier.stat())


def _champion() -> "Classifier":
    import torch

    from model.network import torch_device
    from model.registry import Registry
    from model.serving import Classifier
    from model.settings import ModelSettings

    settings = ModelSettings.load()
    torch.set_num_threads(settings.threads)
    registry = Registry(settings.home, settings.labels)
    artifact = registry.load(registry.champion())
    device, weights = torch_device(settings.device), registry.stored_weights(artifact.card)
    return Classifier.load(artifact, device, registry.feature_store, weights=weights)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    from model.images import files_in

    for path in paths:
        found = False
        for file in files_in([path]):
            found = True
            yield file
        if not found:
            note(f"{path}: the folder is empty")


def _results(
    classifier: "Classifier", paths: tuple[Path, ...], done: frozenset[str]
) -> "Iterator[tuple[Path, Prediction | ImageFailure]]":
    """Each file that is not done with what became of it, in order."""
    from tqdm import tqdm

    from model.images import files_in

    # Counting means listing all folders twice, which is worth it for a person who waits.
    total = sum(1 for _ in files_in(paths)) if sys.stderr.isatty() else None
    with tqdm(total=total, desc="classifying", unit="photo", disable=None, leave=False) as bar:

        def remaining() -> Iterator[Path]:
            for file in _files(paths):
                if str(file) in done:
                    bar.update()
                else:
                    yield file

        for result in classifier.predict_each(remaining(), _read):
            yield result
            bar.update()


def _read(path: Path) -> bytes:
    from model.errors import ImageError, ImageProblem
    from model.images import read_photo

    try:
        if path.is_dir():
            next(path.iterdir(), None)  # it came here because this fails
        return read_photo(path)
    except OSError as error:
        raise ImageError(ImageProblem.DAMAGED, f"{_UNREADABLE}{error.strerror or error}") from error


def _row(path: Path, result: "Prediction | ImageFailure") -> dict[str, Any]:
    from model.serving import ImageFailure
    from review.policy import route

    if isinstance(result, ImageFailure):
        return {"path": str(path), "error": result.message}
    routing = route(confidence=result.confidence, in_domain=result.in_domain, answer_threshold=result.answer_threshold)
    return {
        "path": str(path),
        "label": result.label,
        "confidence": result.confidence,
        "probabilities": result.probabilities,
        "out_of_domain_score": result.out_of_domain_score,
        "in_domain": result.in_domain,
        "route": routing.decision.value,
        "reasons": [reason.value for reason in routing.reasons],
        "model_version": result.model_version,
    }


def _sentence(row: dict[str, Any]) -> str:
    name = printable(row["path"])
    if "error" in row:
        return f"{name}: {row['error']}"
    if row["route"] == "answer":
        return f"{name}: {row['label']} ({percent(row['confidence'])})"
    why = " and ".join(reason.replace("_", " ") for reason in row["reasons"])
    return f"{name}: perhaps {row['label']} ({percent(row['confidence'])}), a person would look: {why}"
