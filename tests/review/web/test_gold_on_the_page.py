"""Items by which reviewers are measured, on the page: nothing that is sent tells them from others."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from review import gold, judging
from review.people import reviewer_named
from review.tables import ItemStatus, OutboxMessage, ReviewItem, Submission, VerdictKind

Arrive = Callable[..., list[int]]


@pytest.fixture
def known(served: Any, arrive: Arrive) -> int:
    """What the model takes for black and zoe knows to be a polar bear; a grizzly waits."""
    (item,), _ = arrive(1, "black", 0.5), arrive(1, "grizzly", 0.6)
    with served.database.write() as session:
        zoe = reviewer_named(session, "zoe", served.clock())
        judging.settle(session, item, zoe, kind=VerdictKind.NONE, free_name="polar bear", now=served.clock())
        gold.add(session, item, served.clock())
        photo = session.get_one(Submission, session.get_one(ReviewItem, item).submission_id)
        photo.submitted_at -= timedelta(days=30)  # nothing that is open waited for so long
    served.desk.gold_rate = 1.0
    return int(item)


def told(served: Any) -> int:
    with served.database.read() as session:
        return session.scalar(select(func.count()).select_from(OutboxMessage)) or 0


def gives_nothing_away(found: object) -> None:
    """Neither who settled it, nor as what, nor that it is settled."""
    said = json.dumps(found)
    for word in ("zoe", "polar", "none", "settled", "gold"):
        assert word not in said


def test_a_card_and_all_there_is_to_know_of_it_look_like_any_other(served: Any, known: int, arrive: Arrive) -> None:
    arrive(1, "black", 0.5)
    with served.client("ana") as ana, served.client("ben") as ben:
        (card,) = ana.claim(1)
        assert card["id"] == known
        gives_nothing_away(card)
        details = ana.http.get(f"/api/items/{known}").json()
        gives_nothing_away(details)
        assert (details["status"], details["final_label"], details["said"]) == ("open", None, [])
        served.desk.gold_rate = 0.0
        real = next(one for one in ben.claim() if one["label"] == "black")
        own = {"id", "token", "waiting_seconds"}
        assert {name: card[name] for name in card.keys() - own} == {name: real[name] for name in real.keys() - own}
        assert abs(card["waiting_seconds"] - real["waiting_seconds"]) <= 1
        other = ben.http.get(f"/api/items/{real['id']}").json()
        own = {"id", "waiting_seconds"}
        assert {n: details[n] for n in details.keys() - own} == {n: other[n] for n in other.keys() - own}
        assert ana.http.get(f"/photos/{known}").status_code == 200
        assert ana.http.get(f"/thumbnails/{known}").status_code == 200


def test_its_answer_changes_nothing_and_is_all_that_its_reviewer_hears_of_it(served: Any, known: int) -> None:
    before, heard = served.item(known), told(served)
    with served.client("ana") as ana:
        ana.claim(1)
        for _ in range(2):  # once more, because the first answer got lost
            answered = ana.say("label", known, label="teddy")
            assert answered == [{"id": known, "outcome": "settled", "final_label": "teddy", "sentence": None}]
        details = ana.http.get(f"/api/items/{known}").json()
        assert (details["status"], details["final_label"]) == ("settled", "teddy")
        assert details["said"] == [{"reviewer": "ana", "said": "teddy"}]
        (refused,) = ana.say("label", known, label="black")
        assert refused["sentence"] == f"item {known} is settled: ana said 'teddy'"
        assert [one["id"] for one in ana.claim()] == [known + 1]
    after = served.item(known)
    assert (after.status, after.final_label, after.settled_by_id, after.settled_at) == (
        ItemStatus.SETTLED,
        "none",
        before.settled_by_id,
        before.settled_at,
    )
    assert told(served) == heard
    with served.database.read() as session:
        assert [(one.checks, one.right) for one in gold.listed(session)] == [(1, 0)]


def test_it_is_kept_and_taken_back_and_given_back(served: Any, known: int) -> None:
    with served.client("ana") as ana, served.client("ben") as ben:
        ana.claim(1)
        for _ in range(3):
            served.clock.ahead += timedelta(minutes=4)
            assert ana.post("/api/renew", items=ana.hands(known))["lost"] == []
        assert ben.post("/api/renew", items=ana.hands(known))["lost"] == [known], "in another's hands it is nobody's"
        assert ana.say("label", known, label="teddy")[0]["outcome"] == "settled"
        undone = ana.post("/api/undo")
        assert undone["undone"] == [known]
        (card,) = undone["items"]
        gives_nothing_away(card)
        ana.items[known] = card["token"]
        served.clock.ahead += timedelta(minutes=6)
        assert ana.post("/api/renew", items=ana.hands(known))["lost"] == [known]
        (late,) = ana.say("label", known, label="black")
        assert (late["outcome"], "no longer yours" in late["sentence"]) == ("lost", True)
        assert [one["id"] for one in ana.claim(1)] == [known]
        ana.post("/api/release", items=ana.hands(known))
        (late,) = ana.say("label", known, label="black")
        gives_nothing_away(late["sentence"])
        assert late["outcome"] == "lost"


def test_a_bulk_with_it_is_one_stroke(served: Any, known: int, arrive: Arrive) -> None:
    arrive(1, "black", 0.7)
    with served.client("ana") as ana:
        cards = ana.claim(2)
        assert known in [card["id"] for card in cards]
        ids = [card["id"] for card in cards]
        assert [one["outcome"] for one in ana.say("label", *ids, label="black")] == ["settled"] * 2
        undone = ana.post("/api/undo")
        assert sorted(undone["undone"]) == sorted(ids)
        assert sorted(card["id"] for card in undone["items"]) == sorted(ids)


def test_it_counts_among_what_is_in_hand(served: Any, known: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.web.grid.MOST_HELD", 1)
    with served.client("ana") as ana:
        assert [one["id"] for one in ana.claim(1)] == [known]
        assert ana.post("/api/claim", count=1) == {"items": [], "full": True}


def test_judged_blind_it_hides_what_the_model_says(served: Any, known: int) -> None:
    for item in (known, known + 1):
        served.change(item, verdicts_needed=2)
    with served.client("ana") as ana:
        (card,) = ana.claim(1)
        assert card["id"] == known
        assert (card["blind"], card["label"], card["confidence"]) == (True, None, None)
        details = ana.http.get(f"/api/items/{known}").json()
        gives_nothing_away(details)
        assert (details["status"], details["probabilities"]) == ("open", None)
        assert ana.say("label", known, label="teddy") == [
            {"id": known, "outcome": "recorded", "final_label": None, "sentence": None}
        ]


def test_without_a_rate_it_never_comes(served: Any, known: int) -> None:
    served.desk.gold_rate = 0.0
    with served.client("ana") as ana:
        assert [one["id"] for one in ana.claim()] == [known + 1]
