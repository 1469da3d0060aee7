"""Imports again, dry, and from elsewhere: what was done since stays done, and what is promised is what is done."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from model.serving import Prediction
from review import items, judging, roster
from review.database import Database
from review.foreign_verdicts import read_json_lines
from review.label_studio import read as read_label_studio
from review.people import reviewer_named
from review.quorum import Quorum
from review.tables import ItemStatus, Reviewer, ReviewItem, Role, Verdict, VerdictKind
from review.verdict_import import Importer

pytestmark = pytest.mark.anyio
Predict = Callable[..., Prediction]
LABELS = ("black", "grizzly", "teddy")


@pytest.fixture
async def photos(house: Any, predict: Predict) -> dict[int, str]:
    """Item -> sha256, of four photos."""
    found = [(await house.receive(number, predict("black", 0.7))).item_id for number in (1, 2, 3, 4)]
    with house.database.read() as session:
        return {item: items.view(session, item).image_sha256 or "" for item in found}


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Verdict)) or 0


def taken(at: Any, *rows: dict[str, Any], **more: Any) -> tuple[dict[str, int], list[str]]:
    """What became of rows: outcome -> how many, if any; and what was said of them."""
    said: list[str] = []
    file = io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    counts = (
        Importer(at.database, LABELS, clock=lambda: at.now, **more).take_in(read_json_lines(file), said.append).counts
    )
    return {outcome.value: number for outcome, number in counts.items() if number}, said


def reviewers(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Reviewer.name)))


async def test_two_reviewers_files_of_the_same_words_are_two_votes(
    house_with: Any, predict: Predict, at: Any, database: Database
) -> None:
    await house_with(quorum=Quorum.parse("low_confidence=2")).receive(1, predict("grizzly", 0.4))
    row = {"item": 1, "label": "black"}
    assert [taken(at, row, name=name)[0] for name in ("ann", "bob", "ann")] == [
        {"recorded": 1},
        {"recorded": 1},
        {"known": 1},
    ]
    assert at.view(1).final_label == "black"


async def test_the_same_file_again_takes_nothing_back_that_was_done_since(
    photos: dict[int, str], at: Any, database: Database
) -> None:
    first = min(photos)
    at.say("ann", first, VerdictKind.LABEL, "black")
    row = {"item": first, "label": "black", "reviewer": "bob", "at": "2026-11-20T00:00"}
    assert taken(at, row)[0] == {"same": 1}
    with database.write() as session:
        judging.reopen(session, first, reviewer_named(session, "ann", at.now), note="wrong", now=at.now)
    assert taken(at, row)[0] == {"known": 1}
    assert at.view(first).status is ItemStatus.OPEN


async def test_the_same_file_again_reopens_nothing(photos: dict[int, str], at: Any, database: Database) -> None:
    with database.write() as session:
        roster.remove(session, reviewer_named(session, "ann", at.now), at.now)
    there = {"installation": "f" * 16, "photo": photos[min(photos)]}
    rows = [
        {**there, "id": 1, "kind": "label", "label": "black", "reviewer": "ann"},
        {**there, "id": 2, "kind": "reopen", "note": "x", "reviewer": "bob"},
        {**there, "id": 3, "kind": "label", "label": "teddy", "reviewer": "bob"},
    ]
    assert taken(at, *rows)[0] == {"refused": 1, "same": 1, "recorded": 1}
    assert taken(at, *rows)[0] == {"refused": 1, "known": 2}
    assert at.view(min(photos)).final_label == "teddy"


async def test_what_records_nothing_makes_no_reviewer(photos: dict[int, str], at: Any, database: Database) -> None:
    first, second, *_ = photos
    at.say("ann", first, VerdictKind.LABEL, "black")
    rows = [
        {"item": first, "label": "black", "reviewer": "same"},
        {"item": first, "label": "teddy", "reviewer": "refused"},
        {"item": first, "kind": "skip", "reviewer": "skipping"},
        {"item": second, "kind": "reopen", "reviewer": "reopening"},
    ]
    taken(at, *rows, {"item": second, "label": "teddy", "reviewer": "dry"}, rehearsal=True)
    taken(at, *rows)
    assert reviewers(database) == {"ann"}


async def test_a_dry_run_says_what_is_then_refused(photos: dict[int, str], at: Any, database: Database) -> None:
    held, gone, free, settled = photos
    at.take("zoe", held)
    at.say("zoe", settled, VerdictKind.LABEL, "black")
    with database.write() as session:
        roster.remove(session, reviewer_named(session, "ann", at.now), at.now)
        session.get_one(ReviewItem, gone).status = ItemStatus.WITHDRAWN
    rows = [
        {"item": held, "label": "black", "reviewer": "y"},
        {"item": gone, "label": "black", "reviewer": "y"},
        {"item": gone, "kind": "reopen", "reviewer": "y"},
        {"item": free, "label": "black", "reviewer": "x" * 80},
        {"item": free, "label": "black", "reviewer": "ann"},
        {"item": free, "label": "none", "free_name": "x" * 80, "reviewer": "y"},
        {"item": settled, "label": "black", "reviewer": "y"},
        {"item": free, "label": "black", "reviewer": "y"},
    ]
    before, told = count(database), at.told()
    rehearsed = taken(at, *rows, rehearsal=True)
    assert (count(database), at.told()) == (before, told)
    assert rehearsed == taken(at, *rows)
    assert rehearsed[0] == {"refused": 6, "same": 1, "recorded": 1}


async def test_what_a_moderator_of_another_place_decided_says_who_is_none_here(
    house_with: Any, predict: Predict, at: Any, database: Database
) -> None:
    house = house_with(quorum=Quorum.parse("low_confidence=2"))
    await house.receive(1, predict("grizzly", 0.4))
    there = {"installation": "f" * 16, "photo": at.view(1).image_sha256, "kind": "label"}
    votes = [
        {**there, "id": number, "label": label, "reviewer": name}
        for number, (label, name) in enumerate([("black", "ann"), ("teddy", "bob")], start=1)
    ]
    decision = {**there, "id": 3, "label": "teddy", "reviewer": "big mo", "adjudicates": True}
    counts, said = taken(at, *votes, decision)
    assert counts == {"recorded": 2, "refused": 1}
    assert "`bearbot review who add 'big mo' --role moderator`" in said[0]
    with database.write() as session:
        roster.add(session, "big mo", role=Role.MODERATOR, telegram_user_id=None, now=at.now)
    assert taken(at, *votes, decision)[0] == {"recorded": 1, "known": 2}
    assert at.view(1).final_label == "teddy"


async def test_an_annotation_that_was_changed_is_looked_at_again(photos: dict[int, str], at: Any) -> None:
    first, said = min(photos), []
    importer = Importer(at.database, LABELS, clock=lambda: at.now)
    for choice in ("black", "teddy"):
        annotated = {"id": 7, "completed_by": 7, "result": [{"value": {"choices": [choice]}}]}
        file = json.dumps([{"id": 1, "data": {"item": first}, "annotations": [annotated]}]).encode()
        importer.take_in(read_label_studio(io.BytesIO(file)), said.append)
    assert said == [f"task 1, annotation 7: item {first} is settled: label-studio 7 said 'black'"]


async def test_a_number_of_another_place_needs_the_photo(photos: dict[int, str], at: Any) -> None:
    row = {"item": min(photos), "installation": "f" * 16, "id": 1, "label": "black", "reviewer": "ada"}
    counts, (sentence,) = taken(at, row)
    assert counts == {"refused": 1}
    assert "such a row needs the photo (its sha256)" in sentence
    assert taken(at, {**row, "photo": photos[min(photos)]})[0] == {"recorded": 1}
    unknown = "0" * 64
    assert unknown in taken(at, {"photo": unknown, "label": "black", "reviewer": "ada"})[1][0]


async def test_taking_back_what_changed_nothing_changes_nothing(photos: dict[int, str], at: Any) -> None:
    first = min(photos)
    at.say("ann", first, VerdictKind.LABEL, "black")
    there = {"installation": "f" * 16, "photo": photos[first], "reviewer": "bob"}
    rows = [{**there, "id": 1, "label": "black"}, {**there, "id": 2, "kind": "undo", "undoes": 1}]
    assert taken(at, *rows)[0] == {"same": 2}
    assert taken(at, *rows)[0] == {"known": 2}
    assert at.view(first).final_label == "black"
    missing = {**there, "id": 4, "kind": "undo", "undoes": 3}
    assert taken(at, missing) == ({"refused": 1}, ["line 1: the verdict that it takes back is not here"])
