"""Why a model says what it says of a photo: where it looked, how sure it is, what else the photo resembles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.gallery import GalleryPhoto
from model.network import Body
from model.out_of_domain.neighbours import normalised
from model.serving import Classifier, Prediction

_NEIGHBOURS = 4
_IMAGENET_CLASSES = 5
_PICTURE_SIDE = 640  # pixels: as large as a sheet shows it
_NEIGHBOUR_SIDE = 320
_BATCH = 16  # photos of the gallery that go through the network together


@dataclass(frozen=True)
class Neighbour:
    """A photo of the gallery; `similarity` is the cosine of the frozen features, at most 1."""

    photo: GalleryPhoto
    picture: Image.Image
    similarity: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a version says of a photo and why.

    `heat` (h, w) in 0..1: how far each part of the photo speaks for the label, over the part that does so most; all 0
    when none does. `training_scores` (101,): percentiles of the out-of-domain scores of its training photos, each left
    out; above `cut` a photo is out of domain. `imagenet`: the likeliest of the 1000 ImageNet classes with their
    probabilities, likeliest first. `neighbours`: the gallery's photos that resemble it most, nearest first.
    """

    picture: Image.Image
    prediction: Prediction
    heat: NDArray[np.float32]
    training_scores: NDArray[np.float64]
    cut: float
    imagenet: tuple[tuple[str, float], ...]
    neighbours: tuple[Neighbour, ...]

    def to_json(self) -> dict[str, Any]:
        """The numbers alone."""
        prediction = self.prediction
        quantiles = np.quantile(self.training_scores, (0, 0.25, 0.5, 0.75, 1))
        return {
            "label": prediction.label,
            "confidence": prediction.confidence,
            "probabilities": prediction.probabilities,
            "answer_threshold": prediction.answer_threshold,
            "out_of_domain_score": prediction.out_of_domain_score,
            "out_of_domain_cut": self.cut,
            "in_domain": prediction.in_domain,
            "training_score_quartiles": [float(value) for value in quantiles],
            "imagenet": dict(self.imagenet),
            "neighbours": [
                {
                    "file": neighbour.photo.path.name,
                    "label": neighbour.photo.label,
                    "similarity": neighbour.similarity,
                    "author": neighbour.photo.author,
                    "licence": neighbour.photo.licence,
                }
                for neighbour in self.neighbours
            ],
            "heat": [[round(float(value), 4) for value in row] for row in self.heat],
            "model_version": prediction.model_version,
        }


class Explainer:
    """A version with what its explanations compare a photo to. Thread-safe: `explain` keeps no state.

    Photos of the gallery whose label the model does not know are left out. Raises `DatasetError` when one of the others
    cannot be opened.
    """

    def __init__(self, classifier: Classifier, gallery: Sequence[GalleryPhoto]) -> None:
        self._classifier = classifier
        self._gallery = [photo for photo in gallery if photo.label in classifier.vocabulary]
        self._gallery_features = normalised(_features(classifier, self._gallery))  # (G, D)
        self._training_scores = classifier.training_scores()

    def explains(self, classifier: Classifier) -> bool:
        """Whether it explains this very one; the same version is loaded anew when people's photos were deleted."""
        return self._classifier is classifier

    def explain(self, picture: Image.Image) -> Explanation:
        """Explain an RGB picture; the same picture always gets the same explanation."""
        (prediction,) = self._classifier.predict_pictures([picture])
        features = prediction.features.astype(np.float32)[None]  # (1, D)
        return Explanation(
            picture=_shrunk(picture, _PICTURE_SIDE),
            prediction=prediction,
            heat=_heat(self._classifier.evidence_map(picture, prediction.label)),
            training_scores=self._training_scores,
            cut=self._classifier.out_of_domain_cut,
            imagenet=tuple(self._imagenet(features)),
            neighbours=tuple(self._neighbours(features)),
        )

    def _imagenet(self, features: NDArray[np.float32]) -> Iterator[tuple[str, float]]:
        (log_probabilities,) = self._classifier.body.imagenet_log_probabilities(features)
        for index in np.argsort(-log_probabilities, kind="stable")[:_IMAGENET_CLASSES]:
            yield _imagenet_name(int(index)), float(np.exp(log_probabilities[index]))

    def _neighbours(self, features: NDArray[np.float32]) -> Iterator[Neighbour]:
        similarity = self._gallery_features @ normalised(features)[0]  # (G,)
        for index in np.argsort(-similarity, kind="stable")[:_NEIGHBOURS]:
            photo = self._gallery[index]
            yield Neighbour(photo, _shrunk(photo.open(), _NEIGHBOUR_SIDE), float(similarity[index]))


def _features(classifier: Classifier, photos: Sequence[GalleryPhoto]) -> NDArray[np.float32]:
    body = classifier.body
    rows = [
        body.features(np.stack([body.backbone.to_array(photo.open()) for photo in photos[start : start + _BATCH]]))
        for start in range(0, len(photos), _BATCH)
    ]
    return np.concatenate([np.empty((0, body.backbone.feature_dim), dtype=np.float32), *rows])


def _heat(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """What speaks against the label is cut off, as in Grad-CAM, eq. 2."""
    positive = np.maximum(evidence, 0).astype(np.float32)
    highest = positive.max()
    if highest > 0:
        positive /= highest
    return positive


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    small = picture.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return small


def _imagenet_name(index: int) -> str:
    """The first two of a class's synonyms: polar bears are an "ice bear" first."""
    return ",".join(Body.imagenet_labels()[index].split(",")[:2])
