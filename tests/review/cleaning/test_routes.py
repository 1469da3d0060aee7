"""The cleaning page's routes: groups, decisions, what is refused, and who may ask."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from model.cleaning import Action, CleaningManifest
from model.images import encode
from model.suspicion import Ranking
from tests.review.cleaning.conftest import MADE, Served, jpeg, ranking_of

FIRST = "black/01.jpg"


def sizes(told: dict[str, Any]) -> dict[str, int]:
    return {group["key"]: group["photos"] for group in told["groups"]}


def test_groups_and_their_photos(served: Served) -> None:
    with served.client() as mo:
        told = mo.get("/api/state")
        assert sizes(told) == {
            "suspects": 5,
            "pair/black/grizzly": 2,
            "pair/grizzly/": 1,
            "pair/black/": 1,
            "pair/teddy/black": 1,
            "label/black": 6,
            "label/grizzly": 6,
            "label/teddy": 6,
            "decided": 0,
        }
        assert (told["suspects"], told["looked_at"], told["left"]) == (5, 0, 18)
        assert [f"{card['filed']}/{card['name']}" for card in mo.photos()] == list(MADE)
        assert [card["name"] for card in mo.photos("pair/black/grizzly")] == ["01.jpg", "02.jpg"]
        assert len(mo.photos("label/black", count=4)) == 4
        assert mo.photos("label/black")[0] == {
            "id": 1,
            "name": "01.jpg",
            "filed": "black",
            "suggested": "grizzly",
            "suspicion": 0.97,
            "twins": None,
            "decision": None,
        }


def test_a_decision_leaves_its_groups_and_can_be_changed(served: Served) -> None:
    with served.client() as mo:
        cards = mo.photos()
        told = mo.decide("relabel", *cards[:2], label="teddy")
        assert (told["decided"], told["refused"], told["photos"]) == (2, [], [])
        assert sizes(told)["pair/black/grizzly"] == 0
        assert sizes(told)["decided"] == 2
        assert (told["looked_at"], told["left"]) == (2, 16)
        assert served.decided() == {"black/01.jpg": "teddy", "black/02.jpg": "teddy"}
        one, other = mo.photos("decided")
        assert one["decision"] == {"action": "relabel", "label": "teddy"}
        told = mo.decide("remove", other, group="decided")
        assert [(card["id"], card["decision"]["action"]) for card in told["photos"]] == [(other["id"], "remove")]
        assert served.decided()[f"black/{other['name']}"] == "remove"


def test_accepting_does_what_is_suggested_of_each_and_is_one_undo(served: Served) -> None:
    with served.client() as mo:
        mo.decide("accept", *mo.photos())
        assert served.decided() == {
            "black/01.jpg": "grizzly",
            "black/02.jpg": "grizzly",
            "grizzly/01.jpg": "remove",
            "black/03.jpg": "remove",
            "teddy/01.jpg": "black",
        }
        calm = mo.photos("label/teddy")[0]
        assert calm["suggested"] == calm["filed"]
        mo.decide("accept", calm)
        assert served.decided()["teddy/02.jpg"] == "keep"
        assert [card["id"] for card in mo.post("/api/undo", group="label/teddy")["photos"]] == [calm["id"]]
        told = mo.post("/api/undo", group="pair/black/grizzly")
        assert told["undone"] == 5
        assert [card["name"] for card in told["photos"]] == ["01.jpg", "02.jpg"]  # the others are in other groups
        assert served.decided() == {}
        assert mo.post("/api/undo", code=409, group="suspects") == {"error": "there is nothing left to take back"}


def test_the_label_that_it_has_keeps_a_photo(served: Served) -> None:
    with served.client() as mo:
        mo.decide("relabel", mo.photos()[0], label="black")
        assert served.decided() == {FIRST: "keep"}


def test_a_new_label_must_be_meant(served: Served) -> None:
    with served.client() as mo:
        card = mo.photos()[0]
        said = mo.decide("relabel", card, label="grizly", code=400)["error"]
        assert said == "unknown label 'grizly': did you mean 'grizzly'? (expected one of black, grizzly, teddy)"
        assert "reserved" in mo.decide("relabel", card, label="none", new=True, code=400)["error"]
        assert "expected letters" in mo.decide("relabel", card, label="../up", new=True, code=400)["error"]
        assert "did you mean 'black'" in mo.decide("relabel", card, label="Black", new=True, code=400)["error"]
        told = mo.decide("relabel", card, label="polar bear", new=True)
        assert told["labels"] == ["black", "grizzly", "teddy", "polar bear"]
        mo.decide("relabel", mo.photos()[0], label="polar bear")
        assert served.decided() == {"black/01.jpg": "polar bear", "black/02.jpg": "polar bear"}


def test_what_was_replaced_or_deleted_meanwhile_is_refused(served: Served, folder: Path) -> None:
    with served.client() as mo:
        one, other, third, *_ = mo.photos()
        (folder / FIRST).write_bytes(jpeg(999))
        (folder / "black" / "02.jpg").unlink()
        told = mo.decide("keep", one, other, third)
        assert told["decided"] == 1
        sentences = {row["id"]: row["sentence"] for row in told["refused"]}
        assert "black/01.jpg was replaced meanwhile" in sentences[one["id"]]
        assert "black/02.jpg cannot be read any more" in sentences[other["id"]]
        assert [card["id"] for card in told["photos"]] == [one["id"], other["id"]]  # they are on the page again
        assert served.decided() == {"grizzly/01.jpg": "keep"}
        assert "replaced" in mo.get(f"/photos/{one['id']}", code=404)["error"]
        assert "cannot be shown" in mo.get(f"/thumbnails/{other['id']}", code=422)["error"]


def test_two_tabs_know_of_each_other(served: Served) -> None:
    with served.client() as one, served.client() as other:
        stale = other.photos()
        before = other.get("/api/state")["revision"]
        one.decide("keep", stale[0])
        assert other.get("/api/state")["revision"] != before
        told = other.decide("remove", *stale[:2])
        assert told["decided"] == 1
        assert [row["id"] for row in told["refused"]] == [stale[0]["id"]]
        assert "decided about elsewhere meanwhile" in told["refused"][0]["sentence"]
        assert served.decided() == {"black/01.jpg": "keep", "black/02.jpg": "remove"}


def test_many_tabs_at_once_lose_no_decision(served: Served) -> None:
    with ExitStack() as tabs:
        opened = [tabs.enter_context(served.client()) for _ in range(6)]
        cards = [card for label in ("black", "grizzly", "teddy") for card in opened[0].photos(f"label/{label}")]
        with ThreadPoolExecutor(6) as threads:
            told = threads.map(
                lambda place: opened[place % 6].decide("relabel", cards[place], label="teddy"), range(18)
            )
            assert [one["decided"] for one in told] == [1] * 18
    assert len(served.decided()) == 18


def test_of_two_tabs_with_the_same_photo_one_is_refused(served: Served) -> None:
    with served.client() as mo:
        card = mo.photos()[0]
        with ThreadPoolExecutor(6) as threads:
            told = list(threads.map(lambda action: mo.decide(action, card), ["keep", "remove"] * 3))
    assert sorted(one["decided"] for one in told) == [0, 0, 0, 0, 0, 1]
    assert len(served.manifest.path.read_text().splitlines()) == 1


def test_the_manifest_is_the_memory(folder: Path, ranking: Ranking, serve: Callable[..., Served]) -> None:
    manifest = CleaningManifest(folder)
    manifest.record([manifest.decision(folder / FIRST, Action.REMOVE)], by="ana")
    served = serve(folder, ranking)
    with served.client() as mo:
        assert [card["name"] for card in mo.photos("decided")] == ["01.jpg"]
        assert mo.get("/api/state")["looked_at"] == 1
        manifest.record([manifest.decision(folder / "black" / "02.jpg", Action.KEEP)], by="ana")  # by a command, say
        assert [card["name"] for card in mo.photos("decided")] == ["02.jpg", "01.jpg"]
        assert mo.post("/api/undo", group="suspects")["photos"][0]["name"] == "02.jpg"


def test_what_was_removed_before_can_be_brought_back(folder: Path, serve: Callable[..., Served]) -> None:
    """A ranking knows nothing of what was removed."""
    manifest = CleaningManifest(folder)
    gone, replaced = folder / "black" / "02.jpg", folder / "black" / "03.jpg"
    removed = [folder / FIRST, folder / "teddy" / "06.jpg", gone, replaced]
    manifest.record([manifest.decision(path, Action.REMOVE) for path in removed], by="ana")
    gone.unlink()
    replaced.write_bytes(jpeg(997))
    served = serve(folder, ranking_of(folder, {"black/03.jpg": ("black", 0.2), "grizzly/01.jpg": ("teddy", 0.9)}))
    with served.client() as mo:
        cards = mo.photos("decided")
        assert [(card["filed"], card["name"]) for card in cards] == [("teddy", "06.jpg"), ("black", "01.jpg")]
        assert mo.decide("keep", cards[0], group="decided")["decided"] == 1
        assert mo.http.get(f"/thumbnails/{cards[0]['id']}").status_code == 200
        told = mo.get("/api/state")
        assert (told["suspects"], told["looked_at"], told["left"]) == (3, 2, 2)


def test_a_decision_about_other_bytes_does_not_stand(folder: Path, serve: Callable[..., Served]) -> None:
    manifest = CleaningManifest(folder)
    manifest.record([manifest.decision(folder / FIRST, Action.REMOVE)], by="ana")
    (folder / FIRST).write_bytes(jpeg(998))
    with serve(folder, ranking_of(folder, {FIRST: ("teddy", 0.9)})).client() as mo:
        assert mo.get("/api/state")["looked_at"] == 0
        assert mo.decide("keep", mo.photos()[0])["decided"] == 1


def test_the_same_picture_under_two_labels(folder: Path, serve: Callable[..., Served]) -> None:
    exact, near = folder / "teddy" / "06.jpg", folder / "grizzly" / "06.jpg"
    exact.write_bytes((folder / FIRST).read_bytes())
    near.write_bytes(encode(Image.open(folder / "black" / "02.jpg").resize((80, 60))))
    (folder / "black" / "broken.jpg").write_bytes(b"no picture")
    made = {"black/02.jpg": ("black", 0.05), "black/03.jpg": ("black", 0.1), "grizzly/06.jpg": ("black", 0.8)}
    left_out = [
        (folder / FIRST, "filed under two labels"),
        (exact, "the same"),
        (folder / "black/broken.jpg", "damaged"),
    ]
    served = serve(folder, ranking_of(folder, made, left_out))
    with served.client() as mo:
        told = mo.get("/api/state")
        assert sizes(told)["twins"] == 4
        assert told["suspects"] == 4
        cards = mo.photos("twins")
        assert [card["twins"] for card in cards] == [
            {"group": 1, "labels": ["black", "grizzly"]},
            {"group": 1, "labels": ["black", "grizzly"]},
            {"group": 2, "labels": ["black", "teddy"]},
            {"group": 2, "labels": ["black", "teddy"]},
        ]
        mo.decide("remove", *(card for card in cards if card["filed"] == "teddy"), group="twins")
        assert served.decided() == {"teddy/06.jpg": "remove"}
        assert mo.http.get(f"/thumbnails/{cards[-1]['id']}").status_code == 200


def test_pictures_come_without_metadata(served: Served, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "somebody's name"
    large = Image.new("RGB", (3000, 2000), "tan")
    large.save(folder / FIRST, exif=exif)
    page = Served(folder, ranking_of(folder, {FIRST: ("teddy", 0.9)}))
    with page, page.client() as mo:
        for path, side in (("/photos/1", 2560), ("/thumbnails/1", 360)):
            answer = mo.http.get(path)
            assert answer.headers["content-type"] == "image/jpeg"
            assert b"somebody" not in answer.content
            picture = Image.open(io.BytesIO(answer.content))
            assert max(picture.size) == side
            assert not picture.getexif()
            again = mo.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/photos/0",
        "/photos/19",
        "/photos/99999999999999999999",
        "/photos/-1",
        "/photos/..%2f..%2fetc%2fpasswd",
        "/thumbnails/black/01.jpg",
        "/page/..%2fclean.py",
        "/page/../app.py",
        "/page/%2e%2e%2fapp.py",
        "/page/index.html",
        "/cleaning.jsonl",
    ],
)
def test_nothing_else_can_be_had(served: Served, path: str) -> None:
    with served.client() as mo:
        answer = mo.http.send(mo.http.build_request("GET", httpx.URL(served.url + path)))
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [{"id": "1"}]},
        {"items": [{"id": True}]},
        {"items": "all"},
        {"items": [{"id": 1, "seen": "keep"}]},
        {"items": [{"id": 1, "seen": {"action": "skip"}}]},
        {"action": "delete"},
        {"action": ["keep"]},
        {"action": "relabel"},
        {"action": "relabel", "label": 5},
        {"action": "relabel", "label": "polar", "new": "yes"},
        {"group": 5},
        {"group": ""},
    ],
)
def test_what_makes_no_sense_is_a_sentence(served: Served, body: dict[str, Any]) -> None:
    with served.client() as mo:
        whole = {"group": "suspects", "action": "keep", "items": [{"id": 1, "seen": None}], **body}
        assert "expected" in mo.post("/api/decide", code=400, **whole)["error"]
        for wrong in ({"group": "pair/x/y"}, {"items": [{"id": 4711, "seen": None}]}):
            sound = {"group": "suspects", "action": "keep", "items": [{"id": 1, "seen": None}], **wrong}
            assert "there is no" in mo.post("/api/decide", code=404, **sound)["error"]
        mo.get("/api/photos?group=suspects&count=0", code=400)
        mo.get("/api/photos?group=suspects", code=400)
        mo.get("/api/photos?count=5", code=400)
    assert served.decided() == {}


def test_only_who_has_the_link_is_let_in(served: Served) -> None:
    with httpx.Client(base_url=served.url, headers={"Origin": served.url}) as stranger:
        for path in ("/api/state", "/api/photos?group=suspects&count=5", "/photos/1", "/thumbnails/1", "/api/session"):
            assert stranger.get(path).status_code == 401
        for path in ("/api/decide", "/api/undo"):
            assert stranger.post(path, json={"group": "suspects"}).status_code == 401
        assert stranger.get("/").headers["location"] == "/login"
        assert "links work once" in stranger.post("/api/login", json={"token": "a guess"}).json()["error"]
        assert "bearbot data clean" in stranger.get("/login").text
    with served.client() as mo:
        del mo.http.headers["X-Bearbot-Token"]
        assert mo.post("/api/undo", code=403, group="suspects")
        mo.http.headers["Origin"] = "http://evil.example"
        assert mo.get("/api/state", code=403)
        assert mo.http.get("/api/state", headers={"Host": "evil.example"}).status_code == 421


def test_a_file_whose_name_is_no_text(folder: Path, serve: Callable[..., Served]) -> None:
    name = "black/caf\udce9.jpg"  # Latin-1, say
    (folder / name).write_bytes(jpeg(996))
    served = serve(folder, ranking_of(folder, {name: ("teddy", 0.9)}))
    with served.client() as mo:
        (card,) = mo.photos()
        assert mo.decide("accept", card)["decided"] == 1
        assert served.decided() == {name: "teddy"}
        assert mo.http.get(f"/thumbnails/{card['id']}").status_code == 200
        (folder / name).unlink()
        assert "cannot be read any more" in mo.decide("keep", *mo.photos("decided"))["refused"][0]["sentence"]


def test_leaving_ends_it(served: Served) -> None:
    with served.client() as mo:
        assert mo.get("/api/session")["folder"] == "bears"
        mo.post("/api/logout")
        assert mo.http.get("/api/state").status_code == 401


def test_a_damaged_manifest_is_a_sentence(served: Served) -> None:
    with served.client() as mo:
        card = mo.photos()[0]
        served.manifest.path.write_text("{}\n")
        assert "line 1: expected a decision" in mo.get("/api/state", code=409)["error"]
        assert "line 1" in mo.decide("keep", card, code=409)["error"]
