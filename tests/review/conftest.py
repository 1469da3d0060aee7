"""A database with the schema, people, and photos that were judged by a model made up for the test."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.features import FeatureStore
from model.images import encode
from model.serving import Prediction
from review.database import Database
from review.intake import Accepted, Intake, ReceivedPhoto
from review.outbox import Recipient
from review.schema import upgrade
from review.storage import LocalImageStore

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once; tests copy the file."""
    folder = tmp_path_factory.mktemp("template")
    database = Database(f"sqlite:///{folder / 'review.db'}")
    upgrade(database, folder / "backups", keep=1)
    database.dispose()
    return folder / "review.db"


@pytest.fixture
def home(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with an empty database, which the commands use."""
    shutil.copy(template, tmp_path / "review.db")
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{home / 'review.db'}")
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

    async def receive(self, number: int, says: Prediction | None, *, chat: int | None = 77) -> Accepted:
        """Photo `number` of asker 5, judged as `says`."""
        self.model.says = says
        accepted = await self.intake.receive(
            ReceivedPhoto(
                source_key=f"telegram:77:{number}",
                source="telegram",
                data=jpeg(number),
                recipient=Recipient(chat, None, number) if chat is not None else None,
                telegram_user_id=5,
                language="en",
                file_unique_id=f"u{number}",
            )
        )
        assert isinstance(accepted, Accepted)
        return accepted


@pytest.fixture
def house(database: Database, home: Path) -> House:
    return make_house(database, home, audit_rate=0.0)


def make_house(database: Database, home: Path, *, audit_rate: float) -> House:
    images, features, model = LocalImageStore(home / "images"), FeatureStore(home / "models" / "features"), FakeModel()
    intake = Intake(
        database=database,
        images=images,
        features=features,
        predictor=model,
        audit_rate=audit_rate,
        clock=lambda: NOW,
    )
    return House(database, images, features, model, intake)


@pytest.fixture
def house_auditing(database: Database, home: Path) -> Callable[[float], House]:
    """`house_auditing(0.1)`: a tenth of what is answered is audited too."""
    return lambda rate: make_house(database, home, audit_rate=rate)


@pytest.fixture
def audited_house(database: Database, home: Path) -> House:
    """Everything that is answered is audited too."""
    return make_house(database, home, audit_rate=1.0)
