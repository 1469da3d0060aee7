"""kill -9 in the middle of erasures: a person is there wholly or not at all, and a sweep takes what a kill left."""

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from model.features import FeatureStore
from review.clock import utc_now
from review.database import Database
from review.people import asker_for
from review.retention import Retention, Sweep
from review.schema import problems
from review.scrubbing import Scrubbed, scrub
from review.settings import ReviewSettings
from review.storage import LocalImageStore
from review.tables import Asker, Image, ItemStatus, OutboxMessage, ReviewItem, Submission

PEOPLE, PHOTOS, KILLS = 30, 10, 8

ERASER = """
import sys
from pathlib import Path
from model.features import FeatureStore
from review.database import Database
from review.erasure import erase_person, remove_photos
from review.scrubbing import fold_log
from review.settings import ReviewSettings
from review.storage import LocalImageStore

home, people = Path(sys.argv[1]), int(sys.argv[2])
database = Database(ReviewSettings.load().database_url)
images, features = LocalImageStore(home / "images"), FeatureStore(home / "features")
print("ready", flush=True)
sys.stdin.readline()
for person in range(1, people + 1):
    with database.write() as session:
        erased = erase_person(session, 7_000_000_000 + person)
    remove_photos(database, images, features, erased.photos)
    fold_log(database)
"""


def fill(database: Database, images: LocalImageStore) -> None:
    """People who each sent photos; every fifth of them was sent by their neighbour as well."""
    now = utc_now()
    with database.write() as session:
        for person in range(1, PEOPLE + 1):
            user = 7_000_000_000 + person
            asker = asker_for(session, user, "en", now)
            for number in range(PHOTOS):
                sha256 = images.put(f"photo {person} {number}".encode())
                session.add(
                    Image(sha256=sha256, received_sha256=sha256, width=1, height=1, byte_size=9, created_at=now)
                )
                session.flush()
                first = add(session, asker.id, user, sha256, now, f"{user}:{number}")
                session.add(
                    ReviewItem(
                        submission_id=first.id,
                        status=ItemStatus.OPEN,
                        reasons=["no_model"],
                        priority=1.0,
                        opened_at=now,
                    )
                )
                if number % 5 == 0:
                    neighbour = asker_for(session, user % 10**9 % PEOPLE + 7_000_000_001, "en", now)
                    again = add(session, neighbour.id, 1, sha256, now, f"{user}:{number} again")
                    again.repeats_id = first.id


def add(session: Any, asker: int, chat: int, sha256: str, now: Any, key: str) -> Submission:
    submission = Submission(
        source_key=key, source="telegram", asker_id=asker, chat_id=chat, image_sha256=sha256, submitted_at=now
    )
    session.add(submission)
    session.flush()
    session.add(
        OutboxMessage(
            dedupe_key=f"reply:{submission.id}",
            kind="in_review",
            parameters={},
            chat_id=chat,
            created_at=now,
            next_attempt_at=now,
            attempts=0,
        )
    )
    return submission


def wholly_there_or_gone(database: Database, images: LocalImageStore) -> int:
    """How many people are left; fails if anybody is there in part, or if others lost a photo."""
    assert problems(database) == []
    with database.read() as session:
        left = set(session.scalars(select(Asker.id)))
        kept: dict[int, int] = dict.fromkeys(left, 0)
        for submission in session.scalars(select(Submission).where(Submission.asker_id.is_not(None))):
            kept[submission.asker_id or 0] += 1
            assert images.exists(submission.image_sha256 or "")
            if submission.repeats_id is not None:
                assert session.get_one(Submission, submission.repeats_id).image_sha256 == submission.image_sha256
        assert set(kept.values()) <= {PHOTOS + PHOTOS // 5}
        for item in session.scalars(select(ReviewItem)):
            has_photo = session.get_one(Submission, item.submission_id).image_sha256 is not None
            assert has_photo == (item.status is ItemStatus.OPEN)
    return len(left)


@pytest.mark.slow
@pytest.mark.usefixtures("database")
def test_killed_again_and_again_nobody_is_erased_in_part(home: Path) -> None:
    database = Database(ReviewSettings.load().database_url)
    images, features = LocalImageStore(home / "images"), FeatureStore(home / "features")
    fill(database, images)
    chance = random.Random(4)
    left = PEOPLE
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", ERASER, str(home), str(PEOPLE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.write("go\n")
        process.stdin.flush()
        time.sleep(chance.uniform(0.05, 0.25))
        process.kill()
        process.communicate()
        found = wholly_there_or_gone(database, images)
        assert found <= left
        left = found
        if left < PEOPLE // 2:
            break
    assert 0 < left < PEOPLE, "it was killed in the middle"
    Sweep(database, images, features, Retention()).run(utc_now())
    assert scrub(database) is Scrubbed.CLEAN
    with database.read() as session:
        rows = set(session.scalars(select(Image.sha256)))
    assert {path.stem for path in images.root.rglob("*.jpg")} == rows, "what a kill left is taken by the sweep"
    wholly_there_or_gone(database, images)
    database.dispose()
