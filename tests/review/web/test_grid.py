"""Batches over HTTP: claimed by one, kept, answered item by item, taken back whole, given back."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from model.errors import RegistryError
from review import bulk
from review.errors import DatabaseError
from review.tables import Channel, ItemStatus, OutboxMessage, Verdict, VerdictKind
from review.web.grid import MOST_HELD

Arrive = Callable[..., list[int]]


def ids(cards: list[dict[str, Any]]) -> list[int]:
    return [card["id"] for card in cards]


def test_a_batch_is_in_order_and_says_what_is_known(served: Any, arrive: Arrive) -> None:
    (sure,), (unsure,) = arrive(1, "black", 0.8), arrive(1, "grizzly", 0.5)
    with served.client("ana") as client:
        cards = client.claim()
        assert ids(cards) == [unsure, sure]
        assert cards[0] | {"token": "", "waiting_seconds": 0} == {
            "id": unsure,
            "token": "",
            "blind": False,
            "disagreement": False,
            "label": "grizzly",
            "confidence": 0.5,
            "reasons": ["low_confidence"],
            "claims": [],
            "waiting_seconds": 0,
            "alike": 0,
        }
        more = client.http.get(f"/api/items/{unsure}").json()
        assert more["probabilities"] == pytest.approx({"black": 0.25, "grizzly": 0.5, "teddy": 0.25})
        assert client.claim() == []


def test_two_reviewers_never_see_the_same(served: Any, arrive: Arrive) -> None:
    everything = arrive(9)
    with served.client("ana") as ana, served.client("ben") as ben:
        seen = [ids(ana.claim(4)), ids(ben.claim(4)), ids(ana.claim(4))]
        assert [len(batch) for batch in seen] == [4, 4, 1]
        assert sorted(item for batch in seen for item in batch) == everything


def test_what_was_left_to_others_is_not_given_again_at_once(served: Any, arrive: Arrive) -> None:
    items = arrive(3)
    with served.client("ana") as client:
        client.claim()
        client.say("skip", *items[:2])
        client.post("/api/release", items=client.hands(items[2]))
        assert ids(client.claim(besides=items[:2])) == items[2:]
        assert ids(client.claim()) == items[:2]


def test_a_group_is_the_models_label_or_a_reason(served: Any, arrive: Arrive) -> None:
    black, grizzly, foreign = arrive(2, "black"), arrive(1, "grizzly"), arrive(1, "black", in_domain=False)
    with served.client("ana") as client:
        groups = client.http.get("/api/groups").json()["groups"]
        assert sorted((group["label"], group["reason"], group["items"]) for group in groups) == [
            ("black", "low_confidence", 2),
            ("black", "out_of_domain", 1),
            ("grizzly", "low_confidence", 1),
        ]
        assert ids(client.claim(label="grizzly")) == grizzly
        assert ids(client.claim(label="black", reason="out_of_domain")) == foreign
        assert ids(client.claim(label="teddy")) == []
        assert sorted(ids(client.claim(reason="low_confidence"))) == black


def test_a_bulk_is_one_request_and_one_undo(served: Any, arrive: Arrive) -> None:
    items = arrive(30)  # more than one transaction takes
    with served.client("ana") as client:
        client.claim(30)
        answered = client.say("label", *items[:2], label="black")
        assert [one["outcome"] for one in answered] == ["settled"] * 2
        answered = client.say("label", *items[2:], label="teddy")
        assert [(one["id"], one["final_label"]) for one in answered] == [(item, "teddy") for item in items[2:]]
        undone = client.post("/api/undo")
        assert sorted(undone["undone"]) == sorted(ids(undone["items"])) == items[2:]
        assert {served.item(item).status for item in items[2:]} == {ItemStatus.OPEN}
        assert {served.item(item).final_label for item in items[:2]} == {"black"}
        assert sorted(client.post("/api/undo")["undone"]) == items[:2]
        assert "no verdict" in client.post("/api/undo", code=409)["error"]


@pytest.mark.parametrize("kind", ["label", "cant_tell"])
def test_a_bulk_that_failed_half_way_and_came_again_is_one_undo(
    served: Any, arrive: Arrive, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    items = arrive(30)
    settle_each, calls = bulk.settle_each, iter(range(100))

    def failing(*arguments: Any, **named: Any) -> list[bulk.Answered]:
        if next(calls) == 1:
            raise DatabaseError("the database cannot be used: database is locked")
        return settle_each(*arguments, **named)

    monkeypatch.setattr(bulk, "settle_each", failing)
    with served.client("ana") as client:
        client.claim(30)
        body = {"kind": kind, "label": "teddy", "items": client.hands(*items)}
        client.post("/api/verdicts", code=503, **body)
        served.clock.ahead += timedelta(seconds=5)
        assert len(client.post("/api/verdicts", **body)["answered"]) == 30
        assert len(served.verdicts()) == 30
        assert sorted(client.post("/api/undo")["undone"]) == items


def test_what_was_taken_back_is_in_hand_again(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client, served.client("ben") as ben:
        client.claim()
        client.say("none", item, free_name=" polar  bear ")
        (card,) = client.post("/api/undo")["items"]
        assert ben.claim() == []
        client.items[item] = card["token"]
        assert client.say("label", item, label="black")[0]["final_label"] == "black"
    kinds = [verdict.kind for verdict in served.verdicts()]
    assert kinds == [VerdictKind.NONE, VerdictKind.UNDO, VerdictKind.LABEL]
    assert served.verdicts()[0].free_name == "polar bear"


def test_how_a_verdict_came_about_is_recorded(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        client.claim()
        given = {**client.hands(item)[0], "seconds": 1.5, "answer_shown": True}
        client.post("/api/verdicts", kind="label", label="grizzly", items=[given])
    (verdict,) = served.verdicts()
    assert (verdict.channel, verdict.seconds, verdict.answer_shown) == (Channel.PAGE, 1.5, True)


def test_each_item_of_a_bulk_is_answered_for_itself(served: Any, arrive: Arrive) -> None:
    items = arrive(4)
    mine, lost, settled, foreign = items
    with served.client("ana") as ana, served.client("ben") as ben:
        ana.claim()
        for item in (lost, settled):
            served.change(item, lease_token=None, lease_reviewer_id=None, lease_expires_at=None)
        ben.claim()
        ben.say("label", settled, label="black")
        ana.items[foreign] = "made up"
        answered = {one["id"]: one for one in ana.say("label", *items, label="teddy")}
    assert {item: one["outcome"] for item, one in answered.items()} == {
        mine: "settled",
        lost: "lost",
        settled: "settled_before",
        foreign: "lost",
    }
    assert answered[settled]["sentence"] == f"item {settled} is settled: ben said 'black'"
    assert [(verdict.item_id, verdict.label) for verdict in served.verdicts()] == [(settled, "black"), (mine, "teddy")]


def test_an_answer_that_comes_twice_counts_once(served: Any, arrive: Arrive) -> None:
    settled, skipped = arrive(2)
    with served.client("ana") as client:
        client.claim()
        for _ in range(2):
            assert client.say("label", settled, label="black")[0]["outcome"] == "settled"
            assert client.say("skip", skipped)[0]["outcome"] == "recorded"
    assert len(served.verdicts()) == 2


def test_leases_are_kept_and_end(served: Any, arrive: Arrive, lease: timedelta) -> None:
    kept, ended = arrive(2)
    with served.client("ana") as ana, served.client("ben") as ben:
        ana.claim()
        served.clock.ahead += lease * 0.9
        assert ana.post("/api/renew", items=ana.hands(kept)) == {"lost": []}
        served.clock.ahead += lease * 0.9
        assert ids(ben.claim()) == [ended]
        assert ana.post("/api/renew", items=ana.hands(kept, ended)) == {"lost": [ended]}
        assert ana.say("skip", ended)[0]["outcome"] == "lost"


def test_nobody_renews_what_another_holds(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as ana, served.client("ben") as ben:
        ana.claim()
        ben.items = dict(ana.items)
        assert ben.post("/api/renew", items=ben.hands(item)) == {"lost": [item]}


def test_what_is_given_back_goes_to_others(served: Any, arrive: Arrive) -> None:
    items = arrive(3)
    with served.client("ana") as ana, served.client("ben") as ben:
        ana.claim()
        ana.post("/api/release", items=ana.hands(*items[:2]))
        assert sorted(ids(ben.claim())) == items[:2]


def test_the_end_of_the_server_gives_everything_back(served: Any, arrive: Arrive) -> None:
    items = arrive(3)
    with served.client("ana") as ana:
        ana.claim()
        served.desk.end_all()
        assert [served.item(item).lease_token for item in items] == [None] * 3
        assert ana.http.get("/api/session").status_code == 401


def test_nobody_hoards(served: Any, arrive: Arrive, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_HELD >= 200  # two tabs of the largest batch
    monkeypatch.setattr("review.web.grid.MOST_HELD", 5)
    arrive(7)
    with served.client("ana") as tab:
        assert len(tab.claim(3)) == 3
        assert len(tab.post("/api/claim", count=3)["items"]) == 2
        assert tab.post("/api/claim", count=3) == {"items": [], "full": True}


def test_what_a_page_could_not_send_before_it_ended_is_said_in_order(served: Any, arrive: Arrive) -> None:
    items = arrive(5)
    with served.client("ana") as client:
        client.claim()
        one, two, three, four, five = ({"items": client.hands(item)} for item in items)
        strokes = [
            {"kind": "label", "label": "black", **one},
            {"kind": "label", "label": "teddy", **two},
            {"kind": "undo"},
            {"kind": "label", "label": "unicorn", **three},
            {"kind": "label", "label": "teddy", **four},
        ]
        client.post("/api/farewell", strokes=strokes, **five)
        client.post("/api/farewell", code=400, strokes=["black"], items=[])
    said = [(verdict.item_id, verdict.kind.value, verdict.label) for verdict in served.verdicts()]
    assert said == [
        (items[0], "label", "black"),
        (items[1], "label", "teddy"),
        (items[1], "undo", None),
        (items[3], "label", "teddy"),
    ]
    held = [item for item in items if served.item(item).lease_token]
    assert held == [items[2]], "what was refused is in hand until its time is up"


def test_what_is_in_your_own_hands_elsewhere_is_told_where_nothing_is_found(served: Any, arrive: Arrive) -> None:
    arrive(3)
    with served.client("ana") as ana, served.client("ben") as ben:
        ana.claim()
        told = ana.post("/api/claim", count=5)
        assert told["items"] == []
        assert told["mine"]["items"] == 3
        assert 290 <= told["mine"]["seconds"] <= 300
        assert "mine" not in ben.post("/api/claim", count=5), "what others hold is theirs"


def test_labels_are_compared_as_they_are_with_their_spaces(served: Any, arrive: Arrive) -> None:
    served.labels = ("a  bear", "teddy")
    (item,), _ = arrive(1, "a  bear"), arrive(1, "teddy")
    with served.client("ana") as client:
        assert ids(client.claim(label="a  bear")) == [item]
        assert client.say("label", item, label="a  bear")[0]["final_label"] == "a  bear"
        client.post("/api/verdicts", code=400, kind="label", label="a bear", items=[])


def test_who_answered_sees_the_new_counts_at_once(served: Any, arrive: Arrive) -> None:
    first, _ = arrive(2)
    with served.client("ana") as client:
        client.claim()
        assert [group["items"] for group in client.http.get("/api/groups").json()["groups"]] == [2]
        client.say("label", first, label="black")
        assert [group["items"] for group in client.http.get("/api/groups").json()["groups"]] == [1]
        client.post("/api/undo")
        assert [group["items"] for group in client.http.get("/api/groups").json()["groups"]] == [2]


def test_a_blind_item_tells_nothing(served: Any, arrive: Arrive) -> None:
    open_one, blind = arrive(2, "black")
    served.change(blind, verdicts_needed=2)
    with served.client("ana") as ana, served.client("ben") as ben:
        assert ids(ana.claim(label="black")) == [open_one]
        assert ana.claim(reason="low_confidence") == [], "to be among those of a reason tells what the model said"
        (card,) = ana.claim(blind=True, reason="audit")  # any reason's
        assert (card["blind"], card["label"], card["confidence"], card["reasons"]) == (True, None, None, [])
        more = ana.http.get(f"/api/items/{blind}")
        assert "black" not in more.text
        assert (more.json()["model_version"], more.json()["reasons"]) == (None, [])
        groups = ana.http.get("/api/groups").json()["groups"]
        assert {"label": None, "reason": None, "blind": True, "items": 1} in groups
        assert ana.say("label", blind, label="teddy")[0]["outcome"] == "recorded"
        ben.claim(blind=True)
        assert "teddy" not in ben.http.get(f"/api/items/{blind}").text
        assert ben.say("label", blind, label="teddy")[0]["final_label"] == "teddy"


def test_disagreement_goes_to_who_may_decide(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    served.change(item, verdicts_needed=2)
    with served.client("ana") as ana, served.client("ben") as ben, served.client("cyd") as cyd:
        ana.claim()
        ana.say("label", item, label="teddy")
        ben.claim()
        assert ben.say("label", item, label="black")[0]["outcome"] == "recorded"
        assert cyd.claim() == []
        said = ana.http.get(f"/api/items/{item}").json()["said"]
        assert said == [{"reviewer": "ana", "said": "teddy"}, {"reviewer": "ben", "said": "black"}]


def test_near_duplicates_come_as_one_and_can_be_split(served: Any, arrive: Arrive) -> None:
    shown, same, other = arrive(3)
    for member in (same, other):
        served.change(member, represented_by_id=shown)
    with served.client("ana") as client:
        (card,) = client.claim()
        assert (card["id"], card["alike"]) == (shown, 2)
        assert client.http.get(f"/api/items/{shown}").json()["alike"] == [same, other]
        assert client.post("/api/split", id=other) == {"alone": [other]}
        client.say("label", shown, label="black")
        assert served.item(same).final_label == "black"
        assert served.item(other).status is ItemStatus.OPEN
        assert ids(client.claim()) == [other]
        client.post("/api/undo")
        assert served.item(same).status is ItemStatus.OPEN


def test_only_what_is_in_hand_is_split_or_given_back(served: Any, arrive: Arrive) -> None:
    shown, same = arrive(2)
    served.change(same, represented_by_id=shown)
    with served.client("ana") as ana, served.client("ben") as ben:
        (card,) = ana.claim()
        for item in (shown, same):
            assert "no longer yours" in ben.post("/api/split", code=409, id=item)["error"]
        ben.post("/api/release", items=[{"id": shown, "token": card["token"]}])
        assert ana.post("/api/renew", items=ana.hands(shown)) == {"lost": []}
        ana.post("/api/release", items=ana.hands(shown))
        assert served.item(shown).lease_token is None
        assert "no longer yours" in ana.post("/api/split", code=409, id=same)["error"]
        assert served.item(same).represented_by_id == shown
        ana.post("/api/split", code=404, id=99)


def test_what_is_put_off_comes_back(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        client.claim()
        assert client.say("defer", item, hours=1)[0]["outcome"] == "recorded"
        assert client.claim() == []
        served.clock.ahead += timedelta(hours=1, minutes=1)
        assert ids(client.claim()) == [item]


def test_the_asker_hears_of_a_bulk(served: Any, arrive: Arrive) -> None:
    items = arrive(3)
    with served.client("ana") as client:
        client.claim()
        client.say("label", *items, label="teddy")
    with served.database.read() as session:
        told = session.scalar(
            select(func.count()).select_from(OutboxMessage).where(OutboxMessage.dedupe_key.startswith("verdict:"))
        )
    assert told == 3


def test_a_deleted_photo_is_gone(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        client.claim()
        served.change(
            item, status=ItemStatus.WITHDRAWN, lease_token=None, lease_reviewer_id=None, lease_expires_at=None
        )
        assert client.say("skip", item)[0]["outcome"] == "gone"


def test_a_label_that_the_model_lost_is_refused(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        client.claim()
        served.labels = ("black", "brown")
        body = {"kind": "label", "label": "teddy", "items": client.hands(item)}
        assert "one of black, brown" in client.post("/api/verdicts", code=400, **body)["error"]


def test_without_a_model_nothing_can_be_labelled_but_the_rest_works(served: Any, arrive: Arrive) -> None:
    def broken() -> tuple[str, ...]:
        raise RegistryError("there is no champion")

    served.desk.labels = broken
    (item,) = arrive(1)
    with served.client("ana") as client:
        assert "there is no champion" in client.http.get("/api/session").json()["problem"]
        client.claim()
        body = {"kind": "label", "label": "black", "items": client.hands(item)}
        assert "there is no champion" in client.post("/api/verdicts", code=503, **body)["error"]
        assert client.say("none", item)[0]["outcome"] == "settled"


def test_what_stands_on_the_slate_comes_first(served: Any, arrive: Arrive) -> None:
    first, second, third = arrive(3)
    served.desk.first = lambda: [third, 999, first]
    with served.client("ana") as client:
        assert ids(client.claim()) == [third, first, second]


NONSENSE: list[tuple[str, Any]] = [
    ("/api/claim", {}),
    ("/api/claim", {"count": 0}),
    ("/api/claim", {"count": 201}),
    ("/api/claim", {"count": True}),
    ("/api/claim", {"count": 5, "reason": "boredom"}),
    ("/api/claim", {"count": 5, "label": 7}),
    ("/api/claim", {"count": 5, "blind": "yes"}),
    ("/api/claim", [1, 2]),
    ("/api/claim", {"count": 5, "besides": ["1"]}),
    ("/api/claim", {"count": 5, "besides": [1] * 1001}),
    ("/api/renew", {"items": 3}),
    ("/api/renew", {"items": [{"id": 1}]}),
    ("/api/renew", {"items": [{"id": 2**70, "token": "x"}]}),
    ("/api/renew", {"items": [{"id": 1, "token": "x"}] * 201}),
    ("/api/verdicts", {"kind": "undo", "items": []}),
    ("/api/verdicts", {"kind": ["skip"], "items": []}),
    ("/api/verdicts", {"kind": "defer", "items": []}),
    ("/api/verdicts", {"kind": "defer", "hours": -1, "items": []}),
    ("/api/verdicts", {"kind": "none", "free_name": "x" * 65, "items": []}),
    ("/api/verdicts", {"kind": "skip", "items": [{"id": 1, "token": "x", "seconds": -1}]}),
    ("/api/verdicts", {"kind": "skip", "items": [{"id": 1, "token": "x", "seconds": 10**400}]}),
    ("/api/verdicts", {"kind": "skip", "items": [{"id": 1, "token": "x", "seconds": float("nan")}]}),
    ("/api/verdicts", {"kind": "skip", "items": [{"id": 1, "token": "\ud800"}]}),
    ("/api/renew", {"items": [{"id": 1, "token": "\ud800"}]}),
    ("/api/release", {"items": [{"id": 1, "token": "\ud800"}]}),
    ("/api/login", {"token": "\ud800"}),
    ("/api/split", {"id": "1"}),
]


@pytest.mark.parametrize(("path", "body"), NONSENSE, ids=lambda value: json.dumps(value)[:40])
def test_nonsense_is_refused_with_a_sentence(served: Any, path: str, body: Any) -> None:
    with served.client("ana") as client:
        # Written by hand: the client itself refuses to send what is no number.
        headers = {"Content-Type": "application/json"}
        answer = client.http.post(path, content=json.dumps(body), headers=headers)
        assert answer.status_code == 400
        assert "expected" in answer.json()["error"]


def test_no_json_and_too_much_of_it(served: Any) -> None:
    with served.client("ana") as client:
        assert client.http.post("/api/claim", content=b"count=5").status_code == 400
        assert client.http.post("/api/claim", content=b"[" * 100_000).status_code == 400
        assert client.http.post("/api/claim", content=b" " * 300_000).status_code == 413


def test_what_is_not_there(served: Any) -> None:
    with served.client("ana") as client:
        for path in ("/api/items/99", "/photos/99", "/thumbnails/99", "/page/none.css", "/page/..%2Fapp.py"):
            assert client.http.get(path).status_code == 404, path
        for number in ("0", "9" * 30, "9" * 5000):
            for path in ("/api/items", "/photos", "/thumbnails"):
                assert client.http.get(f"{path}/{number}").status_code == 404, number
        assert client.http.get(f"/page/{'x' * 300}.js").status_code == 404


def test_verdicts_of_one_bulk_share_their_time(served: Any, arrive: Arrive) -> None:
    """By which undo knows them."""
    items = arrive(30)
    with served.client("ana") as client:
        client.claim(30)
        client.say("cant_tell", *items)
    with served.database.read() as session:
        assert session.scalar(select(func.count(func.distinct(Verdict.created_at)))) == 1
