"""Training and retraining, on features and on small folders of made-up photos."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file as save_tensors

from model import fine_tuning, fitting, pipeline
from model.artifact import Artifact, TestFigures, load, save
from model.backbone import BUNDLED, DEFAULT_BACKBONE
from model.candidate import report_of
from model.dataset import DatasetManifest, Kind, Origin, Split
from model.errors import ArtifactError, DatasetError, ModelError
from model.features import FeatureStore
from model.images import decode
from model.network import Body, load_body
from model.pipeline import ReviewedPhoto, retrain
from model.registry import Registry
from model.serving import Classifier
from model.training import HeadRecipe, train_head
from model.weights import StoredWeights

CPU = torch.device("cpu")
QUICK = HeadRecipe(epochs=4)


@pytest.fixture
def quick(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few epochs, and the body that is loaded already."""
    monkeypatch.setattr(pipeline, "load_body", lambda *_: classifier.body)
    monkeypatch.setattr(fitting, "HeadRecipe", lambda seed: replace(QUICK, seed=seed))


@pytest.fixture(scope="module")
def champion(bundled: Artifact) -> Artifact:
    """The bundled model cut down to 150 photos, so that a test trains in a second."""
    return with_photos(bundled, list(range(0, len(bundled.base_features), 5)))


def with_photos(artifact: Artifact, rows: list[int]) -> Artifact:
    """The same model with some of its base photos only."""
    base = artifact.base_photos()
    subject = [i for i, photo in enumerate(base) if photo.split is Split.TEST and photo.kind is Kind.SUBJECT]
    outliers = [i for i, photo in enumerate(base) if photo.split is Split.TEST and photo.kind is not Kind.SUBJECT]
    kept, kept_outliers = ([side.index(i) for i in rows if i in side] for side in (subject, outliers))
    return replace(
        artifact,
        manifest=DatasetManifest(tuple(base[i] for i in rows)),
        base_features=artifact.base_features[rows],
        tests=TestFigures(
            artifact.tests.logits[kept],
            artifact.tests.scores[kept],
            artifact.tests.outlier_logits[kept_outliers],
            artifact.tests.outlier_scores[kept_outliers],
        ),
    )


def clouds(photos: int = 60, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, 8) of three well-separated labels."""
    random = np.random.default_rng(seed)
    labels = np.arange(photos) % 3
    return (3 * np.eye(8)[labels] + random.normal(scale=0.3, size=(photos, 8))).astype(np.float32), labels


def accuracy(head: torch.nn.Linear, features: np.ndarray, labels: np.ndarray) -> float:
    with torch.inference_mode():
        return float((head(torch.from_numpy(features)).argmax(1).numpy() == labels).mean())


def test_a_head_learns_and_the_same_seed_gives_the_same_head() -> None:
    features, labels = clouds()
    recipe = HeadRecipe(epochs=8, learning_rate=0.05, weight_decay=0.01)
    heads = [train_head(features, labels, 3, device=CPU, recipe=recipe) for _ in range(2)]
    torch.testing.assert_close(heads[0].weight, heads[1].weight, rtol=0, atol=0)
    other = train_head(features, labels, 3, device=CPU, recipe=replace(recipe, seed=21))
    assert not torch.equal(heads[0].weight, other.weight)
    assert accuracy(heads[0], *clouds(seed=2)) > 0.95


def test_a_rare_label_weighs_as_much_as_a_frequent_one() -> None:
    """With features that say nothing, an unweighted head would always answer with the frequent label."""
    features = np.zeros((60, 4), dtype=np.float32)
    labels = np.array([0] * 50 + [1] * 10)
    head = train_head(features, labels, 2, device=CPU, recipe=HeadRecipe(epochs=40, learning_rate=0.05, batch_size=60))
    bias = head.bias.detach()
    assert abs(float(bias[0] - bias[1])) < 0.3


def test_a_label_without_photos_is_no_division_by_zero() -> None:
    features, labels = clouds()
    head = train_head(features, labels, 4, device=CPU, recipe=QUICK)
    assert torch.isfinite(head.weight).all()


@pytest.mark.usefixtures("quick")
def test_retraining_without_news_is_measured_on_the_same_test_photos(champion: Artifact, tmp_path: Path) -> None:
    candidate = retrain(champion, [], store=FeatureStore(tmp_path), device=CPU)
    artifact = candidate.artifact
    assert artifact.manifest == champion.manifest
    assert artifact.card.parent == champion.card.version != artifact.card.version
    assert candidate.report.photos == len(champion.tests.logits)
    assert candidate.report == report_of(artifact)
    assert candidate.report.accuracy.value is not None
    assert candidate.report.accuracy.value > 0.9
    save(artifact, tmp_path / "a")
    assert json.dumps(load(tmp_path / "a").card.to_json()) == json.dumps(artifact.card.to_json())


@pytest.mark.usefixtures("quick")
def test_what_people_labelled_is_trained_on_by_key_only(champion: Artifact, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    random = np.random.default_rng(5)
    base = champion.base_features
    reviewed = [ReviewedPhoto(f"{i:064x}", "teddy", f"asker-{i}") for i in range(6)]
    for photo in reviewed[:4]:
        store.put(photo.sha256, champion.card.backbone, random.permutation(base[0, 0]))
    test_row = next(i for i, photo in enumerate(champion.base_photos()) if photo.split is Split.TEST)
    store.put(reviewed[4].sha256, champion.card.backbone, base[test_row, 0])  # a near-duplicate of a test photo
    known = ReviewedPhoto(champion.base_photos()[0].sha256, "black", "asker-9")
    store.put(known.sha256, champion.card.backbone, base[0, 0])
    candidate = retrain(champion, [*reviewed, known, reviewed[0]], store=store, device=CPU)
    added = [photo for photo in candidate.artifact.manifest.photos if photo.origin is Origin.REVIEW]
    assert [photo.sha256 for photo in added] == [photo.sha256 for photo in reviewed[:4]]
    assert all(photo.split is Split.TRAIN for photo in added)
    reasons = dict(candidate.left_out)
    assert "frozen test set" in reasons[reviewed[4].sha256]
    assert "no features" in reasons[reviewed[5].sha256]
    assert "already" in reasons[known.sha256]
    np.testing.assert_array_equal(candidate.artifact.base_features, base)  # people's features do not travel
    assert candidate.artifact.card.data["trained_on_reviewed"] == {"teddy": 4}


def test_a_label_that_the_champion_does_not_know_is_an_error(champion: Artifact, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="unknown label 'panda'"):
        retrain(champion, [ReviewedPhoto("a" * 64, "panda", "g")], store=FeatureStore(tmp_path), device=CPU)


@pytest.mark.usefixtures("quick")
def test_fine_tuning_without_the_photos_names_how_many_are_missing(champion: Artifact, tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match=f"{len(champion.base_features)} of {len(champion.base_features)} photos are not at hand"
    ):
        retrain(champion, [], store=FeatureStore(tmp_path), device=CPU, paths={})


@pytest.mark.usefixtures("quick")
def test_a_training_that_diverges_gives_no_candidate(
    champion: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "HeadRecipe", lambda seed: replace(QUICK, seed=seed, learning_rate=1e38))
    with pytest.raises(ModelError, match="diverged"):
        retrain(champion, [], store=FeatureStore(tmp_path), device=CPU)


@pytest.mark.usefixtures("quick")
def test_calibration_is_about_photos_that_the_head_has_not_seen(
    champion: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads that learn by heart: of their own photos they get all right, of others no more than by chance."""

    def by_heart(inputs: np.ndarray, labels: np.ndarray, classes: int, **_: object) -> torch.nn.Linear:
        random = np.random.default_rng(0)
        shuffled = dict(zip(map(bytes, inputs), random.permutation(labels), strict=True))
        targets = np.eye(classes)[[shuffled[bytes(row)] for row in inputs]]
        head = torch.nn.Linear(inputs.shape[1], classes)
        weight = np.linalg.lstsq(inputs.astype(np.float64), targets, rcond=None)[0].T
        head.weight.data, head.bias.data = torch.from_numpy(weight).float(), torch.zeros(classes)
        return head

    monkeypatch.setattr(fitting, "train_head", by_heart)
    report = retrain(champion, [], store=FeatureStore(tmp_path), device=CPU).report
    assert report.cross_fitted is not None
    assert report.cross_fitted.value is not None
    assert report.cross_fitted.value < 0.6


@pytest.mark.usefixtures("quick")
def test_people_s_photos_reach_the_threshold_by_kind(champion: Artifact, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    random = np.random.default_rng(8)
    train = [i for i, p in enumerate(champion.base_photos()) if p.split is Split.TRAIN and p.kind is Kind.SUBJECT]
    reviewed = []
    for number in range(240):
        source = champion.base_features[train[number % len(train)], 0].astype(np.float32)
        row = np.abs(source + random.normal(scale=0.35 * source.std(), size=source.shape))
        label = champion.base_photos()[train[number % len(train)]].label if number < 220 else None
        key = f"{number:064x}"
        store.put(key, champion.card.backbone, row.astype(np.float16))
        reviewed.append(ReviewedPhoto(key, label, f"asker-{number}", sampled=True))
    candidate = retrain(champion, reviewed, store=store, device=CPU)
    kinds = {p.kind for p in candidate.artifact.manifest.photos if p.origin is Origin.REVIEW}
    assert kinds == {Kind.SUBJECT, Kind.NONE}
    used = len(reviewed) - len(candidate.left_out)
    assert used > 200
    assert candidate.artifact.card.data["outliers_reviewed"].keys() == {"none"}
    unsampled = [replace(photo, sampled=False) for photo in reviewed]
    without = retrain(champion, unsampled, store=store, device=CPU).artifact.card.risk
    assert "what arrives is like the" not in without.assumption
    with_sample = candidate.artifact.card.risk
    if "what arrives is like the" in with_sample.assumption:
        assert sum(with_sample.composition.values()) == used


@pytest.mark.parametrize("damaged", [np.full(1280, np.nan), np.ones(4), np.array(1.0)])
def test_damaged_features_leave_one_photo_out_and_stop_nothing(
    champion: Artifact, tmp_path: Path, quick: None, damaged: np.ndarray
) -> None:
    store = FeatureStore(tmp_path)
    store.put("a" * 64, champion.card.backbone, damaged.astype(np.float16))
    candidate = retrain(champion, [ReviewedPhoto("a" * 64, "teddy", "asker-1")], store=store, device=CPU)
    assert dict(candidate.left_out).keys() == {"a" * 64}


@pytest.mark.usefixtures("quick")
def test_a_thumbnail_of_a_test_photo_is_not_trained_on(champion: Artifact, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path)
    tested = [i for i, photo in enumerate(champion.base_photos()) if photo.split is Split.TEST]
    reviewed = [ReviewedPhoto(f"{i:064x}", "teddy", f"asker-{i}") for i in tested[:6]]
    for photo, row in zip(reviewed, tested, strict=False):
        store.put(photo.sha256, champion.card.backbone, champion.base_features[row, 2])
    candidate = retrain(champion, reviewed, store=store, device=CPU)
    assert {why for _, why in candidate.left_out} == {"resembles a photo of the frozen test set"}
    assert len(candidate.left_out) == 6


def test_features_that_are_no_numbers_are_named(champion: Artifact, tmp_path: Path) -> None:
    spoilt = champion.base_features.copy()
    spoilt[0, 1, 7] = np.inf
    with pytest.raises(ModelError, match="no numbers"):
        retrain(replace(champion, base_features=spoilt), [], store=FeatureStore(tmp_path), device=CPU)


@pytest.mark.usefixtures("quick")
def test_a_last_label_without_training_photos_is_an_error(champion: Artifact, tmp_path: Path) -> None:
    """`bincount` ends at the highest label there is: a missing last one must not go unnoticed."""
    photos = [p for p in champion.manifest.photos if p.split is Split.TEST or p.label != "teddy"]
    kept = [i for i, p in enumerate(champion.manifest.photos) if p in photos]
    without = replace(champion, manifest=DatasetManifest(tuple(photos)), base_features=champion.base_features[kept])
    with pytest.raises(DatasetError, match="the rarest has 0"):
        retrain(without, [], store=FeatureStore(tmp_path), device=CPU)


@pytest.mark.usefixtures("quick")
def test_training_photos_of_one_scene_are_an_error(champion: Artifact, tmp_path: Path) -> None:
    one = [replace(p, group="one") if p.label == "teddy" else p for p in champion.manifest.photos]
    with pytest.raises(DatasetError, match="'teddy' resemble each other"):
        retrain(replace(champion, manifest=DatasetManifest(tuple(one))), [], store=FeatureStore(tmp_path), device=CPU)
    all_one = [replace(p, group="one") for p in champion.manifest.photos]
    with pytest.raises(DatasetError, match="only 1 different scenes"):
        retrain(
            replace(champion, manifest=DatasetManifest(tuple(all_one))), [], store=FeatureStore(tmp_path), device=CPU
        )


def test_stored_figures_are_those_of_the_card(bundled: Artifact) -> None:
    assert report_of(bundled).to_json()["accuracy"] == bundled.card.metrics["accuracy"]
    assert report_of(bundled).photos == bundled.card.metrics["photos"]


def folder_of_shapes(root: Path, photos: int) -> Path:
    """Two labels whose photos differ from each other: noise with a colour, on grounds of many kinds."""
    random = np.random.default_rng(11)
    for label, colour in (("red", 0), ("blue", 2)):
        (root / label).mkdir(parents=True)
        for i in range(photos):
            pixels = random.integers(0, 256, (4 + i, 5 + i, 3), dtype=np.uint8)
            pixels[..., colour] = 255
            Image.fromarray(pixels).resize((64, 64), Image.Resampling.NEAREST).save(root / label / f"{i}.png")
    return root


@pytest.mark.usefixtures("quick")
def test_a_folder_becomes_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body_of_averages: Callable[[], Body]
) -> None:
    monkeypatch.setattr(pipeline, "load_body", lambda *_: body_of_averages())
    folder = folder_of_shapes(tmp_path / "photos", 30)
    (folder / "red" / "bad.jpg").write_bytes(b"no photo")
    stages: list[str] = []

    def progress(name, things):
        stages.append(name)
        return things

    known = hashlib.sha256((folder / "red" / "3.png").read_bytes()).hexdigest()
    candidate = pipeline.train(
        folder,
        device=CPU,
        description="shapes",
        fine_tune=False,
        licences={known: "by-sa", "f" * 64: "by"},
        progress=progress,
    )
    assert stages == ["reading", "computing features", "cross-fitting"]
    assert candidate.artifact.card.labels == ("blue", "red")
    assert [Path(what).name for what, _ in candidate.left_out] == ["bad.jpg"]
    assert candidate.report.photos == 12
    assert candidate.artifact.card.risk.guaranteed is False  # 48 photos cannot support a promise
    manifest = candidate.artifact.manifest.photos
    assert {photo.sha256: photo.licence for photo in manifest if photo.licence} == {known: "by-sa"}
    save(candidate.artifact, tmp_path / "model")
    np.testing.assert_array_equal(load(tmp_path / "model").head.weight, candidate.artifact.head.weight)


@pytest.fixture
def body_of_averages(classifier: Classifier) -> Callable[[], Body]:
    """The real body's interface with features that cost nothing: noise keyed by the picture, and its mean colours."""

    class Averages(Body):
        def __init__(self) -> None:
            self.backbone = classifier.body.backbone
            self.device = CPU

        def features(self, batch: np.ndarray) -> np.ndarray:
            rows = []
            for picture in batch:
                random = np.random.default_rng(int(np.abs(picture).sum() * 1000))
                rows.append(np.concatenate([4 * picture.mean(axis=(1, 2)), random.normal(size=61)]))
            return np.array(rows, dtype=np.float32)

        def imagenet_log_probabilities(self, features: np.ndarray) -> np.ndarray:
            return np.full((len(features), 1000), -np.log(1000), dtype=np.float32)

    return Averages


@pytest.mark.slow
def test_the_whole_network_is_fine_tuned_and_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classifier: Classifier
) -> None:
    """One epoch on few photos: not a good model, but a real one, from photos to answers."""
    recipe = fine_tuning.FineTuneRecipe(frozen_epochs=1, epochs=1, batch_size=4)
    monkeypatch.setattr(fine_tuning, "FineTuneRecipe", lambda seed: recipe)
    monkeypatch.setattr(pipeline, "load_body", lambda *_: classifier.body)
    monkeypatch.setattr(pipeline, "near_duplicate_groups", lambda features: np.arange(len(features)))
    folder = folder_of_shapes(tmp_path / "photos", 8)
    candidate = pipeline.train(folder, device=CPU, description="shapes", fine_tune=True)
    assert candidate.artifact.card.fine_tuned
    save(candidate.artifact, tmp_path / "model")
    tuned = Classifier.load(load(tmp_path / "model"), CPU, FeatureStore(tmp_path), body=classifier.body)
    photos = [photo.read_bytes() for photo in sorted(folder.glob("*/*.png"))]
    results = tuned.predict_batch(photos)
    assert {result.label for result in results} <= {"blue", "red"}
    # The test photos' stored logits are what the reloaded network gives.
    scored = {
        photo.sha256: row
        for photo, row in zip(
            candidate.artifact.manifest.of(Split.TEST), candidate.artifact.tests.logits[:, 0], strict=True
        )
    }
    for data, result in zip(photos, results, strict=True):
        row = scored.get(hashlib.sha256(data).hexdigest())
        if row is not None:
            assert result.label == ("blue", "red")[int(row.argmax())]


@pytest.mark.slow
def test_weights_from_a_file_are_kept_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundled body's own weights in a file: the same features, filed under another key."""
    monkeypatch.setattr(pipeline, "near_duplicate_groups", lambda features: np.arange(len(features)))
    network = BUNDLED[DEFAULT_BACKBONE].build()
    save_tensors(
        {name: tensor.contiguous() for name, tensor in network.state_dict().items()}, tmp_path / "w.safetensors"
    )
    registry = Registry(tmp_path / "models")
    weights = StoredWeights(
        folder=registry.weights_folder, sha256=registry.weights_folder.adopt(tmp_path / "w.safetensors")
    )
    folder = folder_of_shapes(tmp_path / "photos", 8)
    candidate = pipeline.train(folder, device=CPU, description="", fine_tune=False, weights=weights)
    registry.register(candidate.artifact, reason="test")
    (tmp_path / "w.safetensors").unlink()
    loaded = registry.load(candidate.artifact.card.version)
    assert loaded.card.features_key == f"{DEFAULT_BACKBONE}@{weights.sha256[:12]}"
    classifier = Classifier.load(loaded, CPU, registry.feature_store, weights=registry.stored_weights(loaded.card))
    photo = (folder / "red" / "0.png").read_bytes()
    (result,) = classifier.predict_batch([photo])
    plain = load_body(DEFAULT_BACKBONE, CPU)
    expected = plain.features(plain.backbone.to_array(decode(photo))[None])[0]
    np.testing.assert_allclose(result.features.astype(np.float32), expected, atol=0.01)
    assert result.backbone == loaded.card.features_key
    registry.weights_folder.path(weights.sha256).unlink()
    with pytest.raises(ArtifactError, match="name the weights again"):
        Classifier.load(loaded, CPU, registry.feature_store, weights=registry.stored_weights(loaded.card))
