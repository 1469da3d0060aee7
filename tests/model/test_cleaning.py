"""What people decided about the files of a folder, and that training follows it."""

import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from model.cleaning import MANIFEST, Action, CleaningManifest, Decision
from model.errors import DatasetError
from model.scanning import scan_folder

LABELS = ("black", "teddy")
DECISIONS = st.builds(
    lambda path, action, label: Decision(path, "0" * 64, action, label if action is Action.RELABEL else None),
    path=st.sampled_from(["black/1.png", "black/2.png", "teddy/1.png", "teddy/ü\n.png"]),
    action=st.sampled_from(Action),
    label=st.sampled_from(LABELS),
)
# A batch of decisions about different files, or an undo.
STEPS = st.lists(st.none() | st.lists(DECISIONS, min_size=1, max_size=3, unique_by=lambda one: one.path), max_size=8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two labels with two photos each, all different."""
    for i, name in enumerate(("black/1.png", "black/2.png", "teddy/1.png", "teddy/2.png")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").rotate(40 * i).convert("RGB").save(path)
    return tmp_path / "photos"


def labels_of(folder: Path) -> dict[str, str]:
    return {photo.path.relative_to(folder).as_posix(): photo.label for photo in scan_folder(folder).photos}


@given(STEPS)
@settings(max_examples=40)  # each writes to the disk
def test_what_stands_is_what_was_decided_last_and_not_undone(steps: list[list[Decision] | None]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as root:
        manifest = CleaningManifest(Path(root))
        batches: list[list[Decision]] = []
        for step in steps:
            if step is None:
                assert list(manifest.undo(by="mo")) == (batches.pop() if batches else [])
            else:
                manifest.record(step, by="mo")
                batches.append(step)
        expected = {one.path: one for batch in batches for one in batch}
        assert CleaningManifest(Path(root)).standing() == expected


def test_training_follows_decisions_and_their_undoing(folder: Path) -> None:
    manifest = CleaningManifest(folder)
    before = labels_of(folder)
    manifest.record([manifest.decision(folder / "black/1.png", Action.RELABEL, "teddy")], by="mo")
    manifest.record([manifest.decision(folder / "black/2.png", Action.KEEP)], by="mo")
    manifest.record([manifest.decision(folder / "teddy/1.png", Action.REMOVE)], by="mo")
    assert labels_of(folder) == {"black/1.png": "teddy", "black/2.png": "black", "teddy/2.png": "teddy"}
    assert (folder / "teddy/1.png", "removed while cleaning") in scan_folder(folder).left_out
    for _ in range(3):
        manifest.undo(by="mo")
    assert labels_of(folder) == before


def test_a_copy_under_another_label_counts_when_the_wrong_one_is_removed(folder: Path) -> None:
    (folder / "teddy/copy.png").write_bytes((folder / "black/1.png").read_bytes())
    assert "black/1.png" not in labels_of(folder)
    manifest = CleaningManifest(folder)
    manifest.record([manifest.decision(folder / "teddy/copy.png", Action.REMOVE)], by="mo")
    assert labels_of(folder)["black/1.png"] == "black"


def test_nothing_is_decided_about_a_file_that_was_replaced(folder: Path) -> None:
    manifest = CleaningManifest(folder)
    manifest.record([manifest.decision(folder / "black/1.png", Action.REMOVE)], by="mo")
    Image.radial_gradient("L").convert("RGB").save(folder / "black/1.png")
    assert labels_of(folder)["black/1.png"] == "black"


def test_a_line_that_was_cut_off_counts_as_unsaid_and_goes(folder: Path) -> None:
    manifest = CleaningManifest(folder)
    kept = manifest.decision(folder / "black/1.png", Action.KEEP)
    manifest.record([kept], by="mo")
    whole = manifest.path.read_bytes()
    manifest.record([manifest.decision(folder / "black/2.png", Action.REMOVE)], by="mo")
    manifest.path.write_bytes(manifest.path.read_bytes()[:-5])
    assert list(manifest.standing().values()) == [kept]
    removed = manifest.decision(folder / "teddy/1.png", Action.REMOVE)
    manifest.record([removed], by="mo")
    assert list(manifest.standing().values()) == [kept, removed]
    assert manifest.path.read_bytes().startswith(whole)


@pytest.mark.parametrize("line", ["nonsense", "[]", "{}", '{"batch": "b", "path": 1, "sha256": "", "action": "keep"}'])
def test_a_damaged_line_is_named_and_nothing_is_trained_by_half_of_the_decisions(folder: Path, line: str) -> None:
    manifest = CleaningManifest(folder)
    manifest.record([manifest.decision(folder / "black/1.png", Action.KEEP)], by="mo")
    with manifest.path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(DatasetError, match=r"cleaning\.jsonl, line 2"):
        scan_folder(folder)


def test_a_linked_photo_is_a_photo_of_the_folder_and_one_elsewhere_is_not(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.png"
    Image.radial_gradient("L").convert("RGB").save(elsewhere)
    (folder / "black/linked.png").symlink_to(elsewhere)
    manifest = CleaningManifest(folder)
    assert manifest.decision(folder / "black/linked.png", Action.KEEP).path == "black/linked.png"
    with pytest.raises(DatasetError, match="is not in"):
        manifest.decision(elsewhere, Action.KEEP)
    with pytest.raises(DatasetError, match="is not in"):
        manifest.decision(folder / "black" / ".." / ".." / "elsewhere.png", Action.KEEP)


def test_looking_and_undoing_make_no_file(folder: Path) -> None:
    manifest = CleaningManifest(folder)
    assert manifest.standing() == {}
    assert manifest.undo(by="mo") == ()
    assert not manifest.path.exists()


def test_two_who_decide_at_once_lose_nothing(folder: Path) -> None:
    def decide(name: str) -> None:
        for i in range(25):
            CleaningManifest(folder).record([Decision(f"black/{name}{i}.png", "0" * 64, Action.KEEP)], by=name)

    threads = [threading.Thread(target=decide, args=(name,)) for name in ("mo", "gil", "kim")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = [json.loads(line) for line in (folder / MANIFEST).read_text().splitlines()]
    assert len(rows) == 75
    assert len(CleaningManifest(folder).standing()) == 75
    assert {row["by"] for row in rows} == {"mo", "gil", "kim"}


def test_a_folder_that_cannot_be_written_says_so(folder: Path) -> None:
    if os.geteuid() == 0:
        (folder / MANIFEST).mkdir()  # nothing keeps root from writing, but for what is there already
    else:
        folder.chmod(0o500)
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on who runs the tests
        CleaningManifest(folder).record([Decision("black/1.png", "0" * 64, Action.KEEP)], by="mo")
    folder.chmod(0o700)
