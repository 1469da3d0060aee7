"""Photos and thumbnails over HTTP."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.images import encode
from review.errors import NotFound
from review.storage import LocalImageStore
from review.tables import Submission
from review.web.thumbnails import THUMBNAIL_SIDE, Thumbnails

Arrive = Callable[..., list[int]]


def test_thumbnails_are_small_and_stay_with_their_reader(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        answer = client.http.get(f"/thumbnails/{item}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["cache-control"].startswith("private")
        photo = client.http.get(f"/photos/{item}")
        assert photo.headers["cache-control"].startswith("private")
        assert photo.headers["vary"] == "Cookie"
    with served.database.read() as session:
        submission = session.get_one(Submission, served.item(item).submission_id)
    assert photo.content == served.desk.images.get(submission.image_sha256)


@pytest.mark.parametrize("path", ["/thumbnails", "/photos"])
def test_a_browser_shows_what_it_kept_only_to_who_may_review(served: Any, arrive: Arrive, path: str) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        first = client.http.get(f"{path}/{item}")
        assert "no-cache" in first.headers["cache-control"], "the browser asks each time"
        again = client.http.get(f"{path}/{item}", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        other = client.http.get(f"{path}/{item}", headers={"If-None-Match": '"another"'})
        assert (other.status_code, other.content) == (200, first.content)
        served.remove("ana")
        refused = client.http.get(f"{path}/{item}", headers={"If-None-Match": first.headers["etag"]})
        assert refused.status_code == 401


def test_a_deleted_photo_is_not_shown_again(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        assert client.http.get(f"/thumbnails/{item}").status_code == 200
        with served.database.write() as session:
            session.get_one(Submission, served.item(item).submission_id).image_sha256 = None
        for path in (f"/thumbnails/{item}", f"/photos/{item}"):
            assert client.http.get(path).status_code == 404


def test_a_lost_and_a_damaged_file_are_said(served: Any, arrive: Arrive) -> None:
    lost, damaged = arrive(2)
    paths = {}
    with served.database.read() as session:
        for item in (lost, damaged):
            sha256 = session.get_one(Submission, served.item(item).submission_id).image_sha256
            paths[item] = served.desk.images.path(sha256)
    paths[lost].unlink()
    paths[damaged].write_bytes(b"not a photo")
    with served.client("ana") as client:
        assert client.http.get(f"/thumbnails/{lost}").status_code == 404
        answer = client.http.get(f"/thumbnails/{damaged}")
        assert (answer.status_code, "cannot be shown" in answer.json()["error"]) == (422, True)


@pytest.mark.parametrize("size", [(1280, 960), (300, 2000), (20, 10)])
def test_a_thumbnail_keeps_its_shape(tmp_path: Any, size: tuple[int, int]) -> None:
    images = LocalImageStore(tmp_path)
    made = Image.open(io.BytesIO(Thumbnails(images.get).get(images.put(encode(Image.new("RGB", size, "tan"))))))
    scale = min(1.0, THUMBNAIL_SIDE / max(size))
    assert made.size == pytest.approx([side * scale for side in size], abs=1)


def test_thumbnails_are_kept_within_bounds(tmp_path: Any) -> None:
    images = LocalImageStore(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 255, (3, 200, 200, 3), dtype=np.uint8)
    stored = [images.put(encode(Image.fromarray(picture))) for picture in pixels]
    size = len(Thumbnails(images.get).get(stored[0]))
    thumbnails = Thumbnails(images.get, kept_bytes=int(size * 2.5))
    for sha256 in stored:
        thumbnails.get(sha256)
    for sha256 in stored:
        images.delete(sha256)
    with pytest.raises(NotFound):  # the oldest went
        thumbnails.get(stored[0])
    assert thumbnails.get(stored[2])
