"""Settled photos as folders: what is there is what people settled, and nothing of others is touched."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from bot.cli import bearbot
from model.dataset import DatasetManifest, Kind, Origin, Photo, Split
from model.serving import Prediction
from review import erasure, items
from review.database import Database
from review.imagefolder import write_imagefolder
from review.tables import ReviewItem, Secret, Submission, VerdictKind

pytestmark = pytest.mark.anyio
Predict = Callable[..., Prediction]


def run(folder: Path, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(bearbot, ["review", "export", "--format", "imagefolder", str(folder), *arguments])
    assert result.exit_code == code, result.output
    return result


def photos(folder: Path) -> dict[str, str]:
    """sha256 -> the folder that it is in."""
    return {path.stem: path.parent.relative_to(folder).as_posix() for path in folder.rglob("*.jpg")}


def manifest(folder: Path) -> dict[str, Photo]:
    read = DatasetManifest.from_lines((folder / "manifest.jsonl").read_text())
    return {photo.sha256: photo for photo in read.photos}


@pytest.fixture
async def settled(house: Any, predict: Predict, at: Any) -> dict[int, str]:
    """Item -> sha256; three askers, of whom one sent two; the last one is none of these, and one more waits."""
    found = {}
    for number, asker in ((1, 5), (2, 5), (3, 6), (4, 7)):
        item = (await house.receive(number, predict("black", 0.7), telegram_user_id=asker)).item_id
        at.say("mo", item, *((VerdictKind.LABEL, "black") if number < 4 else (VerdictKind.NONE, None)))
        found[item] = at.view(item).image_sha256
    await house.receive(5, predict("black", 0.7), telegram_user_id=7)
    return found


async def test_a_folder_for_each_label(settled: dict[int, str], tmp_path: Path, house: Any) -> None:
    told = run(tmp_path / "bears").stderr
    assert "4 photos are in" in told
    shas = list(settled.values())
    assert photos(tmp_path / "bears") == {**dict.fromkeys(shas[:3], "black"), shas[3]: "none"}
    assert (tmp_path / "bears" / "black" / f"{shas[0]}.jpg").read_bytes() == house.images.get(shas[0])
    rows = manifest(tmp_path / "bears")
    assert {rows[sha].kind for sha in shas[:3]} == {Kind.SUBJECT}
    assert (rows[shas[3]].kind, rows[shas[3]].origin, rows[shas[3]].licence) == (Kind.NONE, Origin.REVIEW, None)
    assert rows[shas[0]].group == rows[shas[1]].group
    assert len({rows[sha].group for sha in shas}) == 3
    assert "asker" not in (tmp_path / "bears" / "manifest.jsonl").read_text()


async def test_again_it_brings_what_changed(settled: dict[int, str], tmp_path: Path, house: Any, at: Any) -> None:
    folder = tmp_path / "bears"
    run(folder)
    (folder / "black" / "my notes.txt").write_text("mine")
    (folder / "none" / ".half.part").write_text("")
    assert "0 new, 0 gone or moved" in run(folder).stderr
    (one, two, *_), shas = settled, list(settled.values())
    at.undo("mo")
    at.say("mo", max(settled), VerdictKind.LABEL, "teddy")
    with house.database.write() as session:
        gone = erasure.erase_person(session, 6)
    erasure.remove_photos(house.database, house.images, house.features, gone.photos)
    assert "3 photos" in run(folder).stderr
    assert photos(folder) == {**dict.fromkeys(shas[:2], "black"), shas[3]: "teddy"}
    assert set(manifest(folder)) == {shas[0], shas[1], shas[3]}
    assert (folder / "black" / "my notes.txt").exists()
    assert one != two


async def test_no_sender_is_on_both_sides(settled: dict[int, str], tmp_path: Path, house: Any) -> None:
    with house.database.write() as session:  # a near-duplicate of another sender's
        session.execute(update(ReviewItem).where(ReviewItem.id == max(settled)).values(represented_by_id=min(settled)))
    run(tmp_path / "bears", "--test-share", "0.5")
    rows = manifest(tmp_path / "bears")
    shas = list(settled.values())
    assert len({rows[sha].group for sha in (shas[0], shas[1], shas[3])}) == 1
    for sha, place in photos(tmp_path / "bears").items():
        assert place == f"{rows[sha].split.value}/{rows[sha].label}"
    run(tmp_path / "bears", "--test-share", "1")
    assert {photo.split for photo in manifest(tmp_path / "bears").values()} == {Split.TEST}
    assert all(place.startswith("test/") for place in photos(tmp_path / "bears").values())
    run(tmp_path / "bears")
    assert set(photos(tmp_path / "bears").values()) == {"black", "none"}


async def test_hard_links_share_the_bytes(settled: dict[int, str], tmp_path: Path, house: Any) -> None:
    run(tmp_path / "bears", "--link")
    sha = next(iter(settled.values()))
    assert (tmp_path / "bears" / "black" / f"{sha}.jpg").samefile(house.images.path(sha))


async def test_what_is_not_in_the_store_is_said(settled: dict[int, str], tmp_path: Path, house: Any) -> None:
    house.images.delete(next(iter(settled.values())))
    assert "error: 1 photo is not in the image store" in run(tmp_path / "bears", code=1).stderr
    assert len(photos(tmp_path / "bears")) == len(manifest(tmp_path / "bears")) == 3


async def test_a_folder_of_others_is_left_alone(settled: dict[int, str], tmp_path: Path) -> None:
    assert settled
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    assert "holds other things" in run(tmp_path / "mine", code=1).stderr
    assert "is a file" in run(tmp_path / "mine" / "thesis.txt", code=1).stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


async def test_a_disk_that_is_full_leaves_what_goes_on(
    settled: dict[int, str], tmp_path: Path, house: Any, now: Any
) -> None:
    def full(things: Any) -> Any:
        yield from things[:2]
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_imagefolder(house.database, house.images, tmp_path / "bears", shown=full, now=now)
    assert len(photos(tmp_path / "bears")) == 2
    run(tmp_path / "bears")
    assert len(photos(tmp_path / "bears")) == len(settled)
    assert not list((tmp_path / "bears").rglob("*.part"))


async def test_a_photo_settled_in_two_ways_is_left_out(settled: dict[int, str], tmp_path: Path, house: Any) -> None:
    with house.database.write() as session:
        submissions = session.scalars(select(Submission).order_by(Submission.id)).all()
        submissions[3].image_sha256 = submissions[0].image_sha256
    assert "1 left out: people settled the same photo in two ways" in run(tmp_path / "bears").stderr
    with house.database.read() as session:
        assert items.count_open(session) == 1
    assert len(photos(tmp_path / "bears")) == 2


async def test_what_was_trained_on_is_never_for_tests_when_groups_become_one(
    settled: dict[int, str], tmp_path: Path, house: Any, database: Database, at: Any
) -> None:
    folder, shas = tmp_path / "bears", list(settled.values())
    with database.write() as session:  # by which groups are drawn
        session.add(Secret(name="groups", value="5e" * 32, created_at=at.now))
    for share in range(1, 100):  # until the first sender is on another side than the last one
        run(folder, "--test-share", str(share / 100))
        before = manifest(folder)
        if before[shas[0]].split is not before[shas[3]].split:
            break
    assert before[shas[0]].split is not before[shas[3]].split
    tested = shas[0] if before[shas[0]].split is Split.TEST else shas[3]
    trained = shas[3] if tested == shas[0] else shas[0]
    item_of = {sha: item for item, sha in settled.items()}
    for leader, member in ((tested, trained), (trained, tested)):  # whichever of both the group is named after
        with database.write() as session:
            session.execute(update(ReviewItem).values(represented_by_id=None))
            session.execute(
                update(ReviewItem).where(ReviewItem.id == item_of[member]).values(represented_by_id=item_of[leader])
            )
        run(folder, "--test-share", str(share / 100))
        after = manifest(folder)
        assert {after[tested].split, after[trained].split} == {Split.TRAIN}
        assert after[shas[2]].split is before[shas[2]].split
    with database.write() as session:
        session.execute(update(ReviewItem).values(represented_by_id=None))
    (folder / "manifest.jsonl").write_text("mine")
    assert "delete it, and they are chosen anew" in run(folder, "--test-share", str(share / 100), code=1).stderr
    (folder / "manifest.jsonl").unlink()
    run(folder, "--test-share", str(share / 100))
    assert manifest(folder) == before


async def test_a_side_is_kept_for_the_same_share_only(settled: dict[int, str], tmp_path: Path) -> None:
    assert settled
    for share, side in (("1", Split.TEST), ("0", Split.TRAIN), ("1", Split.TEST)):
        run(tmp_path / "bears", "--test-share", share)
        assert {photo.split for photo in manifest(tmp_path / "bears").values()} == {side}
    run(tmp_path / "bears")
    run(tmp_path / "bears", "--test-share", "0")
    assert {photo.split for photo in manifest(tmp_path / "bears").values()} == {Split.TRAIN}


async def test_what_a_killed_export_left_half_is_gone_and_two_do_not_write_to_one_folder(
    settled: dict[int, str], tmp_path: Path
) -> None:
    assert settled
    folder = tmp_path / "bears"
    run(folder)
    halves = [folder / "black" / ".bearbot-abc.part", folder / ".manifest.jsonl.abc.part"]
    (folder / "test" / "none").mkdir(parents=True)
    for half in [*halves, folder / "test" / "none" / ".bearbot-abc.part", folder / "black" / ".mine.part"]:
        half.write_text("half")
    with (folder / ".bearbot-imagefolder").open() as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        assert "another export writes" in run(folder, code=1).stderr
        assert halves[0].exists()
    run(folder)
    assert [path.name for path in folder.rglob("*.part")] == [".mine.part"]
