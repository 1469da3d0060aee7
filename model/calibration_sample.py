"""The photos on which the answer threshold is chosen: a sample of what is taken to arrive, or of what did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.risk import CONSERVATIVE_THRESHOLD, DEFAULT_MIX, drawn_mix

# So many answered photos of the audited traffic, all right, bear out 2 %; until then the default mix serves.
_FEWEST_ANSWERED = 149

_SUBJECT_ALONE = (
    "all that arrives are photos like the training photos; the model was tried on nothing else (train it with --near "
    "and --far)"
)
_SHARES = {
    "subject": "{} of what arrives are photos like the training photos",
    "far": "{} are pictures of something else",
    "near": "{} only look like the subject",
}
_MIX = ", of sorts like those that it was tried on; answers to those count as wrong"
_TRAFFIC = (
    "what arrives is like the {count} photos, one of each sender, that were drawn from all that arrived before and "
    "judged by people"
)


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model makes of photos (N) that it was not fitted to.

    `confidence` is 0 where a photo is out of domain and so never answered; `correct` whether the answer would be right.
    Photos of one of `groups` (scene or sender) are not independent; `sampled` ones are of the audited traffic.
    """

    confidence: NDArray[np.float64]
    correct: NDArray[np.bool_]
    groups: Sequence[str]
    sampled: NDArray[np.bool_]

    def rows(self, wanted: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.int64]:
        """Of the wanted photos one of each group, drawn at random: a bound holds for independent photos only."""
        shuffled = random.permutation(np.flatnonzero(wanted))
        first: dict[str, int] = {}
        for row in shuffled.tolist():
            first.setdefault(self.groups[row], row)
        return np.array(sorted(first.values()), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class CalibrationSample:
    """Independent photos (C) with confidence and correctness, how many of each kind, and what they stand for."""

    confidences: NDArray[np.float64]
    correct: NDArray[np.bool_]
    composition: Mapping[str, int]
    assumption: str


def calibration_sample(
    subject: Judged, outliers: Judged, kinds: NDArray[np.object_], *, seed: int
) -> CalibrationSample:
    """The audited traffic if there is enough of it, else the default mix, as far as there are outliers for it.

    `kinds` (N) of the outliers: far, near, or none (of the labels, said people). What people sent and called none of
    the labels is taken for near: the model may well have answered it.
    """
    random = np.random.default_rng(seed)
    arrived = subject.rows(subject.sampled, random), outliers.rows(outliers.sampled, random)
    traffic = _joined(subject, arrived[0], outliers, {"none": arrived[1]})
    if (traffic[0] >= CONSERVATIVE_THRESHOLD).sum() >= _FEWEST_ANSWERED:
        composition = {"subject": len(arrived[0]), "none": len(arrived[1])}
        return CalibrationSample(*traffic, composition, _TRAFFIC.format(count=sum(composition.values())))
    rows = {
        "subject": subject.rows(np.ones(len(subject.groups), dtype=bool), random),
        "far": outliers.rows(kinds == "far", random),
        "near": outliers.rows((kinds == "near") | (kinds == "none"), random),
    }
    present = {kind: share for kind, share in DEFAULT_MIX.items() if len(rows[kind])}
    shares = {kind: share / sum(present.values()) for kind, share in present.items()}
    drawn = drawn_mix({kind: len(found) for kind, found in rows.items()}, shares, seed)
    chosen = {kind: rows[kind][places] for kind, places in drawn.items()}
    assumption = _SUBJECT_ALONE
    if len(shares) > 1:
        parts = [_SHARES[kind].format(f"{share:.0%}") for kind, share in shares.items()]
        assumption = ", ".join(parts[:-1]) + " and " + parts[-1] + _MIX
    return CalibrationSample(
        *_joined(subject, chosen.pop("subject"), outliers, chosen),
        {kind: len(places) for kind, places in drawn.items()},
        assumption,
    )


def _joined(
    subject: Judged, rows: NDArray[np.int64], outliers: Judged, others: Mapping[str, NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    outside = np.concatenate([np.empty(0, dtype=np.int64), *others.values()])
    return (
        np.concatenate([subject.confidence[rows], outliers.confidence[outside]]),
        np.concatenate([subject.correct[rows], outliers.correct[outside]]),
    )
