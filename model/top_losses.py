"""A sheet of the test photos that a version got most wrong, or was least sure of: fast.ai's top losses."""

import io
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from model.artifact import Artifact
from model.calibration import softmax
from model.dataset import Split
from model.errors import ImageError
from model.images import decode, read_photo

_ROWS, _COLUMNS = 3, 4
_SIDE = 260  # pixels a photo


def top_losses(artifact: Artifact, paths: Mapping[str, Path]) -> bytes:
    """PNG: the twelve test photos with the highest loss, worst first; photos that are not at hand leave a gap.

    `paths`: sha256 -> file. Over each photo: what the model says / what it is, the probability of the truth, the loss
    in nats.
    """
    labels = artifact.card.labels
    photos = artifact.manifest.of(Split.TEST)
    probabilities = softmax(artifact.tests.logits[:, 0].astype(np.float64) / artifact.card.temperature)
    truth = np.array([labels.index(photo.label) for photo in photos])
    chance = probabilities[np.arange(len(photos)), truth]
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(_COLUMNS * 2.8, _ROWS * 3.0), layout="constrained")
        worst = np.argsort(chance, kind="stable")[: _ROWS * _COLUMNS]
        for place, index in enumerate(worst, start=1):
            axes = figure.add_subplot(_ROWS, _COLUMNS, place)
            axes.set_axis_off()
            said = labels[int(probabilities[index].argmax())]
            loss = -np.log(max(chance[index], 1e-12))
            axes.set_title(
                f"says {said} / is {photos[index].label}\nsure of the truth {chance[index]:.0%}, loss {loss:.2f}",
                color="#c53030" if said != photos[index].label else "black",
                fontsize=9,
            )
            path = paths.get(photos[index].sha256)
            try:
                if path is None:
                    raise FileNotFoundError
                picture = decode(read_photo(path))
            except (ImageError, OSError):
                axes.text(0.5, 0.5, "not at hand", ha="center", va="center", transform=axes.transAxes)
            else:
                picture.thumbnail((_SIDE, _SIDE))
                axes.imshow(np.asarray(picture))
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
