"""Two real processes on one database: nobody gets what another holds, nothing is written twice, nothing locks up."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from model.serving import Prediction
from review.database import Database
from review.tables import ItemStatus, ReviewItem, Verdict, VerdictKind

REVIEWER = """
import sys
from datetime import timedelta
from review import judging, queue
from review.clock import utc_now
from review.database import Database
from review.people import reviewer_named
from review.tables import VerdictKind

url, name, undo_every = sys.argv[1:]
database = Database(url)
settled = 0
sys.stdin.readline()
while True:
    with database.write() as session:
        claim = queue.claim_next(session, reviewer_named(session, name, utc_now()), lease=timedelta(60), now=utc_now())
    if claim is None:
        break
    print(claim.item_id, flush=True)
    with database.write() as session:
        reviewer = reviewer_named(session, name, utc_now())
        judging.settle(session, claim.item_id, reviewer, kind=VerdictKind.NONE, token=claim.token, now=utc_now())
    settled += 1
    if settled % int(undo_every) == 0:
        with database.write() as session:
            judging.undo(session, reviewer_named(session, name, utc_now()), now=utc_now())
"""

UPGRADER = """
import sys
from pathlib import Path
from review.database import Database
from review.schema import upgrade

sys.stdin.readline()
print(upgrade(Database(sys.argv[1]), Path(sys.argv[2]), keep=2).after)
"""


def race(program: str, *arguments: tuple[str, ...]) -> list[list[str]]:
    """Start one process for each tuple, let them go at once; the lines that each printed."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *each],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in arguments
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        printed.append(out.split())
    return printed


@pytest.mark.anyio
async def test_two_reviewers_never_get_the_same_item(
    house: Any, predict: Callable[..., Prediction], database: Database
) -> None:
    ids = [(await house.receive(number, predict("black", 0.5))).item_id for number in range(1, 61)]
    url = str(database.url)
    claimed = race(REVIEWER, (url, "mo", "1000"), (url, "rita", "1000"), (url, "sam", "1000"))
    assert Counter(int(number) for lines in claimed for number in lines) == Counter(ids)
    with database.read() as session:
        assert len(session.scalars(select(Verdict)).all()) == 60
        assert set(session.scalars(select(ReviewItem.status))) == {ItemStatus.SETTLED}


@pytest.mark.anyio
async def test_reviewers_who_change_their_minds_leave_each_item_with_one_standing_verdict(
    house: Any, predict: Callable[..., Prediction], database: Database
) -> None:
    ids = [(await house.receive(number, predict("black", 0.5))).item_id for number in range(1, 31)]
    url = str(database.url)
    race(REVIEWER, (url, "mo", "3"), (url, "rita", "4"))
    with database.read() as session:
        verdicts = session.scalars(select(Verdict)).all()
        assert set(session.scalars(select(ReviewItem.status))) == {ItemStatus.SETTLED}
    undone = {verdict.undoes_id for verdict in verdicts if verdict.kind is VerdictKind.UNDO}
    assert undone
    standing = [v.item_id for v in verdicts if v.kind is VerdictKind.NONE and v.id not in undone]
    assert Counter(standing) == Counter(ids)


def test_two_that_start_together_make_one_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'review.db'}"
    (first,), (second,) = race(UPGRADER, *[(url, str(tmp_path / "backups"))] * 2)
    assert first == second
