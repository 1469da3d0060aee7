"""`bearbot explain`: a sheet that shows why the model says what it says of a photo."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.console import note, print_json, reports_errors

if TYPE_CHECKING:  # imported in the command: `--help` loads neither torch nor pydantic
    from model.explanation import Explainer, Explanation
    from review.policy import Routing

_PICTURES = frozenset({".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".pdf"})


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PHOTO...", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="SHEET.png|FOLDER",
    type=click.Path(path_type=Path),
    help="Where the sheet goes; a folder for several photos. Default: PHOTO-explained.png in the current folder.",
)
@click.option("--force", is_flag=True, help="Overwrite sheets that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a photo; draw sheets only with -o.")
@reports_errors
def explain(paths: tuple[Path, ...], output: Path | None, force: bool, as_json: bool) -> None:
    """Draw why the model says what it says of a photo, for people who know nothing of networks.

    The sheet shows where the model looked, how sure it is, how strange the photo is to it, what another network sees in
    it, and the freely licensed photos that look most like it.

    \b
    Example:
      bearbot explain bear.jpg -o sheet.png
      bearbot explain photos/*.jpg -o sheets/
    """
    targets: Sequence[Path | None] = _targets(paths, output)
    if as_json and output is None:
        targets = [None] * len(paths)
    failed = False
    explainer = cache(_explainer)  # loaded when the first photo needs it
    for path, target in _progress(list(zip(paths, targets, strict=True))):
        result = _explained(path, target, explainer, force=force)
        failed = failed or isinstance(result, str)
        if as_json:
            print_json({"path": str(path), "error": result} if isinstance(result, str) else _row(path, target, *result))
        elif isinstance(result, str):
            note(f"error: {path}: {result}")
        else:
            click.echo(f"{path}: {_sentences(*result)} See {target}")
    if failed:
        sys.exit(1)


def _targets(paths: Sequence[Path], output: Path | None) -> list[Path]:
    """Where each photo's sheet goes; `-o` ends in .png or is a folder."""
    if output is not None and not output.is_dir():
        if output.suffix.lower() == ".png":
            if len(paths) > 1:
                raise click.UsageError(f"-o {output}: expected a folder for the sheets of {len(paths)} photos")
            return [output]
        if output.is_file() or output.suffix.lower() in _PICTURES:
            raise click.UsageError(
                f"-o {output}: sheets are PNG pictures: expected a name that ends in .png, or a folder"
            )
    targets, seen = [], Counter[str]()
    for path in paths:
        seen[path.stem] += 1  # photos of one name from several folders
        number = f"-{seen[path.stem]}" if seen[path.stem] > 1 else ""
        targets.append((output or Path()) / f"{path.stem}{number}-explained.png")
    return targets


def _progress(tasks: list[tuple[Path, Path | None]]) -> Iterator[tuple[Path, Path | None]]:
    if len(tasks) == 1:
        yield from tasks
        return
    from tqdm import tqdm

    yield from tqdm(tasks, desc="explaining", disable=None, leave=False)


def _explained(
    path: Path, target: Path | None, explainer: "Callable[[], Explainer]", *, force: bool
) -> "tuple[Explanation, Routing] | str":
    """One photo, its sheet written; or why not, said before the model is loaded if that can be known."""
    from model.errors import ImageError
    from model.images import decode, read_photo
    from review.explanation_sheet import sheet
    from review.policy import route

    if target is not None and target.exists() and not force:
        return f"{target} is there already: use --force to overwrite it, or another -o"
    if path.is_dir():
        return f"is a folder; name the photos in it, as in {path / '*.jpg'}"
    try:
        picture = decode(read_photo(path))
    except ImageError as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    explanation = explainer().explain(picture)
    prediction = explanation.prediction
    routing = route(
        confidence=prediction.confidence,
        in_domain=prediction.in_domain,
        answer_threshold=prediction.answer_threshold,
    )
    if target is not None:
        try:
            _write(target, sheet(explanation, routing))
        except OSError as error:
            return f"{target} cannot be written: {error.strerror or error}"
    return explanation, routing


def _row(path: Path, target: Path | None, explanation: "Explanation", routing: "Routing") -> dict[str, Any]:
    return {
        "path": str(path),
        **explanation.to_json(),
        "route": routing.decision.value,
        "reasons": [reason.value for reason in routing.reasons],
        "sheet": str(target) if target is not None else None,
    }


def _sentences(explanation: "Explanation", routing: "Routing") -> str:
    from review.explanation_english import ENGLISH
    from review.explanation_words import headline, outcome

    return f"{headline(ENGLISH, explanation, routing)}. {outcome(ENGLISH, routing)}"


def _explainer() -> "Explainer":
    import torch

    from model.explanation import Explainer
    from model.gallery import gallery_folder, read_gallery
    from model.network import torch_device
    from model.registry import Registry
    from model.serving import Classifier
    from model.settings import ModelSettings

    settings = ModelSettings.load()
    torch.set_num_threads(settings.threads)
    registry = Registry(settings.home, settings.labels)
    artifact, device = registry.load(registry.champion()), torch_device(settings.device)
    classifier = Classifier.load(
        artifact, device, registry.feature_store, weights=registry.stored_weights(artifact.card)
    )
    return Explainer(classifier, read_gallery(gallery_folder(settings.home)))


def _write(target: Path, data: bytes) -> None:
    """Whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    except BaseException:  # also at Ctrl-C
        part.unlink(missing_ok=True)
        raise
