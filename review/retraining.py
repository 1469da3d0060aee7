"""Verdicts -> dataset snapshot -> candidate -> gate -> champion; what was done and why is kept in the database."""

import fcntl
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import PIL.Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.artifact import Artifact, ModelCard, outdated_labels
from model.candidate import Candidate, harmless_on_test, report_of, right_on_test
from model.dataset import Kind, Origin
from model.errors import ArtifactError, ImageError
from model.evaluation import EvaluationReport
from model.extraction import extract
from model.images import decode
from model.network import load_body, torch_device
from model.pipeline import retrain as train_candidate
from model.plots import report_plots
from model.progress import Progress, silent
from model.registry import Registry
from model.settings import Device
from review import retraining_news
from review.clock import utc_now
from review.database import Database
from review.errors import NotFound, RetrainingBusy
from review.gate import GateDecision, gate
from review.outbox import Recipient
from review.snapshot import Snapshot, take_snapshot
from review.storage import ImageStore
from review.tables import RetrainingOutcome, RetrainingRun

_log = logging.getLogger(__name__)

STOPPED = "it was stopped before its end"


@dataclass(frozen=True)
class RetrainingResult:
    """What a retraining did. Reports and left-out photos are None or empty when nothing was trained."""

    outcome: RetrainingOutcome
    explanation: str
    champion_version: str
    candidate_version: str | None
    snapshot: Snapshot
    champion_report: EvaluationReport | None = None
    candidate_report: EvaluationReport | None = None
    left_out: tuple[tuple[str, str], ...] = ()


def retrain(
    *,
    database: Database,
    registry: Registry,
    images: ImageStore,
    device: Device,
    paths: Mapping[str, Path] | None = None,
    progress: Progress = silent,
    clock: Callable[[], datetime] = utc_now,
    tell: Recipient | None = None,
) -> RetrainingResult:
    """Train on what people settled; register, compare, and promote if the gate lets it.

    With `paths` (sha256 -> file) the whole network is fine-tuned. Raises `RetrainingBusy` when another one runs.
    Whatever goes wrong is recorded, then raised; also that somebody stopped it. `tell` is who asked for it in a chat,
    and hears how it ended.
    """
    with _alone(registry):
        champion = registry.load(registry.champion())
        with database.write() as session:
            snapshot = take_snapshot(session, champion.card.labels)
            idle = _nothing_to_learn(session, champion, snapshot) if paths is None else None
            run = RetrainingRun(
                started_at=clock(),
                champion_version=champion.card.version,
                snapshot={**_described(snapshot), **retraining_news.remembered(tell)},
            )
            session.add(run)
            session.flush()
            run_id = run.id
        try:
            if idle is None:
                _complete_features(snapshot, registry, images, champion.card, device, progress)
                result = _trained(registry, champion, snapshot, device, paths, progress)
            else:
                result = RetrainingResult(RetrainingOutcome.KEPT, idle, champion.card.version, None, snapshot)
        except BaseException as error:  # recorded whatever it was, Ctrl-C and SIGTERM too, then raised
            with database.write() as session:
                stopped = isinstance(error, KeyboardInterrupt)
                explanation = STOPPED if stopped else f"{type(error).__name__}: {error}"
                _finish(session, run_id, RetrainingOutcome.FAILED, explanation, None, None, clock())
            raise
        metrics = result.candidate_report.to_json() if result.candidate_report else None
        with database.write() as session:
            _finish(session, run_id, result.outcome, result.explanation, result.candidate_version, metrics, clock())
        return result


def _complete_features(
    snapshot: Snapshot,
    registry: Registry,
    images: ImageStore,
    card: ModelCard,
    device: Device,
    progress: Progress,
) -> None:
    """Photos have features of the photo as it is, or none at all if no model was there: training wants all views."""
    store = registry.feature_store
    missing = [
        photo.sha256
        for photo in snapshot.photos
        if not store.complete(photo.sha256, card.features_key) and images.exists(photo.sha256)
    ]
    if not missing:
        return
    body = load_body(card.backbone, torch_device(device), registry.stored_weights(card))
    readable = _readable(progress("computing features", missing), images)
    for (sha256, _), features in extract(body, readable, lambda found: found[1], batch_size=16):
        store.put(sha256, card.features_key, features)
        if not images.exists(sha256):  # deleted meanwhile
            store.delete(sha256)


def _readable(keys: Iterable[str], images: ImageStore) -> Iterator[tuple[str, PIL.Image.Image]]:
    """One damaged file does not keep the others from being learnt from; it stays without features, so is left out."""
    for sha256 in keys:
        try:
            yield sha256, decode(images.get(sha256))
        except (ImageError, NotFound, OSError) as error:
            _log.warning("photo %s cannot be read: %s", sha256[:12], error)


def _nothing_to_learn(session: Session, champion: Artifact, snapshot: Snapshot) -> str | None:
    """Why training would bring nothing new; None if it may.

    A label that people took back counts like a new one: it is to be unlearnt. What was trained on these very photos
    before, and kept out or rolled back, would come out the same again; so would what left some of them out.
    """
    version = champion.card.version
    learnt = {
        (p.sha256, p.label if p.kind is Kind.SUBJECT else None)
        for p in champion.manifest.photos
        if p.origin is Origin.REVIEW
    }
    wanted = {(p.sha256, p.label) for p in snapshot.photos}
    if wanted == learnt:
        return f"nothing to learn: {version} was trained on the photos that people have labelled, and no others"
    last = session.scalars(
        select(RetrainingRun)
        .where(RetrainingRun.candidate_version.is_not(None))
        .order_by(RetrainingRun.id.desc())
        .limit(1)
    ).first()
    if last is None or last.snapshot is None or version not in (last.champion_version, last.candidate_version):
        return None
    if wanted == {(p["sha256"], p["label"]) for p in last.snapshot["photos"]}:
        return f"nothing to learn: {last.candidate_version} was trained on the same photos ({last.explanation})"
    return None


def _trained(
    registry: Registry,
    champion: Artifact,
    snapshot: Snapshot,
    device: Device,
    paths: Mapping[str, Path] | None,
    progress: Progress,
) -> RetrainingResult:
    version = champion.card.version
    candidate: Candidate = train_candidate(
        champion,
        snapshot.photos,
        store=registry.feature_store,
        device=torch_device(device),
        weights=registry.stored_weights(champion.card),
        paths=paths,
        progress=progress,
    )
    decision = gate(candidate=right_on_test(candidate.artifact), rivals=_rivals(registry, champion))
    if decision.promote:
        # Nor may it answer more that it should have left to people: the detector and the threshold are new as well.
        answers = gate(
            candidate=harmless_on_test(candidate.artifact),
            rivals={version: harmless_on_test(champion)},
            counted="test photos and outliers answered wrongly",
        )
        both = f"{decision.explanation}; {answers.explanation.removeprefix('not worse: ')}"
        decision = replace(decision, explanation=both) if answers.promote else answers
    added = sum(photo.origin is Origin.REVIEW for photo in candidate.artifact.manifest.photos)
    registry.register(
        candidate.artifact,
        reason=f"retrained from {version} with {added} reviewed photos",
        plots=report_plots(candidate.artifact, candidate.report),
    )
    if decision.promote and registry.champion() != version:
        decision = GateDecision(False, f"{registry.champion()} became champion meanwhile and was not compared")
    if decision.promote:
        registry.promote(candidate.artifact.card.version, reason=decision.explanation)
    return RetrainingResult(
        RetrainingOutcome.PROMOTED if decision.promote else RetrainingOutcome.KEPT,
        decision.explanation,
        version,
        candidate.artifact.card.version,
        snapshot,
        report_of(champion),
        candidate.report,
        candidate.left_out,
    )


def _rivals(registry: Registry, champion: Artifact) -> dict[str, Mapping[str, bool]]:
    """The champion, and of all versions measured on the same photos the one with the fewest errors."""
    photos = right_on_test(champion)
    best = champion
    for version in registry.versions():
        if outdated_labels(registry.folder(version)) is not None:
            continue  # of a format that is no longer read
        try:
            if registry.card(version).metrics["accuracy"]["count"] > best.card.metrics["accuracy"]["count"]:
                other = registry.load(version)
                if right_on_test(other).keys() == photos.keys():
                    best = other
        except ArtifactError as error:
            _log.warning("%s is damaged and no rival: %s", version, error)
    return {artifact.card.version: right_on_test(artifact) for artifact in (champion, best)}


def _described(snapshot: Snapshot) -> dict[str, Any]:
    """For the record: keys and labels, so that the very same training can be repeated."""
    return {
        "photos": [asdict(photo) for photo in snapshot.photos],
        "none_of_these": snapshot.none_of_these,
        "contradictory": snapshot.contradictory,
        "foreign_labels": snapshot.foreign_labels,
    }


def _finish(
    session: Session,
    run_id: int,
    outcome: RetrainingOutcome,
    explanation: str,
    candidate_version: str | None,
    metrics: dict[str, Any] | None,
    now: datetime,
) -> None:
    run = session.get_one(RetrainingRun, run_id)
    run.finished_at = now
    run.outcome = outcome
    run.explanation = explanation
    run.candidate_version = candidate_version
    run.metrics = metrics
    retraining_news.tell(session, run, now)


def is_running(registry: Registry) -> bool:
    """Whether a retraining runs at this moment, in whatever process."""
    try:
        with _alone(registry):
            return False
    except RetrainingBusy:
        return True


@contextmanager
def _alone(registry: Registry) -> Iterator[None]:
    """Two retrainings at once would each replace the other's champion."""
    registry.make_home()
    with (registry.home / ".retraining.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RetrainingBusy("another retraining runs at the moment: let it end, then try again") from None
        yield
