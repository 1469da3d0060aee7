"""A folder that pictures are gathered into: whole files with their rows, whatever ended the program before."""

import os
from pathlib import Path

import pytest

from model.errors import GatheringError
from model.fingerprint import fingerprint
from model.gathering.folder import DRAFTS, GatheredFolder
from model.gathering.ledger import LEDGER, Ledger, Row
from tests.model.gathering.fakes import hit, sha256
from tests.model.gathering.pictures import saved, scene

NOW = "2026-12-01T10:00:00+00:00"


def row_of(data: bytes, seed: int, label: str = "grizzly") -> Row:
    look = fingerprint(scene(seed))
    return Row(hit(str(seed)), "bear", label, NOW, file=f"{label}/{seed}.jpg", sha256=sha256(data), fingerprint=look)


def test_what_is_kept_is_there_with_its_row(tmp_path: Path) -> None:
    data = saved(scene(1))
    with GatheredFolder(tmp_path / "photos" / "bears") as folder:
        folder.keep(row_of(data, 1), data)
        assert folder.files() == {"grizzly/1.jpg": sha256(data)}
        twin = folder.twin(sha256(data), 0)
        assert twin is not None
        assert (twin.key, twin.exact) == ("grizzly/1.jpg", True)
    assert (tmp_path / "photos" / "bears" / "grizzly" / "1.jpg").read_bytes() == data
    with Ledger(tmp_path / "photos" / "bears") as ledger:
        assert list(ledger.kept()) == [row_of(data, 1)]


def test_pictures_of_whoever_are_known_by_how_they_look(tmp_path: Path) -> None:
    for path in ("black/mine.png", "loose.jpg", "black/deep/er.jpg", ".hidden/secret.jpg", "black/notes.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "black" / "mine.png").write_bytes(saved(scene(1), "PNG"))
    (tmp_path / "loose.jpg").write_bytes(saved(scene(2)))
    (tmp_path / "black" / "deep" / "er.jpg").write_bytes(saved(scene(3)))
    (tmp_path / ".hidden" / "secret.jpg").write_bytes(saved(scene(4)))
    (tmp_path / "black" / "notes.txt").write_bytes(saved(scene(5)))
    (tmp_path / "black" / "broken.jpg").write_bytes(b"no picture")
    os.mkfifo(tmp_path / "black" / "pipe.jpg")
    with GatheredFolder(tmp_path) as folder:
        looks = {seed: folder.twin("0" * 64, fingerprint(scene(seed, (160, 120)))) for seed in range(1, 6)}
    assert {seed: match and match.key for seed, match in looks.items()} == {
        1: "black/mine.png",
        2: "loose.jpg",
        3: "black/deep/er.jpg",
        4: None,
        5: None,
    }


def test_what_was_gathered_is_not_decoded_again(tmp_path: Path) -> None:
    data = saved(scene(1))
    made_up = row_of(data, 2)  # its fingerprint is another picture's
    with GatheredFolder(tmp_path) as folder:
        folder.keep(made_up, data)
    with GatheredFolder(tmp_path) as folder:
        assert folder.twin("0" * 64, fingerprint(scene(2))) is not None
    (tmp_path / "grizzly" / "2.jpg").write_bytes(saved(scene(3)))  # but what was replaced since is
    with GatheredFolder(tmp_path) as folder:
        assert folder.twin("0" * 64, fingerprint(scene(2))) is None
        assert folder.twin("0" * 64, fingerprint(scene(3))) is not None


def test_a_file_that_a_crash_left_without_its_name_gets_it(tmp_path: Path) -> None:
    data = saved(scene(1))
    with Ledger(tmp_path) as ledger:
        ledger.append(row_of(data, 1))
    (tmp_path / DRAFTS).mkdir()
    (tmp_path / DRAFTS / sha256(data)).write_bytes(data)
    with GatheredFolder(tmp_path) as folder:
        assert folder.files() == {"grizzly/1.jpg": sha256(data)}
    assert (tmp_path / "grizzly" / "1.jpg").read_bytes() == data
    assert [path.name for path in (tmp_path / DRAFTS).iterdir()] == ["lock"]


@pytest.mark.parametrize("written", [0.0, 0.5, 1.0])
def test_a_draft_without_a_row_is_thrown_away(tmp_path: Path, written: float) -> None:
    data = saved(scene(1))
    (tmp_path / DRAFTS).mkdir()
    (tmp_path / DRAFTS / sha256(data)).write_bytes(data[: round(written * len(data))])
    with GatheredFolder(tmp_path) as folder:
        assert folder.files() == {}
    assert not (tmp_path / "grizzly").exists()
    assert [path.name for path in (tmp_path / DRAFTS).iterdir()] == ["lock"]


def test_a_draft_that_is_not_what_its_row_says_is_thrown_away(tmp_path: Path) -> None:
    data = saved(scene(1))
    with GatheredFolder(tmp_path) as folder:
        folder.keep(row_of(data, 1), data)
    (tmp_path / "grizzly" / "1.jpg").unlink()
    (tmp_path / DRAFTS / sha256(data)).write_bytes(data[:-1])
    with GatheredFolder(tmp_path) as folder:
        assert folder.files() == {}
    assert not (tmp_path / "grizzly" / "1.jpg").exists()
    assert not (tmp_path / DRAFTS / sha256(data)).exists()


def test_a_draft_never_takes_the_place_of_what_is_there(tmp_path: Path) -> None:
    data = saved(scene(1))
    with Ledger(tmp_path) as ledger:
        ledger.append(row_of(data, 1))
    (tmp_path / DRAFTS).mkdir()
    (tmp_path / DRAFTS / sha256(data)).write_bytes(data)
    (tmp_path / "grizzly").mkdir()
    (tmp_path / "grizzly" / "1.jpg").write_bytes(b"a person's own")
    with GatheredFolder(tmp_path):
        pass
    assert (tmp_path / "grizzly" / "1.jpg").read_bytes() == b"a person's own"


class PowerCut(BaseException):
    pass


@pytest.mark.parametrize("at", ["fsync 1", "fsync 2", "rename", "fsync 3", "never"])
def test_wherever_the_power_goes_there_is_the_whole_file_with_its_row_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    data = saved(scene(1))
    steps: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def cut(step: str) -> None:
        name = f"{step} {steps.count(step) + 1}" if step == "fsync" else step
        steps.append(step)
        if name == at:
            raise PowerCut

    def cut_fsync(descriptor: int) -> None:
        cut("fsync")
        fsync(descriptor)

    def cut_rename(path: Path, target: Path) -> Path:
        cut("rename")
        return rename(path, target)

    with monkeypatch.context() as patched, GatheredFolder(tmp_path) as folder:
        patched.setattr(os, "fsync", cut_fsync)
        patched.setattr(Path, "rename", cut_rename)
        try:
            folder.keep(row_of(data, 1), data)
            assert at == "never"
        except PowerCut:
            pass
    assert all(path.read_bytes() == data for path in tmp_path.glob("grizzly/*"))
    with GatheredFolder(tmp_path) as folder:
        has_row = folder.ledger.kept_with(sha256(data)) is not None
        assert folder.files() == ({"grizzly/1.jpg": sha256(data)} if has_row else {})
        assert has_row == (at != "fsync 1")
        if not has_row:  # it is fetched again
            folder.keep(row_of(data, 1), data)
    assert (tmp_path / "grizzly" / "1.jpg").read_bytes() == data
    assert (tmp_path / LEDGER).read_bytes().count(b"\n") == 1


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with GatheredFolder(tmp_path), pytest.raises(GatheringError, match="another `bearbot data gather` is at work"):
        GatheredFolder(tmp_path)
    with GatheredFolder(tmp_path):
        pass
