"""How many labels the order of the queue saves: `make bench-ranking`.

Photos whose labels are known are sent to an imaginary bot whose model has seen a few of each label. Its answers rank
them once, as an intake does; then people label them, some a round, in our order (`review.policy`, `review.slate`) or
in random order, and after each round the head is trained anew on what is labelled. What is told is the accuracy on a
part that nobody labels.

The weights of the rules were chosen on one half of the photos (`--half tuned`), scenes kept whole; by default the other
half is told of, on which nothing was chosen.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from model.backbone import DEFAULT_BACKBONE
from model.calibration import softmax
from model.console import note
from model.errors import ImageError
from model.extraction import extract
from model.head import Head, head_inputs
from model.images import SUFFIXES, decode, files_in, read_photo
from model.network import load_body
from model.splitting import near_duplicate_groups
from model.training import HeadRecipe, train_head
from review.policy import Reason, uncertainty_of, value
from review.slate import Candidate, diversify

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
FEWEST = 40  # photos of a label: a tenth is left when halves are cut into folds
FOLDS = 5
ROUNDS = 20  # from the few labels of the start to all of them
SEEN_OF_EACH = 5  # labels at the start
SLATE, LATELY = 300, 300  # as in `review.slate`
# Curves that end at the same height cross it by chance, one photo of 150 more or less: told is also who is this near.
TOLERANCE = 0.0025
ORDERS = ("ours", "random")
Row = dict[str, Any]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Photos:
    """`features` (N, V, D) of all views, `labels` (N,) as numbers below `classes`, `scenes` (N,) of near-duplicates."""

    features: NDArray[np.float32]
    labels: Integers
    scenes: Integers
    classes: int

    def half(self, name: str) -> Integers:
        """Rows of the half that was tuned on, of the other one ("told"), or all of them."""
        if name == "all":
            return np.arange(len(self.labels))
        halves = StratifiedGroupKFold(2, shuffle=True, random_state=7)
        tuned, told = next(halves.split(self.labels, self.labels, self.scenes))
        return tuned if name == "tuned" else told


@dataclass(frozen=True, eq=False)
class Curve:
    """`labels` (R,): given so far; `accuracy` (S, R) of each seed on the part held out."""

    labels: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """(R,)"""
        result: NDArray[np.float64] = self.accuracy.mean(axis=0)
        return result

    def needed(self, accuracy: float) -> float:
        """Labels from which the mean reaches this accuracy."""
        return float(self.labels[int((self.mean >= accuracy).argmax())])


@click.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER...]", type=click.Path(exists=True, path_type=Path))
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Repetitions of everything.")
@click.option("--half", type=click.Choice(["told", "tuned", "all"]), default="told", show_default=True)
@click.option("--png", type=click.Path(path_type=Path), default=Path("out/ranking.png"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a folder instead of tables.")
def bench(folders: tuple[Path, ...], seeds: int, half: str, png: Path, as_json: bool) -> None:
    """Accuracy by labels, in our order and in random order, on each FOLDER (photos lie in folders named by label).

    \b
    Example:
      make bench-ranking ARGS="photos/ --seeds 5"
    """
    folders = folders or tuple(folder for folder in (SHARED / "bears", SHARED) if folder.is_dir())
    if not folders:
        note("no photos to measure the order of the queue with: name a FOLDER that holds a folder for each label")
        return
    known: dict[Path, NDArray[np.float16]] = {}
    measured: dict[str, Mapping[str, Curve]] = {}
    for folder in folders:
        photos = photos_in(folder, known)
        began = time.monotonic()
        curves = {order: curve_of(photos, photos.half(half), order, seeds) for order in ORDERS}
        measured[f"{folder.name}: {photos.classes} labels"] = curves
        row = figures(folder, photos, half, curves, time.monotonic() - began)
        click.echo(json.dumps(row) if as_json else table(row))
    draw(measured, png)
    note(f"drawn: {png}")


def photos_in(folder: Path, known: dict[Path, NDArray[np.float16]]) -> Photos:
    """All photos of labels that have enough; `known` keeps features, for another folder may hold the same files."""
    files = [path for path in files_in([folder]) if path.suffix.lower() in SUFFIXES]
    counts = Counter(path.parent for path in files)
    names = sorted(label for label, count in counts.items() if count >= FEWEST)
    files = [path for path in files if path.parent in names]
    if len(names) < 2:
        raise click.UsageError(f"{folder}: expected two labels with {FEWEST} photos each, found {len(names)}")
    new = [path for path in files if path not in known]
    note(f"{folder.name}: features of {len(new)} photos ...")
    body = load_body(DEFAULT_BACKBONE, torch.device("cpu"))
    known |= dict(extract(body, readable(new), lambda path: decode(read_photo(path)), batch_size=16))
    files = [path for path in files if path in known]
    features = np.stack([known[path] for path in files]).astype(np.float32)
    labels = np.array([names.index(path.parent) for path in files], dtype=np.int64)
    return Photos(features, labels, near_duplicate_groups(features), len(names))


def readable(paths: Iterable[Path]) -> Iterator[Path]:
    """Without what is no picture."""
    for path in paths:
        try:
            decode(read_photo(path))
        except ImageError:
            continue
        yield path


def curve_of(photos: Photos, rows: Integers, order: str, seeds: int) -> Curve:
    """Each seed cuts the rows into other folds; of each fold the labels of the others are asked for."""
    right = np.zeros((seeds, ROUNDS + 1))
    given = np.zeros(ROUNDS + 1)
    for seed in range(seeds):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=100 + seed)
        for asked, held in folds.split(rows, photos.labels[rows], photos.scenes[rows]):
            for number, head, labelled in rounds(photos, rows[asked], order, seed):
                said = head.logits(photos.features[rows[held], 0]).argmax(axis=1)
                right[seed, number] += (said == photos.labels[rows[held]]).sum()
                given[number] += labelled
        note(f"{order} order, seed {seed + 1} of {seeds}")
    return Curve(given / (seeds * FOLDS), right / len(rows))


def rounds(photos: Photos, asked: Integers, order: str, seed: int) -> Iterator[tuple[int, Head, int]]:
    """(round, the head trained after it, how many labels it was trained on)"""
    random = np.random.default_rng(seed)
    labels = photos.labels[asked]
    seen = np.concatenate(
        [random.choice(asked[labels == label], SEEN_OF_EACH, replace=False) for label in range(photos.classes)]
    )
    waiting = random.permutation(np.setdiff1d(asked, seen))
    head = trained(photos, seen, seed)
    yield 0, head, len(seen)
    novelty = novelties(photos, seen, waiting)
    stored = values(photos, head, waiting, novelty)
    a_round, labelled = math.ceil(len(waiting) / ROUNDS), np.empty(0, dtype=np.int64)
    for number in range(1, ROUNDS + 1):
        queue = waiting[~np.isin(waiting, labelled)]
        if order == "ours" and len(queue):
            queue = served(photos, queue, stored, values(photos, head, queue, novelty), labelled)
        labelled = np.concatenate([labelled, queue[:a_round]])
        rows = np.concatenate([seen, labelled])
        head = trained(photos, rows, seed)
        yield number, head, len(rows)


def novelties(photos: Photos, seen: Integers, waiting: Integers) -> dict[int, float]:
    """What an intake stores of each photo: the share of the photos learnt from that are less far from the others."""
    unit = photos.features[:, 0] / np.linalg.norm(photos.features[:, 0], axis=1, keepdims=True)
    among = unit[seen] @ unit[seen].T - 2 * np.eye(len(seen))  # each left out
    usual = np.sort(1 - among.max(axis=1))
    found = np.searchsorted(usual, 1 - (unit[waiting] @ unit[seen].T).max(axis=1)) / len(seen)
    return dict(zip(waiting.tolist(), found.tolist(), strict=True))


def values(photos: Photos, head: Head, queue: Integers, novelty: Mapping[int, float]) -> dict[int, float]:
    """The place of each photo within its reason, which is the same for all.

    A model that learnt so little cannot promise anything, so it lets people answer everything.
    """
    said = softmax(head.logits(photos.features[queue, 0]))
    return {row: value(uncertainty_of(p), novelty[row]) for row, p in zip(queue.tolist(), said, strict=True)}


def served(
    photos: Photos, queue: Integers, stored: Mapping[int, float], now: Mapping[int, float], labelled: Integers
) -> Integers:
    """The queue as it is handed out: its first few hundred as `stored`, by what they are worth `now`, diversified."""
    first = sorted(queue.tolist(), key=lambda row: -stored[row])[:SLATE]
    candidates = [Candidate(row, Reason.LOW_CONFIDENCE, now[row], photos.features[row, 0]) for row in first]
    known = photos.features[labelled[-LATELY:], 0] if len(labelled) else None
    return np.array(diversify(candidates, known=known), dtype=np.int64)


def trained(photos: Photos, rows: Integers, seed: int) -> Head:
    """As a retraining does it: on all views."""
    views, dimensions = photos.features.shape[1:]
    inputs = head_inputs(photos.features[rows].reshape(-1, dimensions))
    linear = train_head(
        inputs,
        np.repeat(photos.labels[rows], views),
        photos.classes,
        device=torch.device("cpu"),
        recipe=HeadRecipe(seed=seed),
    )
    return Head(linear.weight.detach().numpy(), linear.bias.detach().numpy())


def figures(folder: Path, photos: Photos, half: str, curves: Mapping[str, Curve], seconds: float) -> Row:
    """One JSON object."""
    full = float(np.mean([curve.mean[-1] for curve in curves.values()]))

    def needed(accuracy: float) -> dict[str, float]:
        labels = {order: round(curve.needed(accuracy)) for order, curve in curves.items()}
        return {**labels, "share": round(labels["ours"] / labels["random"], 3)}

    return {
        "folder": folder.name,
        "half": half,
        "photos": len(photos.half(half)),
        "labels": photos.classes,
        "seeds": len(curves["ours"].accuracy),
        "accuracy_of_all": round(full, 4),
        "needed": needed(full),
        "tolerance": TOLERANCE,
        "needed_within_tolerance": needed(full - TOLERANCE),
        "seconds": round(seconds),
        "curve": [
            {
                "labels": round(float(curves["ours"].labels[number])),
                **{
                    order: [
                        round(float(value), 4)
                        for value in (
                            curve.mean[number],
                            curve.accuracy[:, number].min(),
                            curve.accuracy[:, number].max(),
                        )
                    ]
                    for order, curve in curves.items()
                },
            }
            for number in range(ROUNDS + 1)
        ],
    }


def table(row: Row) -> str:
    """For people."""

    def cell(values: Sequence[float]) -> str:
        mean, low, high = (f"{100 * value:5.1f}" for value in values)
        return f"{mean} ({low.strip()} to {high.strip()})"

    lines = [
        f"{row['folder']}: {row['photos']} photos of {row['labels']} labels, half: {row['half']}, {row['seeds']} seeds",
        f"{'labels':>8}  {'right, our order, %':<24}  {'random order, %':<24}",
        *(f"{point['labels']:>8}  {cell(point['ours']):<24}  {cell(point['random']):<24}" for point in row["curve"]),
        f"labels needed to reach the accuracy of labelling all ({100 * row['accuracy_of_all']:.1f} %): "
        f"{said(row['needed'])}; within {100 * row['tolerance']:.2f} points: {said(row['needed_within_tolerance'])}",
    ]
    return "\n".join(lines)


def said(needed: Mapping[str, float]) -> str:
    return f"ours {needed['ours']}, random {needed['random']} ({needed['share']:.0%})"


def draw(measured: Mapping[str, Mapping[str, Curve]], png: Path) -> None:
    """A panel for each folder: means as lines, the seeds' range as bands, the accuracy of labelling all dotted."""
    figure = Figure(figsize=(6.4 * len(measured), 4.4), layout="constrained")
    for number, (title, curves) in enumerate(measured.items(), start=1):
        axes = figure.add_subplot(1, len(measured), number)
        for (order, curve), colour, style in zip(curves.items(), ("#0b6e4f", "#8a5a00"), ("-", "--"), strict=True):
            axes.plot(
                curve.labels,
                100 * curve.mean,
                style,
                color=colour,
                label="our order" if order == "ours" else "random order",
            )
            low, high = 100 * curve.accuracy.min(axis=0), 100 * curve.accuracy.max(axis=0)
            axes.fill_between(curve.labels, low, high, color=colour, alpha=0.15, linewidth=0)
        full = float(np.mean([curve.mean[-1] for curve in curves.values()]))
        axes.axhline(100 * full, color="0.35", linestyle=":", linewidth=1, label="all labelled")
        axes.set(title=title, xlabel="labels given", ylabel="right on photos held out, %")
        axes.grid(alpha=0.25)
        axes.legend(loc="lower right", frameon=False)
    png.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(png, dpi=130)


if __name__ == "__main__":
    bench()
