"""The model that answers now: loaded beside the event loop, and swapped when another is promoted."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image

from model.batching import MicroBatcher
from model.errors import ArtifactError, ModelError, NoChampion
from model.registry import Registry
from model.settings import ModelSettings

if TYPE_CHECKING:
    from model.serving import Classifier, Prediction

_log = logging.getLogger(__name__)

# A model that cannot be loaded may be mended by hand (disk full, package missing) without any move in the registry.
RETRY_SECONDS = 30.0


class Champion:
    """The champion in memory, or the reason why there is none. `run` follows the registry's alias file.

    Without a loadable model `predict` gives None: photos then go to people. A champion that cannot be loaded never
    replaces one that works.
    """

    def __init__(self, registry: Registry, settings: ModelSettings) -> None:
        self._registry = registry
        self._settings = settings
        self._classifier: Classifier | None = None
        self._tried = asyncio.Event()
        self._failed: tuple[str, float] | None = None  # version, when
        self._last_deleted: int | None = None  # in the feature store, when it was looked at last
        self._batcher: MicroBatcher[Image.Image, Prediction] = MicroBatcher(
            self._predict_batch,
            max_batch=settings.batch_size,
            wait_seconds=settings.batch_wait_milliseconds / 1000,
            max_waiting=settings.max_waiting,
            deadline_seconds=settings.deadline_seconds,
        )
        self.problem: str | None = None

    @property
    def version(self) -> str | None:
        """The version in memory."""
        return self._classifier.version if self._classifier else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the version in memory; none if there is none."""
        return self._classifier.vocabulary.labels if self._classifier else ()

    async def predict(self, picture: Image.Image) -> "Prediction | None":
        """What the model says of an RGB picture; None while no model can be loaded. Waits for the first loading.

        Raises `Overloaded` when more photos wait than it can judge in time.
        """
        await self._tried.wait()
        if self._classifier is None:
            return None
        return await self._batcher.submit(picture)

    async def loaded(self) -> "Classifier | None":
        """The version in memory itself, for what is asked of it beside predictions. Waits for the first loading."""
        await self._tried.wait()
        return self._classifier

    async def run(self) -> None:
        """Load the champion, then look every `poll_seconds` whether another was promoted; ends when cancelled."""
        try:
            while True:
                await self.refresh()
                await asyncio.sleep(self._settings.poll_seconds)
        finally:
            self._batcher.close()

    async def refresh(self) -> None:
        """Load the champion unless it is loaded already; a failure is logged and kept in `problem`."""
        try:
            version = await asyncio.to_thread(self._registry.champion)
        except Exception as error:  # noqa: BLE001 - whatever it is: the loop must live to see it mended
            self._note_failure("the registry", error)
            self._tried.set()
            return
        if version == self.version and not await asyncio.to_thread(self._remembers_deleted):
            self.problem = None
        elif self._failed is None or self._failed[0] != version or time.monotonic() - self._failed[1] > RETRY_SECONDS:
            await self._load(version)
        self._tried.set()

    async def _load(self, version: str) -> None:
        try:
            loaded = await asyncio.to_thread(self._load_classifier, version)
        except Exception as error:  # noqa: BLE001 - libraries raise anything; the old model must go on answering
            failure = error if isinstance(error, ModelError) else ArtifactError(f"{type(error).__name__}: {error}")
            self._failed = (version, time.monotonic())
            self._note_failure(version, failure)
        else:
            _log.info("the model %s answers now", version)
            self._classifier, self._failed, self.problem = loaded, None, None

    def _remembers_deleted(self) -> bool:
        """Whether people's photos were deleted, by whatever process, whose features the model in memory still has."""
        store = self._registry.feature_store
        last_deleted = store.last_deleted()
        if self._classifier is None or last_deleted == self._last_deleted:
            return False
        if self._classifier.remembers_deleted(store):
            return True
        self._last_deleted = last_deleted
        return False

    def _load_classifier(self, version: str) -> "Classifier":
        import torch

        from model.network import torch_device
        from model.serving import Classifier

        torch.set_num_threads(self._settings.threads)
        device = torch_device(self._settings.device)
        body = self._classifier.body if self._classifier else None
        artifact = self._registry.load(version)
        weights = self._registry.stored_weights(artifact.card)
        return Classifier.load(artifact, device, self._registry.feature_store, weights=weights, body=body)

    def _predict_batch(self, pictures: Sequence[Image.Image]) -> "list[Prediction]":
        assert self._classifier is not None  # `predict` asks only then, and a loaded model is never unloaded
        return self._classifier.predict_pictures(pictures)

    def _note_failure(self, what: str, error: Exception) -> None:
        problem = f"{what}: {error}"
        if problem != self.problem:  # said once, not every second
            if isinstance(error, NoChampion):
                _log.warning("%s; until then every photo goes to people", error)
            else:
                _log.error("the model cannot be loaded, %s", problem)
        self.problem = problem
