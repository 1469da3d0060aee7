"""One use case: a submission's photo is explained by the model that answers now."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import select

from model.errors import DatasetError, ImageError
from model.gallery import GalleryPhoto, gallery_folder, read_gallery
from model.images import decode
from review.database import Database
from review.errors import NotFound
from review.policy import route
from review.storage import ImageStore
from review.tables import PredictionRecord, Submission

if TYPE_CHECKING:  # importing them loads torch, and a bot whose torch is broken still takes photos in
    from model.explanation import Explainer
    from model.serving import Classifier
    from review.explanation_words import SheetWords

_log = logging.getLogger(__name__)


class Unexplained(StrEnum):
    """Why there is no explanation."""

    PHOTO_GONE = "photo_gone"
    NO_MODEL = "no_model"
    FAILED = "failed"


@dataclass(frozen=True)
class ExplainedPhoto:
    """A sheet (PNG bytes) and what is said beside it; `judged_by` is the version that judged the photo when it came."""

    sheet: bytes
    label: str
    confidence: float
    in_domain: bool
    explained_by: str
    judged_by: str | None


class LoadedModel(Protocol):
    """Where the model that answers now is found."""

    async def loaded(self) -> "Classifier | None":
        """The model in memory; None while there is none."""


class Explanations:
    """Explains submissions, one at a time and in a thread: neither the event loop nor the answers wait for drawings."""

    def __init__(self, *, database: Database, images: ImageStore, model: LoadedModel, model_home: Path) -> None:
        self._database = database
        self._images = images
        self._model = model
        self._model_home = model_home
        self._turn = asyncio.Lock()
        self._explainer: Explainer | None = None

    async def explain(self, submission_id: int, words: "SheetWords") -> ExplainedPhoto | Unexplained:
        """The sheet of a submission in these words, or why there is none."""
        async with self._turn:
            classifier = await self._model.loaded()
            photo, judged_by = await asyncio.to_thread(self._photo, submission_id)
            if photo is None:
                return Unexplained.PHOTO_GONE
            if classifier is None:
                return Unexplained.NO_MODEL
            try:
                return await asyncio.to_thread(self._draw, classifier, photo, judged_by, words)
            except ImageError:  # the file in the store is damaged
                return Unexplained.PHOTO_GONE
            except Exception as error:  # noqa: BLE001 - a sheet that cannot be drawn must not end the bot
                _log.error("submission %d could not be explained", submission_id, exc_info=error)
                return Unexplained.FAILED

    def _photo(self, submission_id: int) -> tuple[bytes | None, str | None]:
        """The stored bytes, None if the photo was deleted; and the version that judged it."""
        with self._database.read() as session:
            sha256 = session.scalar(select(Submission.image_sha256).where(Submission.id == submission_id))
            judged_by = session.scalar(
                select(PredictionRecord.model_version).where(PredictionRecord.submission_id == submission_id)
            )
        if sha256 is None:
            return None, judged_by
        try:
            return self._images.get(sha256), judged_by
        except NotFound:
            return None, judged_by

    def _draw(
        self, classifier: "Classifier", photo: bytes, judged_by: str | None, words: "SheetWords"
    ) -> ExplainedPhoto:
        from model.explanation import Explainer
        from review.explanation_sheet import sheet

        if self._explainer is None or not self._explainer.explains(classifier):
            self._explainer = self._comparing(lambda gallery: Explainer(classifier, gallery))
        explanation = self._explainer.explain(decode(photo))
        prediction = explanation.prediction
        routing = route(
            confidence=prediction.confidence,
            in_domain=prediction.in_domain,
            answer_threshold=prediction.answer_threshold,
        )
        return ExplainedPhoto(
            sheet=sheet(explanation, routing, words),
            label=prediction.label,
            confidence=prediction.confidence,
            in_domain=prediction.in_domain,
            explained_by=prediction.model_version,
            judged_by=judged_by,
        )

    def _comparing(self, make: "Callable[[tuple[GalleryPhoto, ...]], Explainer]") -> "Explainer":
        """With the gallery, or without it if it cannot be read: the rest of the sheet is worth as much."""
        try:
            return make(read_gallery(gallery_folder(self._model_home)))
        except DatasetError as error:
            _log.error("explanations show no photos for comparison: %s", error)
            return make(())
