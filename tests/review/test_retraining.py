"""From verdicts to a champion: what is learnt from, what is compared, what is recorded."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sqlalchemy import select

from model import fitting
from model.artifact import Artifact
from model.candidate import Candidate, report_of
from model.dataset import Split
from model.errors import DatasetError
from model.registry import Registry
from model.serving import Prediction
from model.settings import Device
from model.training import HeadRecipe
from review import judging, retraining, retraining_news
from review.clock import utc_now
from review.database import Database
from review.errors import RetrainingBusy
from review.outbox import Recipient
from review.people import reviewer_named
from review.policy import draw
from review.retraining import RetrainingResult
from review.secret_keys import AUDIT
from review.snapshot import take_snapshot
from review.tables import (
    OutboxMessage,
    PredictionRecord,
    RetrainingOutcome,
    RetrainingRun,
    Secret,
    Submission,
    VerdictKind,
)

pytestmark = pytest.mark.anyio

LABELS = ("black", "grizzly", "teddy")
KEY = bytes(range(32))
Predict = Callable[..., Prediction]


@pytest.fixture
def known_draws(database: Database) -> None:
    """Who is audited is the same in every run."""
    with database.write() as session:
        session.add(Secret(name=AUDIT, value=KEY.hex(), created_at=utc_now()))


def settle(house: Any, item: int | None, label: str) -> None:
    kind = VerdictKind.NONE if label == "none" else VerdictKind.LABEL
    with house.database.write() as session:
        reviewer = reviewer_named(session, "mo", utc_now())
        assert item is not None
        text = None if label == "none" else label
        judging.settle(session, item, reviewer, kind=kind, label=text, now=utc_now())


async def doubted(house: Any, predict: Predict, number: int, says: str = "black") -> int:
    return int((await house.receive(number, predict(says, 0.5))).item_id)


async def test_a_snapshot_takes_what_people_agree_on(house: Any, predict: Predict) -> None:
    for number, label in ((1, "black"), (2, "grizzly"), (3, "none"), (4, "polar")):
        settle(house, await doubted(house, predict, number), label)
    await doubted(house, predict, 5)  # still open
    with house.database.read() as session:
        snapshot = take_snapshot(session, LABELS)
        first = session.scalars(select(Submission).order_by(Submission.id)).first()
    assert first is not None
    assert [photo.label for photo in snapshot.photos] == ["black", "grizzly", None, None]
    assert snapshot.labelled == 2
    assert snapshot.photos[0].sha256 == first.image_sha256
    assert {photo.group for photo in snapshot.photos} == {f"asker-{first.asker_id}"}, "one sender, one side"
    assert (snapshot.none_of_these, snapshot.foreign_labels, snapshot.contradictory) == (1, 1, 0)


@pytest.mark.usefixtures("known_draws")
async def test_audited_answers_and_doubted_photos_make_one_uniform_sample(
    house_auditing: Callable[[float], Any], predict: Predict
) -> None:
    """Of a hundred photos half are doubted; a tenth of all, whoever answered, is the sample."""
    house = house_auditing(0.1)
    for number in range(100):
        accepted = await house.receive(number, predict("black", 0.5 if number % 2 else 0.99))
        if accepted.item_id is not None:
            settle(house, accepted.item_id, "black")
    with house.database.read() as session:
        snapshot = take_snapshot(session, LABELS)
        expected = {s.image_sha256 for s in session.scalars(select(Submission)) if draw(s.source_key, KEY) < 0.1}
        audited = session.scalars(select(PredictionRecord).where(PredictionRecord.route == "answer")).all()
    sampled = {photo.sha256 for photo in snapshot.photos if photo.sampled}
    assert sampled == expected
    assert 0 < sum("audit" in record.reasons for record in audited) < len(sampled) < 25


@pytest.mark.usefixtures("known_draws")
async def test_what_was_answered_before_audits_began_is_in_no_sample(
    house_auditing: Callable[[float], Any], predict: Predict
) -> None:
    """With audits off only doubted photos are judged: a sample with them in it would be of doubted photos."""
    for rate, numbers in ((0.0, range(100)), (0.5, range(100, 160))):
        house = house_auditing(rate)
        for number in numbers:
            accepted = await house.receive(number, predict("black", 0.5 if number % 2 else 0.99))
            if accepted.item_id is not None:
                settle(house, accepted.item_id, "black")
    with house.database.read() as session:
        snapshot = take_snapshot(session, LABELS)
        submissions = session.scalars(select(Submission)).all()
        late = {s.image_sha256 for s in submissions if s.id > 99 and draw(s.source_key, KEY) < 0.5}
    sampled = {photo.sha256 for photo in snapshot.photos if photo.sampled}
    assert sampled
    assert len(late ^ sampled) <= 1  # the last photo without audits divides the two


@pytest.mark.usefixtures("known_draws")
async def test_a_sample_of_which_much_is_not_judged_yet_is_none(
    house_auditing: Callable[[float], Any], predict: Predict
) -> None:
    house = house_auditing(0.5)
    for number in range(60):
        accepted = await house.receive(number, predict("black", 0.5 if number % 2 else 0.99))
        if accepted.item_id is not None and number % 2:  # the audits stay open
            settle(house, accepted.item_id, "black")
    with house.database.read() as session:
        assert not any(photo.sampled for photo in take_snapshot(session, LABELS).photos)


async def test_without_audits_nothing_is_a_sample(house: Any, predict: Predict) -> None:
    settle(house, await doubted(house, predict, 1), "black")
    with house.database.read() as session:
        assert not any(photo.sampled for photo in take_snapshot(session, LABELS).photos)


async def test_a_photo_that_people_settled_in_two_ways_teaches_nothing(house: Any, predict: Predict) -> None:
    from review.arrival import ReceivedPhoto

    for level, label in ((1, "black"), (9, "grizzly")):  # other bytes and the same picture: two items of one photo
        file = io.BytesIO()
        Image.linear_gradient("L").save(file, "PNG", compress_level=level)
        house.model.says = predict("black", 0.5)
        accepted = await house.intake.receive(ReceivedPhoto(label, "telegram", file.getvalue(), None))
        settle(house, accepted.item_id, label)
    with house.database.read() as session:
        snapshot = take_snapshot(session, LABELS)
    assert (snapshot.photos, snapshot.contradictory) == ((), 1)


async def test_a_deleted_photo_is_not_learnt_from(house: Any, predict: Predict) -> None:
    settle(house, await doubted(house, predict, 1), "black")
    with house.database.write() as session:
        session.scalars(select(Submission)).one().image_sha256 = None
    with house.database.read() as session:
        assert take_snapshot(session, LABELS).photos == ()


@pytest.fixture
def registry(home: Path) -> Registry:
    registry = Registry(home / "models")
    registry.champion()  # installs the bundled model
    return registry


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A tenth of the epochs: what is tested here is what happens around the training.

    On one thread, because on a busy machine torch's threads wait for each other longer than they work.
    """
    monkeypatch.setattr(fitting, "HeadRecipe", lambda seed: replace(HeadRecipe(epochs=3), seed=seed))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def retrain(database: Database, registry: Registry, house: Any, quick: None) -> Callable[..., RetrainingResult]:
    def run(tell: Recipient | None = None) -> RetrainingResult:
        return retraining.retrain(
            database=database, registry=registry, images=house.images, device=Device.CPU, tell=tell
        )

    return run


def runs(database: Database) -> list[RetrainingRun]:
    with database.read() as session:
        return list(session.scalars(select(RetrainingRun).order_by(RetrainingRun.id)))


async def put_features(house: Any, registry: Registry, champion: Artifact, label: str, number: int) -> None:
    """Photo `number` looks to the network like a (slightly different) training photo of `label`."""
    row = next(i for i, p in enumerate(champion.base_photos()) if p.label == label and p.split is Split.TRAIN)
    with house.database.read() as session:
        submission = session.get_one(Submission, number)
    features = champion.base_features[row, 0] + np.float16(0.01)
    registry.feature_store.put(str(submission.image_sha256), champion.card.backbone, features.astype(np.float16))


async def test_verdicts_become_a_champion_and_everything_is_recorded(
    house: Any, predict: Predict, registry: Registry, retrain: Callable[..., RetrainingResult]
) -> None:
    before = registry.load(registry.champion())
    settle(house, await doubted(house, predict, 1), "grizzly")
    await put_features(house, registry, before, "grizzly", 1)
    result = retrain()
    assert result.outcome is RetrainingOutcome.PROMOTED, result.explanation
    assert registry.champion() == result.candidate_version != before.card.version
    after = registry.load(registry.champion())
    assert after.card.parent == before.card.version
    assert after.card.data["trained_on_reviewed"] == {"grizzly": 1}
    assert [p.sha256 for p in after.manifest.of(Split.TEST)] == [p.sha256 for p in before.manifest.of(Split.TEST)]
    assert {p.name for p in (registry.folder(after.card.version) / "report").iterdir()} >= {"confusion_matrix.png"}
    (run,) = runs(house.database)
    assert (run.outcome, run.candidate_version, run.champion_version) == (
        RetrainingOutcome.PROMOTED,
        after.card.version,
        before.card.version,
    )
    assert run.finished_at is not None
    assert run.explanation == result.explanation
    assert run.snapshot is not None
    assert [photo["label"] for photo in run.snapshot["photos"]] == ["grizzly"]
    assert [entry.event for entry in registry.ledger()] == ["installed", "registered", "promoted"]

    again = retrain()
    assert (again.outcome, again.candidate_version) == (RetrainingOutcome.KEPT, None)
    assert "nothing to learn" in again.explanation
    assert registry.champion() == after.card.version

    registry.rollback(reason="people complain")
    assert registry.champion() == before.card.version
    scheduled = retrain()
    assert (scheduled.outcome, scheduled.candidate_version) == (RetrainingOutcome.KEPT, None)
    assert f"{after.card.version} was trained on the same photos" in scheduled.explanation
    assert registry.champion() == before.card.version, "the timer must not bring back what an operator took away"


async def test_a_label_that_was_taken_back_is_unlearnt(
    house: Any, predict: Predict, registry: Registry, retrain: Callable[..., RetrainingResult]
) -> None:
    before = registry.load(registry.champion())
    settle(house, await doubted(house, predict, 1), "grizzly")
    await put_features(house, registry, before, "grizzly", 1)
    assert retrain().outcome is RetrainingOutcome.PROMOTED
    with house.database.write() as session:
        judging.undo(session, reviewer_named(session, "mo", utc_now()), now=utc_now())
    result = retrain()
    assert result.candidate_version is not None, result.explanation
    assert registry.card(result.candidate_version).data["trained_on_reviewed"] == {}
    again = retrain()
    assert again.candidate_version is None, "whether it was promoted or not, it would come out the same"
    assert "nothing to learn" in again.explanation


async def test_a_photo_that_training_leaves_out_is_not_trained_on_every_night(
    house: Any, predict: Predict, registry: Registry, retrain: Callable[..., RetrainingResult]
) -> None:
    champion = registry.load(registry.champion())
    for number in (1, 2):
        settle(house, await doubted(house, predict, number), "grizzly")
        await put_features(house, registry, champion, "grizzly", number)
    with house.database.read() as session:
        unreadable = str(session.get_one(Submission, 1).image_sha256)
    registry.feature_store.delete(unreadable)
    house.images.path(unreadable).write_bytes(b"cut off")
    result = retrain()
    assert [sha256 for sha256, _ in result.left_out] == [unreadable]
    assert result.outcome is RetrainingOutcome.PROMOTED, result.explanation
    again = retrain()
    assert again.candidate_version is None
    assert "was trained on the same photos" in again.explanation


async def test_a_worse_candidate_is_registered_and_stays_out(
    house: Any,
    predict: Predict,
    registry: Registry,
    retrain: Callable[..., RetrainingResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = registry.load(registry.champion())
    settle(house, await doubted(house, predict, 1), "grizzly")
    await put_features(house, registry, before, "grizzly", 1)
    train = fitting.train_head

    def confused(features: Any, labels: Any, classes: int, **rest: Any) -> Any:
        return train(features, (labels + 1) % classes, classes, **rest)

    monkeypatch.setattr(fitting, "train_head", confused)
    result = retrain()
    assert result.outcome is RetrainingOutcome.KEPT
    assert result.explanation.startswith("worse: ")
    assert registry.champion() == before.card.version
    assert result.candidate_version in registry.versions()
    assert runs(house.database)[0].outcome is RetrainingOutcome.KEPT
    again = retrain()
    assert again.candidate_version is None, "the same photos would be trained on and held back every night"
    assert "was trained on the same photos" in again.explanation


async def test_the_best_version_so_far_has_a_say_and_not_the_champion_alone(
    house: Any,
    predict: Predict,
    registry: Registry,
    retrain: Callable[..., RetrainingResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One photo worse than the champion is chance; three worse than the best so far is a way down in small steps."""
    champion = registry.load(registry.champion())
    labels = champion.card.labels
    truth = np.array([labels.index(photo.label) for photo in champion.manifest.of(Split.TEST)])
    views = champion.tests.logits.shape[1]
    right = np.repeat(np.eye(len(labels), dtype=np.float32)[truth][:, None], views, axis=1)

    def version(name: str, wrong: int) -> Artifact:
        """A version that gets the first `wrong` test photos wrong."""
        logits = right.copy()
        logits[:wrong] = np.roll(right[:wrong], 1, axis=2)
        accuracy = {**champion.card.metrics["accuracy"], "count": len(truth) - wrong}
        card = replace(champion.card, version=name, metrics={**champion.card.metrics, "accuracy": accuracy})
        return replace(champion, card=card, tests=replace(champion.tests, logits=logits))

    for name, wrong in (("best", 0), ("weaker", 2)):
        registry.register(version(name, wrong), reason="test")
    registry.promote("weaker", reason="test")
    candidate = version("candidate", 3)
    settle(house, await doubted(house, predict, 1), "grizzly")
    await put_features(house, registry, champion, "grizzly", 1)
    monkeypatch.setattr(retraining, "train_candidate", lambda *_, **__: Candidate(candidate, report_of(candidate), ()))
    result = retrain()
    assert result.outcome is RetrainingOutcome.KEPT
    assert result.explanation.startswith(f"worse: 3 of {len(truth)} test photos wrong, best has 0 ")
    assert registry.champion() == "weaker"


async def test_a_candidate_that_answers_what_is_none_of_its_business_stays_out(
    house: Any,
    predict: Predict,
    registry: Registry,
    retrain: Callable[..., RetrainingResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It gets as many photos right, but its detector lets outliers pass and its head is sure of them."""
    champion = registry.load(registry.champion())
    sure = np.tile(np.array([60, 0, 0], dtype=np.float32), (len(champion.tests.outlier_scores), 1))
    tests = replace(champion.tests, outlier_logits=sure, outlier_scores=champion.tests.outlier_scores * 0 - 9)
    candidate = replace(champion, card=replace(champion.card, version="careless"), tests=tests)
    settle(house, await doubted(house, predict, 1), "grizzly")
    await put_features(house, registry, champion, "grizzly", 1)
    monkeypatch.setattr(retraining, "train_candidate", lambda *_, **__: Candidate(candidate, report_of(candidate), ()))
    result = retrain()
    assert result.outcome is RetrainingOutcome.KEPT
    assert "test photos and outliers answered wrongly" in result.explanation
    assert registry.champion() == champion.card.version


async def test_an_operator_who_chooses_another_champion_meanwhile_has_the_last_word(
    house: Any,
    predict: Predict,
    registry: Registry,
    retrain: Callable[..., RetrainingResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    champion = registry.load(registry.champion())
    settle(house, await doubted(house, predict, 1), "grizzly")
    await put_features(house, registry, champion, "grizzly", 1)
    train = retraining.train_candidate

    def interrupted(*arguments: Any, **rest: Any) -> Any:
        registry.register(replace(champion, card=replace(champion.card, version="chosen")), reason="by hand")
        registry.promote("chosen", reason="by hand")
        return train(*arguments, **rest)

    monkeypatch.setattr(retraining, "train_candidate", interrupted)
    result = retrain()
    assert result.outcome is RetrainingOutcome.KEPT
    assert "chosen became champion meanwhile" in result.explanation
    assert registry.champion() == "chosen"


async def test_photos_that_came_without_a_model_are_not_lost(
    house: Any, registry: Registry, retrain: Callable[..., RetrainingResult]
) -> None:
    settle(house, (await house.receive(1, None)).item_id, "teddy")
    result = retrain()
    assert result.candidate_version is not None
    assert result.left_out == ()
    card = registry.card(result.candidate_version)
    assert card.data["trained_on_reviewed"] == {"teddy": 1}


async def test_a_damaged_photo_does_not_keep_the_others_from_being_learnt_from(
    house: Any, registry: Registry, retrain: Callable[..., RetrainingResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = []
    for number in (1, 2):
        settle(house, (await house.receive(number, None)).item_id, "teddy")
        with house.database.read() as session:
            keys.append(str(session.get_one(Submission, number).image_sha256))
    house.images.path(keys[0]).write_bytes(b"cut off")
    given: list[Any] = []

    def stop(_: Artifact, photos: Any, **__: object) -> None:
        given.extend(photos)
        raise DatasetError("enough")

    monkeypatch.setattr(retraining, "train_candidate", stop)
    with pytest.raises(DatasetError, match="enough"):
        retrain()
    assert [photo.sha256 for photo in given] == keys
    backbone = registry.champion_card().backbone
    assert registry.feature_store.get(keys[0], backbone) is None
    assert registry.feature_store.get(keys[1], backbone) is not None


@pytest.mark.parametrize("error", [DatasetError("as ordered"), RuntimeError("as ordered"), OSError("as ordered")])
async def test_a_failure_is_recorded_and_raised(
    house: Any,
    predict: Predict,
    registry: Registry,
    retrain: Callable[..., RetrainingResult],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    settle(house, await doubted(house, predict, 1), "grizzly")

    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(retraining, "train_candidate", fails)
    with pytest.raises(type(error), match="as ordered"):
        retrain()
    (run,) = runs(house.database)
    assert (run.outcome, run.finished_at is None) == (RetrainingOutcome.FAILED, False)
    assert "as ordered" in str(run.explanation)
    assert len(registry.versions()) == 1


async def test_one_that_is_stopped_in_the_middle_promotes_nothing_and_the_next_one_runs(
    house: Any,
    predict: Predict,
    registry: Registry,
    retrain: Callable[..., RetrainingResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settle(house, await doubted(house, predict, 1), "grizzly")
    before = registry.champion()

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(retraining, "train_candidate", killed)
    for _ in range(2):  # the lock of the first must not outlive it
        with pytest.raises(KeyboardInterrupt):
            retrain()
    stopped = [(run.outcome, run.explanation) for run in runs(house.database)]
    assert stopped == [(RetrainingOutcome.FAILED, retraining.STOPPED)] * 2
    assert registry.champion() == before


async def test_whoever_asked_in_a_chat_is_told_in_the_transaction_that_ends_it(
    house: Any, retrain: Callable[..., RetrainingResult]
) -> None:
    asked = Recipient(3001, None, 7, "de")
    result = retrain(tell=asked)
    retrain()  # nobody in a chat asked for this one
    with house.database.write() as session:
        assert retraining_news.known(session, asked)
        assert not retraining_news.known(session, Recipient(3001, None, 8, "de"))
        retraining_news.tell_not_started(session, asked, "too late", utc_now())
        retraining_news.tell_of_interrupted(session, utc_now())
        (told,) = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "retrained"))
    assert (told.chat_id, told.reply_to_message_id, told.language) == (3001, 7, "de")
    assert told.parameters == {
        "outcome": "kept",
        "run": 1,
        "champion": result.champion_version,
        "candidate": None,
        "explanation": result.explanation,
    }


async def test_one_that_was_killed_is_closed_and_told_of_once(house: Any) -> None:
    asked = Recipient(3001, None, 7)
    with house.database.write() as session:
        for told in (asked, None):
            session.add(
                RetrainingRun(started_at=utc_now(), snapshot={"photos": [], **retraining_news.remembered(told)})
            )
        session.flush()
        assert retraining_news.known(session, asked)
        for _ in range(2):
            retraining_news.tell_of_interrupted(session, utc_now())
        runs = session.scalars(select(RetrainingRun).order_by(RetrainingRun.id))
        assert [run.outcome for run in runs] == [RetrainingOutcome.FAILED, None]
        (told,) = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "retrained"))
    assert "interrupted" in told.parameters["explanation"]


def test_one_at_a_time(registry: Registry, retrain: Callable[..., RetrainingResult]) -> None:
    with retraining._alone(registry), pytest.raises(RetrainingBusy, match="another retraining runs"):
        retrain()


def test_nothing_settled_is_nothing_to_learn(registry: Registry, retrain: Callable[..., RetrainingResult]) -> None:
    result = retrain()
    assert (result.outcome, result.candidate_version) == (RetrainingOutcome.KEPT, None)
