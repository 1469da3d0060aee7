"""The model that answers now: swapped on promotion without losing a request, kept when its successor is broken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model import champion as champion_module
from model import serving as serving_module
from model.artifact import Artifact, save
from model.champion import Champion
from model.dataset import DatasetManifest, Origin, Split
from model.registry import Registry
from model.serving import Classifier, Prediction
from model.settings import ModelSettings

pytestmark = [
    pytest.mark.anyio,
    # Loading a second body takes seconds; one body for all tests is what a running bot keeps as well.
    pytest.mark.usefixtures("one_body"),
]
PICTURE = Image.new("RGB", (32, 32), "grey")


@pytest.fixture
def one_body(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "load_body", lambda *_: classifier.body)
    monkeypatch.setattr(champion_module, "RETRY_SECONDS", 0.05)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "models")
    registry.aliases()
    return registry


@asynccontextmanager
async def running(registry: Registry) -> AsyncIterator[Champion]:
    champion = Champion(registry, ModelSettings.load(poll_seconds=0.02, threads=1, device="cpu"))
    task = asyncio.create_task(champion.run())
    try:
        yield champion
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def successor(bundled: Artifact, version: str, **parts: object) -> Artifact:
    return replace(bundled, card=replace(bundled.card, version=version), **parts)  # type: ignore[arg-type] # as named


async def test_predict_waits_for_the_first_loading(registry: Registry) -> None:
    champion = Champion(registry, ModelSettings.load(poll_seconds=0.02, threads=1, device="cpu"))
    early = asyncio.create_task(champion.predict(PICTURE))
    await asyncio.sleep(0.01)
    assert not early.done()
    run = asyncio.create_task(champion.run())
    prediction = await early
    assert isinstance(prediction, Prediction)
    assert prediction.model_version == champion.version == registry.champion()
    run.cancel()
    await asyncio.wait([run])


async def test_a_promotion_loses_no_request_in_flight(registry: Registry, bundled: Artifact) -> None:
    registry.register(successor(bundled, "next-1"), reason="test")
    async with running(registry) as champion:
        await until(lambda: champion.version)
        answers: list[Prediction | None] = []

        async def ask() -> None:
            while champion.version != "next-1":
                answers.append(await champion.predict(PICTURE))
            answers.append(await champion.predict(PICTURE))

        asking = [asyncio.create_task(ask()) for _ in range(5)]
        await until(lambda: len(answers) > 10)
        await asyncio.to_thread(registry.promote, "next-1", reason="test")
        async with asyncio.timeout(20):
            await asyncio.gather(*asking)
        versions = [answer.model_version for answer in answers if answer is not None]
        assert len(versions) == len(answers)
        assert {bundled.card.version, "next-1"} == set(versions)
        await asyncio.to_thread(registry.rollback, reason="test")
        await until(lambda: champion.version == bundled.card.version)


async def test_what_people_had_deleted_is_forgotten_by_the_model_in_memory(
    registry: Registry, bundled: Artifact
) -> None:
    store, key = registry.feature_store, "e" * 64
    theirs = replace(bundled.manifest.photos[0], sha256=key, split=Split.TRAIN, origin=Origin.REVIEW, group="asker-1")
    manifest = DatasetManifest((*bundled.manifest.photos, theirs))
    registry.register(successor(bundled, "next-1", manifest=manifest), reason="test")
    await asyncio.to_thread(registry.promote, "next-1", reason="test")
    for kept in (key, "f" * 64):
        store.put(kept, bundled.card.features_key, np.ones(bundled.head.weight.shape[1], dtype=np.float16))
    async with running(registry) as champion:
        first = await champion.loaded()
        assert first is not None
        store.delete("f" * 64)  # of no interest to this version
        await asyncio.sleep(0.1)
        assert await champion.loaded() is first
        assert not first.remembers_deleted(store)
        store.delete(key)  # by whatever process
        await until(lambda: champion._classifier is not first)
        second = await champion.loaded()
        assert second is not None
        assert (second.version, second.remembers_deleted(store)) == ("next-1", False)


def unknown_backbone(bundled: Artifact) -> Artifact:
    artifact = successor(bundled, "broken-1")
    return replace(artifact, card=replace(artifact.card, backbone="net_of_the_future"))


def body_that_does_not_fit(bundled: Artifact) -> Artifact:
    artifact = successor(bundled, "broken-1", body={"stem": bundled.head.bias})
    return replace(artifact, card=replace(artifact.card, fine_tuned=True))


def labels_of_another_time(bundled: Artifact) -> Artifact:
    artifact = successor(bundled, "broken-1")
    return replace(artifact, card=replace(artifact.card, labels=("none", "skip", "undo")))


@pytest.mark.parametrize("broken", [unknown_backbone, body_that_does_not_fit, labels_of_another_time])
async def test_a_broken_successor_leaves_the_old_model_answering(
    registry: Registry, bundled: Artifact, broken: Callable[[Artifact], Artifact]
) -> None:
    registry.register(broken(bundled), reason="test")
    async with running(registry) as champion:
        await until(lambda: champion.version)
        await asyncio.to_thread(registry.promote, "broken-1", reason="test")
        await until(lambda: champion.problem)
        assert champion.problem
        assert "broken-1" in champion.problem
        prediction = await champion.predict(PICTURE)
        assert prediction is not None
        assert prediction.model_version == bundled.card.version
        await asyncio.to_thread(registry.rollback, reason="test")
        await until(lambda: champion.problem is None)
        assert champion.version == bundled.card.version


async def test_files_damaged_after_promotion_leave_the_old_model_answering(
    registry: Registry, bundled: Artifact
) -> None:
    registry.register(successor(bundled, "next-1"), reason="test")
    async with running(registry) as champion:
        await until(lambda: champion.version)
        sums = registry.folder("next-1") / "SHA256SUMS"
        sound = sums.read_bytes()
        aliases = registry.alias_file.read_text().replace(bundled.card.version, "next-1")
        sums.write_bytes(b"\xff\xfe no checksums at all")
        registry.alias_file.write_text(aliases)
        await until(lambda: champion.problem)
        prediction = await champion.predict(PICTURE)
        assert prediction is not None
        assert prediction.model_version == bundled.card.version
        sums.write_bytes(sound)
        await until(lambda: champion.version == "next-1")
        assert champion.problem is None


async def test_without_a_model_predict_gives_none_until_it_is_mended(registry: Registry) -> None:
    head = registry.folder(registry.champion()) / "head.safetensors"
    sound = head.read_bytes()
    head.write_bytes(b"damaged")
    async with running(registry) as champion:
        async with asyncio.timeout(10):
            assert await champion.predict(PICTURE) is None
        assert champion.version is None
        assert "head.safetensors" in (champion.problem or "")
        head.write_bytes(sound)
        await until(lambda: champion.version)
        assert await champion.predict(PICTURE) is not None
        assert champion.problem is None


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{}", b'{"champion": "../x"}'])
async def test_a_damaged_alias_file_stops_nobody(registry: Registry, content: bytes) -> None:
    sound = registry.alias_file.read_bytes()
    async with running(registry) as champion:
        await until(lambda: champion.version)
        registry.alias_file.write_bytes(content)
        await until(lambda: champion.problem)
        assert await champion.predict(PICTURE) is not None
        registry.alias_file.write_bytes(sound)
        await until(lambda: champion.problem is None)


async def test_one_problem_is_logged_once(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    registry.alias_file.write_bytes(b"{")
    async with running(registry) as champion:
        await until(lambda: champion.problem)
        await asyncio.sleep(0.15)  # several polls
    assert sum("cannot be loaded" in record.getMessage() for record in caplog.records) == 1


async def test_a_version_copied_under_another_name_is_not_reloaded_forever(
    registry: Registry, bundled: Artifact, tmp_path: Path
) -> None:
    save(successor(bundled, "next-1"), registry.home / "versions" / "alias-of-next-1")
    async with running(registry) as champion:
        await until(lambda: champion.version)
        registry.alias_file.write_text('{"champion": "alias-of-next-1"}')
        await until(lambda: champion.problem)
        assert champion.version == bundled.card.version


async def test_before_a_project_has_a_model_nothing_is_predicted_and_that_is_said_once(
    tmp_path: Path, bundled: Artifact, caplog: pytest.LogCaptureFixture
) -> None:
    registry = Registry(tmp_path / "models", ("kettle", "teapot"))
    async with running(registry) as champion:
        assert await champion.predict(PICTURE) is None
        await asyncio.sleep(0.1)
        assert champion.problem is not None
        (line,) = [record for record in caplog.records if record.name == "model.champion"]
        assert line.levelname == "WARNING"
        assert "no model yet that tells kettle, teapot" in line.message
        await asyncio.to_thread(registry.register, successor(bundled, "kitchen-1"), reason="test")
        await asyncio.to_thread(registry.promote, "kitchen-1", reason="test")
        await until(lambda: champion.version == "kitchen-1")  # without a restart
        assert champion.problem is None
