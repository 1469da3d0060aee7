"""`bearbot classify`: what the bot would say of photos on disk, without a bot."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.console import note, print_json, reports_errors
from review.phrases import percent

if TYPE_CHECKING:  # imported in the command: `--help` loads neither torch nor pydantic
    from model.images import ImageLimits
    from model.serving import Classifier, ImageFailure, Prediction

_BATCH = 16  # photos decoded and judged together


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a photo.")
@reports_errors
def classify(paths: tuple[Path, ...], as_json: bool) -> None:
    """What the model says of photos (files or folders), and whether it would answer or ask a person.

    Every file in a folder gets a row. One that is no photo, or missing, gets its error; the exit status is then 1.

    \b
    Example:
      bearbot classify --json photos/ | jq .label
    """
    failed = False
    classifier = _champion()
    for path, result in _results(classifier, list(_files(paths))):
        row = _row(path, result)
        failed = failed or "error" in row
        if as_json:
            print_json(row)
        else:
            click.echo(_sentence(row))
    if failed:
        sys.exit(1)


def _champion() -> "Classifier":
    import torch

    from model.network import torch_device
    from model.registry import Registry
    from model.serving import Classifier
    from model.settings import ModelSettings

    settings = ModelSettings.load()
    torch.set_num_threads(settings.threads)
    registry = Registry(settings.home)
    return Classifier.load(registry.load(registry.champion()), torch_device(settings.device), registry.feature_store)


def _files(paths: tuple[Path, ...]) -> "Iterator[Path]":
    from model.images import files_in

    for path in paths:
        found = list(files_in([path]))
        if not found:
            note(f"{path}: the folder is empty")
        yield from found


def _results(classifier: "Classifier", files: list[Path]) -> "Iterator[tuple[Path, Prediction | ImageFailure | str]]":
    """Each file with what became of it, in order; a string is why it could not be read."""
    from tqdm import tqdm

    from model.images import DEFAULT_LIMITS

    with tqdm(total=len(files), desc="classifying", disable=None, leave=False) as bar:
        for start in range(0, len(files), _BATCH):
            batch = files[start : start + _BATCH]
            read = [_read(path, DEFAULT_LIMITS) for path in batch]
            results = iter(classifier.predict_batch([data for data in read if isinstance(data, bytes)]))
            for path, data in zip(batch, read, strict=True):
                yield path, data if isinstance(data, str) else next(results)
            bar.update(len(batch))


def _read(path: Path, limits: "ImageLimits") -> bytes | str:
    """The bytes, or why not."""
    from model.images import read_photo

    try:
        return read_photo(path, limits)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _row(path: Path, result: "Prediction | ImageFailure | str") -> dict[str, Any]:
    from model.serving import ImageFailure
    from review.policy import route

    if isinstance(result, str | ImageFailure):
        return {"path": str(path), "error": result if isinstance(result, str) else result.message}
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
    if "error" in row:
        return f"{row['path']}: {row['error']}"
    if row["route"] == "answer":
        return f"{row['path']}: {row['label']} ({percent(row['confidence'])})"
    why = " and ".join(reason.replace("_", " ") for reason in row["reasons"])
    return f"{row['path']}: perhaps {row['label']} ({percent(row['confidence'])}), a person would look: {why}"
