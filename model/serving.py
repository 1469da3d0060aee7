"""One loaded model version answering batches of photos."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import ThreadpoolController

from model.artifact import Artifact
from model.calibration import softmax
from model.dataset import Origin
from model.errors import ArtifactError, ImageError, ImageProblem
from model.features import FeatureStore
from model.images import decode
from model.labels import Vocabulary
from model.network import Body, load_body
from model.out_of_domain.combined import CombinedDetector
from model.out_of_domain.detector import Evidence
from model.weights import StoredWeights

_BATCH = 32  # photos decoded ahead and judged together: 20 MB of pixels
# Judging takes a millisecond, but numpy's threads then wait busily for more to do, on cores that the body needs.
# How many there are is one number for the whole process: who changes it for a while must be alone.
_SCORING = Lock()
Item = TypeVar("Item")


@dataclass(frozen=True)
class Prediction:
    """What the model says of one photo.

    `confidence` is calibrated, in 0..1, and equals `probabilities[label]`; probabilities come in vocabulary order and
    sum to 1; a higher `out_of_domain_score` is further out; `novelty` is the share of the training photos whose score
    was lower, 0..1; from `answer_threshold` on the model may answer alone; (`backbone`, sha256 of the stored photo) is
    the key of `features` (D,).
    """

    label: str
    confidence: float
    probabilities: dict[str, float]
    out_of_domain_score: float
    in_domain: bool
    novelty: float
    answer_threshold: float
    model_version: str
    backbone: str
    features: NDArray[np.float16]


@dataclass(frozen=True)
class ImageFailure:
    """A photo that could not be read; its neighbours in the batch are unharmed."""

    problem: ImageProblem
    message: str


class Classifier:
    """A model version in memory. Thread-safe: `predict_batch` keeps no state."""

    def __init__(self, artifact: Artifact, body: Body, store: FeatureStore) -> None:
        card = artifact.card
        if body.backbone.key != card.features_key:
            raise ArtifactError(f"{card.version} needs the backbone {card.features_key}, got {body.backbone.key}")
        self.version = card.version
        self.vocabulary = Vocabulary(card.labels)
        self.body = body
        self._card = card
        self._head = artifact.head
        compared = artifact.reference(store)
        reference = self.reference = compared.features  # (R, D): what it was trained on, in all views
        self._peoples_photos = [photo.sha256 for photo in compared.photos if photo.origin is Origin.REVIEW]
        if not len(reference):
            raise ArtifactError(f"{card.version}: all photos that it was trained on were deleted; train a new model")
        self._detector = CombinedDetector(reference, card.out_of_domain, artifact.plane)
        self._numpy_threads = ThreadpoolController()
        self._tuned = Body(body.backbone, body.device, artifact.body) if card.fine_tuned else None

    @classmethod
    def load(
        cls,
        artifact: Artifact,
        device: torch.device,
        store: FeatureStore,
        *,
        weights: StoredWeights | None = None,
        body: Body | None = None,
    ) -> "Classifier":
        """Load the backbone too, which takes seconds, unless `body` (of an earlier classifier) is the same one.

        `weights`: those of a file that the version was trained with, if any (`Registry.stored_weights`).
        """
        fits = body is not None and body.backbone.key == artifact.card.features_key and body.device == device
        return cls(artifact, body if fits and body else load_body(artifact.card.backbone, device, weights), store)

    def remembers_deleted(self, store: FeatureStore) -> bool:
        """Whether features of people's photos that were deleted since are still in memory: then load it anew."""
        return not all(store.exists(sha256, self._card.features_key) for sha256 in self._peoples_photos)

    def predict_batch(self, photos: Sequence[bytes | Image.Image]) -> list[Prediction | ImageFailure]:
        """One result for each photo, in order. Bytes are decoded under the usual limits."""
        return [result for _, result in self.predict_each(photos, lambda photo: photo)]

    def predict_each(
        self, items: Iterable[Item], read: Callable[[Item], bytes | Image.Image]
    ) -> Iterator[tuple[Item, Prediction | ImageFailure]]:
        """Each item with the result for its photo, in order, however many there are: few are held at a time.

        `read` runs in several threads at once; an `ImageError` that it raises becomes the item's failure.
        """
        remaining = iter(items)
        sharp = 3 * self.body.backbone.image_size  # JPEGs may be decoded smaller, but no nearer to what is seen

        def prepare(item: Item) -> NDArray[np.float32] | ImageFailure:
            try:
                photo = read(item)
                return self.body.backbone.to_array(
                    decode(photo, shrink_to=sharp) if isinstance(photo, bytes) else photo
                )
            except ImageError as error:
                return ImageFailure(error.problem, str(error))

        def submit() -> list[tuple[Item, Future[NDArray[np.float32] | ImageFailure]]]:
            return [(item, self.body.workers.submit(prepare, item)) for item in islice(remaining, _BATCH)]

        batch, following = [], submit()
        try:
            while following:
                batch, following = following, submit()  # decoded while the network runs
                prepared = [(item, future.result()) for item, future in batch]
                arrays = [array for _, array in prepared if not isinstance(array, ImageFailure)]
                predictions = iter(self._predict(arrays))
                for item, array in prepared:
                    yield item, array if isinstance(array, ImageFailure) else next(predictions)
        finally:  # at Ctrl-C, or when no more is asked for: nobody waits for what was begun ahead
            for _, future in (*batch, *following):
                future.cancel()

    @property
    def reads_features(self) -> bool:
        """Whether the features of the frozen body are all that it needs: a fine-tuned network sees with its own."""
        return self._tuned is None

    def judge_features(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Features (N, D) of the frozen body -> probabilities (N, K) and out-of-domain scores (N,).

        Only where it `reads_features`.
        """
        assert self._tuned is None
        with _SCORING, self._numpy_threads.limit(limits=1, user_api="blas"):
            judged = [self._judge(row, row) for row in features]
        return np.array([probabilities for probabilities, _ in judged]), np.array([score for _, score in judged])

    def predict_pictures(self, pictures: Sequence[Image.Image]) -> list[Prediction]:
        """One prediction for each RGB picture, in order."""
        return self._predict(list(self.body.workers.map(self.body.backbone.to_array, pictures)))

    def evidence_map(self, picture: Image.Image, label: str) -> NDArray[np.float32]:
        """(h, w): how far each part of an RGB picture speaks for `label` rather than for the labels on average.

        The class activation map of Zhou et al. 2016, eq. 2, which is what Grad-CAM (Selvaraju et al. 2017) comes to for
        pooled maps under a linear head. Its mean is the logit of `label` less the labels' mean logit, biases and the
        scaling of the features apart.
        """
        body = self._tuned or self.body
        (maps,) = body.feature_maps(self.body.backbone.to_array(picture)[None])  # (D, h, w)
        # Probabilities know only differences between logits, so what is the same for all labels speaks for none.
        weight = self._head.weight[self.vocabulary.index(label)] - self._head.weight.mean(axis=0)  # (D,)
        return np.tensordot(weight, maps.astype(np.float64), axes=1).astype(np.float32)

    def training_scores(self) -> NDArray[np.float64]:
        """(101,): how the out-of-domain scores of its training photos, each left out, are spread; their percentiles."""
        return np.array(self._card.out_of_domain.quantiles)

    @property
    def out_of_domain_cut(self) -> float:
        """The highest out-of-domain score that is still in domain."""
        return self._card.out_of_domain.cut

    def _predict(self, arrays: Sequence[NDArray[np.float32]]) -> list[Prediction]:
        if not arrays:
            return []
        batch = np.stack(arrays)  # (N, 3, S, S)
        # Rounded to what is stored, so that a photo scores the same whether fresh or from the feature store.
        stored = self.body.features(batch).astype(np.float16)
        frozen = stored.astype(np.float32)  # (N, D)
        inputs = frozen if self._tuned is None else self._tuned.features(batch)
        with _SCORING, self._numpy_threads.limit(limits=1, user_api="blas"):
            judged = list(self.body.workers.map(self._judge, frozen, inputs))
        labels, spread = self.vocabulary.labels, self.training_scores()
        return [
            Prediction(
                label=labels[int(row.argmax())],
                confidence=float(row.max()),
                probabilities={label: float(p) for label, p in zip(labels, row, strict=True)},
                out_of_domain_score=float(score),
                in_domain=bool(score <= self._card.out_of_domain.cut),
                novelty=float(np.searchsorted(spread, score)) / len(spread),
                answer_threshold=self._card.risk.threshold,
                model_version=self.version,
                backbone=self._card.features_key,
                features=features,
            )
            for (row, score), features in zip(judged, stored, strict=True)
        ]

    def _judge(
        self, frozen: NDArray[np.float32], inputs: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], np.float64]:
        """Features (D,) of one photo -> probabilities (K,) and out-of-domain score.

        One by one, for products of many rows round each by its place: the same photo must always get the same row.
        """
        (probabilities,) = softmax(self._head.logits(inputs[None]) / self._card.temperature)
        evidence = Evidence(frozen[None], self.body.imagenet_log_probabilities(frozen[None]))
        (score,) = self._detector.score(evidence)
        return probabilities, score
