"""kill -9 in the middle of intakes, and two that take in the same: each photo is there wholly, once, or not at all."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from model.features import FeatureStore
from review.database import Database
from review.schema import problems
from review.settings import ReviewSettings
from review.storage import LocalImageStore
from review.tables import Image, OutboxMessage, PredictionRecord, ReviewItem, Submission

PHOTOS = 40

# Loads no torch: the model is made up.
TAKER = """
import asyncio, io, sys
from pathlib import Path
from types import SimpleNamespace
import numpy as np
import PIL.Image
from model.features import FeatureStore
from review.database import Database
from review.arrival import ReceivedPhoto
from review.intake import Intake
from review.outbox import Recipient
from review.settings import ReviewSettings
from review.storage import LocalImageStore

home, photos = Path(sys.argv[1]), int(sys.argv[2])

class Model:
    version = "v1"

    async def predict(self, picture):
        return SimpleNamespace(
            label="black", confidence=0.5, probabilities={"black": 0.5, "teddy": 0.5}, out_of_domain_score=0.0,
            in_domain=True, answer_threshold=0.9, model_version="v1", backbone="net",
            features=np.ones(4, dtype=np.float16), novelty=0.5,
        )

async def main():
    intake = Intake(database=Database(ReviewSettings.load().database_url), images=LocalImageStore(home / "images"),
                    features=FeatureStore(home / "features"), predictor=Model(), audit_rate=0.0)
    sys.stdin.readline()
    for number in range(photos):
        buffer = io.BytesIO()
        PIL.Image.new("RGB", (16, 16), (number, 0, 0)).save(buffer, "PNG")
        await intake.receive(ReceivedPhoto(f"k{number}", "telegram", buffer.getvalue(), Recipient(7, None, number), 5))
        print(number, flush=True)

asyncio.run(main())
"""


def start(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TAKER, str(home), str(PHOTOS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def wholly_recorded(home: Path) -> int:
    """How many submissions there are; fails if anything belonging to one is missing or there twice."""
    database = Database(ReviewSettings.load().database_url)
    images, features = LocalImageStore(home / "images"), FeatureStore(home / "features")
    assert problems(database) == []
    with database.read() as session:
        submissions = session.scalars(select(Submission)).all()
        ids = Counter(submission.id for submission in submissions)
        assert Counter(session.scalars(select(PredictionRecord.submission_id))) == ids
        assert Counter(session.scalars(select(ReviewItem.submission_id))) == ids
        assert len(session.scalars(select(OutboxMessage)).all()) == len(ids)
        assert set(session.scalars(select(Image.sha256))) == {s.image_sha256 for s in submissions}
    for submission in submissions:
        assert images.get(str(submission.image_sha256))
        assert features.get(str(submission.image_sha256), "net") is not None
    database.dispose()
    return len(submissions)


@pytest.mark.usefixtures("database")
def test_killed_again_and_again_and_then_let_be(home: Path) -> None:
    seen = [0]
    for after in (1, 7, 13):
        process = start(home)
        go(process)
        assert process.stdout is not None
        for _ in range(after):
            assert process.stdout.readline()
        process.kill()
        process.communicate()
        found = wholly_recorded(home)
        assert found >= max(after, seen[-1]), "what was reported done is there"
        seen.append(found)
    assert seen[-1] < PHOTOS, "it was killed in the middle"
    both = [start(home), start(home)]  # the replay, by two at once
    for process in both:
        go(process)
    for process in both:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert wholly_recorded(home) == PHOTOS
