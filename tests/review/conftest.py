"""A database with the schema, people, and photos that were judged by a model made up for the test."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from model.features import FeatureStore
from model.images import encode
from model.serving import Prediction
from review import claims, items, judging, queue
from review.arrival import Accepted, ReceivedPhoto
from review.database import Database
from review.intake import Intake
from review.limits import Limits
from review.outbox import Recipient
from review.people import reviewer_named
from review.quorum import ONE, Quorum
from review.settings import ReviewSettings
from review.storage import LocalImageStore
from review.tables import OutboxMessage, Submission, VerdictKind
from tests.postgres import Server

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def home(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    template: Path,
    server: Server | None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """A home folder with an empty database, which the commands use."""
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    if server is None:
        shutil.copy(template, tmp_path / "review.db")
        yield tmp_path
        return
    if request.node.get_closest_marker("sqlite"):
        pytest.skip("this is about SQLite's files")
    with server.new_database() as url:
        monkeypatch.setenv("REVIEW_DATABASE_URL", url)
        yield tmp_path


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    database = Database(ReviewSettings.load().database_url)
    yield database
    database.dispose()


def jpeg(seed: int) -> bytes:
    """A picture like no other seed's."""
    pixels = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    return encode(Image.fromarray(pixels))


@pytest.fixture
def picture() -> Callable[[int], bytes]:
    return jpeg


def prediction(label: str, confidence: float, *, in_domain: bool = True) -> Prediction:
    labels = ("black", "grizzly", "teddy")
    rest = (1 - confidence) / 2
    return Prediction(
        label=label,
        confidence=confidence,
        probabilities={name: confidence if name == label else rest for name in labels},
        out_of_domain_score=0.0 if in_domain else 9.0,
        in_domain=in_domain,
        novelty=0.5 if in_domain else 1.0,
        answer_threshold=0.95,
        model_version="v1",
        backbone="net",
        features=np.arange(4, dtype=np.float16),
    )


@pytest.fixture
def predict() -> Callable[..., Prediction]:
    """`predict(label, confidence, in_domain=True)`; the answer threshold is 0.95."""
    return prediction


class FakeModel:
    """Says what it was told to; None is no model."""

    def __init__(self, says: Prediction | None = None) -> None:
        self.says = says
        self.seen: list[Image.Image] = []

    @property
    def version(self) -> str | None:
        return self.says.model_version if self.says else None

    async def predict(self, picture: Image.Image) -> Prediction | None:
        self.seen.append(picture)
        return self.says


@dataclass
class House:
    """An intake with its parts."""

    database: Database
    images: LocalImageStore
    features: FeatureStore
    model: FakeModel
    intake: Intake

    async def receive(
        self, number: int, says: Prediction | None, *, chat: int | None = 77, message: int | None = None, **more: Any
    ) -> Accepted:
        """Photo `number` of asker 5 (in message `number`, unless another is named), judged as `says`."""
        message = number if message is None else message
        self.model.says = says
        accepted = await self.intake.receive(
            ReceivedPhoto(
                **{
                    "source_key": f"telegram:{chat or 77}:{message}",
                    "source": "telegram",
                    "data": jpeg(number),
                    "recipient": Recipient(chat, None, message) if chat is not None else None,
                    "telegram_user_id": 5,
                    "language": "en",
                    "file_unique_id": f"u{number}",
                    **more,
                }
            )
        )
        assert isinstance(accepted, Accepted)
        return accepted


@pytest.fixture
def house(database: Database, home: Path) -> House:
    return make_house(database, home, audit_rate=0.0)


def make_house(
    database: Database,
    home: Path,
    *,
    audit_rate: float = 0.0,
    quorum: Quorum = ONE,
    limits: Limits | None = None,
    min_free_bytes: int = 0,
) -> House:
    images, features, model = LocalImageStore(home / "images"), FeatureStore(home / "models" / "features"), FakeModel()
    intake = Intake(
        database=database,
        images=images,
        features=features,
        predictor=model,
        audit_rate=audit_rate,
        quorum=quorum,
        limits=limits,
        min_free_bytes=min_free_bytes,
        clock=lambda: NOW,
    )
    return House(database, images, features, model, intake)


@pytest.fixture
def house_with(database: Database, home: Path) -> Callable[..., House]:
    """`house_with(quorum=..., limits=..., min_free_bytes=...)`"""
    return lambda **settings: make_house(database, home, **settings)


@pytest.fixture
def house_auditing(database: Database, home: Path) -> Callable[[float], House]:
    """`house_auditing(0.1)`: a tenth of what is answered is audited too."""
    return lambda rate: make_house(database, home, audit_rate=rate)


@pytest.fixture
def audited_house(database: Database, home: Path) -> House:
    """Everything that is answered is audited too."""
    return make_house(database, home, audit_rate=1.0)


class Reviewing:
    """Short words for what reviewers do, each in a transaction of its own."""

    def __init__(self, database: Database, now: datetime) -> None:
        self.database = database
        self.now = now
        self.quorum = ONE  # of disputes

    def next(self, name: str) -> queue.Claim | None:
        with self.database.write() as session:
            return queue.claim_next(session, reviewer_named(session, name, self.now), lease=LEASE, now=self.now)

    def take(self, name: str, item_id: int) -> queue.Claim:
        with self.database.write() as session:
            return queue.claim(session, item_id, reviewer_named(session, name, self.now), lease=LEASE, now=self.now)

    def say(
        self, name: str, item_id: int, kind: VerdictKind, label: str | None = None, token: str | None = None
    ) -> str | None:
        with self.database.write() as session:
            reviewer = reviewer_named(session, name, self.now)
            return judging.settle(session, item_id, reviewer, kind=kind, label=label, token=token, now=self.now)

    def undo(self, name: str) -> int:
        with self.database.write() as session:
            return judging.undo(session, reviewer_named(session, name, self.now), now=self.now)

    def view(self, item_id: int) -> items.ItemView:
        with self.database.read() as session:
            return items.view(session, item_id)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What askers heard after the first reply."""
        with self.database.read() as session:
            rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        return [
            (row.kind, {name: value for name, value in row.parameters.items() if name != "submission"})
            for row in rows
            if not row.dedupe_key.startswith("reply:")
        ]

    def asker_says(self, submission_id: int, label: str | None, tap: str = "tap 1") -> claims.Effect:
        """The answer is wrong: it is `label`."""
        with self.database.write() as session:
            submission = session.get_one(Submission, submission_id)
            return claims.dispute(session, submission, label=label, source_key=tap, quorum=self.quorum, now=self.now)


@pytest.fixture
def at(database: Database, now: datetime) -> Reviewing:
    return Reviewing(database, now)
