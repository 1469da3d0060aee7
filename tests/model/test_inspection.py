"""Checking a folder: what is broken, twice there, contradictory or out of place is named, and nothing else is."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from model.cleaning import Action, CleaningManifest
from model.errors import DatasetError
from model.inspection import ERRORS, Finding, Inspection, inspect_folder
from model.scanning import scan_folder
from tests.model.image_corpus import write_corpus

Build = Callable[[dict[str, bytes]], Path]


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Writes files by their names below a new folder."""

    def write(files: dict[str, bytes]) -> Path:
        for name, data in files.items():
            path = tmp_path / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / "photos"

    return write


@pytest.fixture
def photo(demo_photos: dict[str, bytes]) -> Callable[[str], bytes]:
    return lambda name: demo_photos[name]


@pytest.fixture
def small(demo_photos: dict[str, bytes]) -> dict[str, Image.Image]:
    """The demo's photos, at most 400 pixels wide and high."""
    found = {}
    for name, data in demo_photos.items():
        with Image.open(io.BytesIO(data)) as opened:
            found[Path(name).stem] = opened.convert("RGB")
        found[Path(name).stem].thumbnail((400, 400))
    return found


def findings(inspection: Inspection) -> dict[str, list[str]]:
    """File below the folder -> what was found."""
    found: dict[str, list[str]] = {}
    for problem in inspection.problems:
        found.setdefault(problem.path.relative_to(inspection.folder).as_posix(), []).append(problem.finding.value)
    return found


def test_a_good_folder_has_no_problems(build: Build, small: dict[str, Image.Image]) -> None:
    root = build(
        {
            "black/one.jpg": jpeg(small["black_dod"]),
            "teddy/one.jpg": jpeg(small["teddy_earlgray"]),
            "teddy/two.png": jpeg(small["teddy_polimerek"]),  # named otherwise than it is, which harms nothing
            "ATTRIBUTION.md": b"# whose they are",
            "gathered.jsonl": b"",
            ".gathering/lock": b"",
            "teddy/.DS_Store": b"",
        }
    )
    inspection = inspect_folder(root)
    assert not inspection.problems
    assert inspection.counts == {"black": 1, "teddy": 2}
    two = inspection.photos[2]
    size = small["teddy_polimerek"].size
    assert (two.path.name, two.label, two.format, two.width, two.height) == ("two.png", "teddy", "JPEG", *size)
    assert two.bytes == (root / "teddy" / "two.png").stat().st_size


def test_twins_are_told_by_label_and_by_bytes(build: Build, small: dict[str, Image.Image]) -> None:
    bear, teddy = small["grizzly_katmai_131"], small["teddy_earlgray"]
    root = build(
        {
            "black/a.jpg": jpeg(bear),
            "black/b.jpg": jpeg(bear),
            "black/c.jpg": jpeg(bear, quality=60),
            "grizzly/d.jpg": jpeg(bear),
            "grizzly/e.jpg": jpeg(bear.resize((300, 225)), quality=80),
            "teddy/f.jpg": jpeg(teddy),
        }
    )
    inspection = inspect_folder(root)
    assert findings(inspection) == {
        "black/b.jpg": ["duplicate"],
        "black/c.jpg": ["near_duplicate"],
        "grizzly/d.jpg": ["two_labels"],
        "grizzly/e.jpg": ["alike_two_labels"],
    }
    assert {problem.other for problem in inspection.problems} == {root / "black" / "a.jpg"}
    assert [problem.finding for problem in inspection.errors] == [Finding.TWO_LABELS, Finding.ALIKE_TWO_LABELS]
    assert [problem.finding for problem in inspection.warnings] == [Finding.DUPLICATE, Finding.NEAR_DUPLICATE]
    assert inspection.problems[2].why == "the same file as black/a.jpg"
    assert inspection.problems[3].why == "looks the same as black/a.jpg"


def test_a_likeness_under_another_label_is_told_before_a_nearer_one_under_the_same(
    build: Build, small: dict[str, Image.Image]
) -> None:
    bear = small["grizzly_katmai_131"]
    root = build(
        {
            "black/a.jpg": jpeg(bear, quality=95),
            "grizzly/b.jpg": jpeg(bear, quality=50),
            "grizzly/c.jpg": jpeg(bear, quality=51),
        }
    )
    assert findings(inspect_folder(root)) == {
        "grizzly/b.jpg": ["alike_two_labels"],
        "grizzly/c.jpg": ["alike_two_labels"],
    }


def test_decisions_of_cleaning_are_followed(build: Build, small: dict[str, Image.Image]) -> None:
    bear, teddy = small["grizzly_katmai_131"], small["teddy_earlgray"]
    soft = teddy.filter(ImageFilter.GaussianBlur(5))
    root = build(
        {
            "black/away.jpg": b"no picture at all",
            "black/bear.jpg": jpeg(bear),
            "grizzly/bear.jpg": jpeg(bear, quality=60),
            "grizzly/soft.jpg": jpeg(soft),
            "grizzly/changed.jpg": jpeg(small["black_dod"]),
        }
    )
    assert findings(inspect_folder(root)) == {
        "black/away.jpg": ["broken"],
        "grizzly/bear.jpg": ["alike_two_labels"],
        "grizzly/soft.jpg": ["blurred"],
    }
    manifest = CleaningManifest(root)
    decided = [
        manifest.decision(root / "black" / "away.jpg", Action.REMOVE),
        manifest.decision(root / "black" / "bear.jpg", Action.KEEP),
        manifest.decision(root / "grizzly" / "bear.jpg", Action.KEEP),
        manifest.decision(root / "grizzly" / "soft.jpg", Action.RELABEL, "teddy"),
        manifest.decision(root / "grizzly" / "changed.jpg", Action.REMOVE),
    ]
    manifest.record(decided, by="somebody")
    (root / "grizzly" / "changed.jpg").write_bytes(jpeg(small["black_hillebrand"]))  # nobody decided about this one
    inspection = inspect_folder(root)
    assert not inspection.problems
    assert inspection.counts == {"black": 1, "grizzly": 2, "teddy": 1}
    assert (inspection.removed, inspection.relabelled) == (1, 1)
    assert [photo.label for photo in inspection.photos] == ["black", "grizzly", "grizzly", "teddy"]


def test_the_same_file_under_two_labels_stays_wrong_whatever_was_decided(
    build: Build, small: dict[str, Image.Image]
) -> None:
    data = jpeg(small["grizzly_katmai_131"])
    root = build({"black/a.jpg": data, "grizzly/a.jpg": data})
    manifest = CleaningManifest(root)
    decisions = [manifest.decision(root / label / "a.jpg", Action.KEEP) for label in ("black", "grizzly")]
    manifest.record(decisions, by="somebody")
    assert findings(inspect_folder(root)) == {"grizzly/a.jpg": ["two_labels"]}


def test_test_photos_are_recognised(build: Build, small: dict[str, Image.Image], tmp_path: Path) -> None:
    root = build({"black/a.jpg": jpeg(small["black_dod"], quality=60), "black/b.jpg": jpeg(small["black_hillebrand"])})
    tests = tmp_path / "tests" / "black" / "deep"
    tests.mkdir(parents=True)
    (tests / "held-out.jpg").write_bytes(jpeg(small["black_dod"]))
    (tests / "broken.jpg").write_bytes(b"")
    inspection = inspect_folder(root, against=tmp_path / "tests")
    assert findings(inspection) == {"black/a.jpg": ["test_photo"]}
    (problem,) = inspection.errors
    assert problem.other == tests / "held-out.jpg"
    assert problem.why == f"looks the same as the test photo {tests / 'held-out.jpg'}"


def test_what_training_would_not_read_is_named(build: Build, small: dict[str, Image.Image], tmp_path: Path) -> None:
    data = jpeg(small["black_dod"])
    root = build(
        {
            "black/one.jpg": data,
            "black/notes.txt": b"cubs in July",
            "black/deep/two.jpg": jpeg(small["black_hillebrand"]),
            "beside.jpg": data,
            "README.md": b"",
        }
    )
    (root / "linked").symlink_to(root / "black")
    (root / "empty").mkdir()
    inspection = inspect_folder(root)
    assert findings(inspection) == {
        "linked": ["not_read"],
        "beside.jpg": ["not_read"],
        "black/deep/two.jpg": ["not_read"],
        "black/notes.txt": ["not_read"],
    }
    assert inspection.counts == {"black": 1, "empty": 0}
    assert not inspection.errors


def test_bad_files_are_broken_and_harm_nothing_else(build: Build, small: dict[str, Image.Image]) -> None:
    data = jpeg(small["black_dod"])
    root = build(
        {
            "black/good.jpg": data,
            "black/empty.jpg": b"",
            "black/page.jpg": b"<html><body>not found</body></html>",
            "black/drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "black/cut.jpg": data[: len(data) // 2],
            "black/dot.png": jpeg(Image.new("RGB", (3, 3))),
        }
    )
    (root / "black" / "nowhere.jpg").symlink_to(root / "gone.jpg")
    (root / "black" / "good-link.jpg").symlink_to(root / "black" / "good.jpg")
    os.mkfifo(root / "black" / "pipe.jpg")
    strange = os.fsdecode(b"new\nline-\xff\xfe.jpg")
    (root / "black" / strange).write_bytes(b"nothing")
    inspection = inspect_folder(root)
    bad = ("empty.jpg", "page.jpg", "drawing.png", "cut.jpg", "dot.png", "nowhere.jpg", "pipe.jpg", strange)
    assert findings(inspection) == {
        **{f"black/{name}": ["broken"] for name in bad},
        "black/good.jpg": ["duplicate"],  # of the link, whose name comes first
    }
    assert inspection.counts == {"black": 2}
    assert all(problem.why for problem in inspection.problems)


def test_what_may_not_be_read_is_broken(small: dict[str, Image.Image]) -> None:
    with TemporaryDirectory() as folder:  # pytest's own folders are closed to all others
        root = Path(folder) / "photos"
        for name in ("black/good.jpg", "black/secret.jpg", "teddy/one.jpg"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(jpeg(small["black_dod"]))
        Path(folder).chmod(0o755)
        inspect_folder(root)  # whatever is still to be imported
        (root / "black" / "secret.jpg").chmod(0)
        (root / "teddy").chmod(0)
        with nobody():
            inspection = inspect_folder(root)
        (root / "teddy").chmod(0o700)
    assert findings(inspection) == {"black/secret.jpg": ["broken"], "teddy": ["broken"]}
    assert "Permission denied" in inspection.problems[1].why


@contextmanager
def nobody() -> Iterator[None]:
    """Root may read everything: act as a user who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_every_kind_of_picture_is_read(tmp_path: Path, demo_photos: dict[str, bytes]) -> None:
    folder = tmp_path / "photos" / "all"
    folder.mkdir(parents=True)
    write_corpus(folder, [demo_photos[name] for name in ("black_dod.jpg", "teddy_earlgray.jpg", "none_coffee.png")])
    mpo = next(folder.glob("*.mpo"))
    inspection = inspect_folder(tmp_path / "photos")
    assert not [problem for problem in inspection.problems if problem.finding is Finding.BROKEN]
    assert findings(inspection)[f"all/{mpo.name}"] == ["not_read"]
    assert {photo.format for photo in inspection.photos} == {
        "JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF",
    }  # fmt: skip
    assert {(photo.width, photo.height) for photo in inspection.photos} == {(240, 176), (176, 240)}  # as stored


@pytest.mark.parametrize("files", [{}, {"one.jpg": b"x"}, {"black/notes.txt": b"x"}, {".hidden/one.jpg": b"x"}])
def test_a_folder_without_photos_is_refused(build: Build, tmp_path: Path, files: dict[str, bytes]) -> None:
    (tmp_path / "photos").mkdir()
    root = build(files)
    with pytest.raises(DatasetError, match=r"found no photo; expected .*/LABEL/"):
        inspect_folder(root)


def test_the_folder_must_be_one_and_the_test_set_another(build: Build, small: dict[str, Image.Image]) -> None:
    root = build({"black/one.jpg": jpeg(small["black_dod"]), "file": b""})
    with pytest.raises(DatasetError, match="expected a folder with one folder of photos for each label"):
        inspect_folder(root / "file")
    for against in (root, root / "black", root.parent):
        with pytest.raises(DatasetError, match="expected test photos of another folder"):
            inspect_folder(root, against=against)
    (root.parent / "nothing").mkdir()
    with pytest.raises(DatasetError, match="found no test photo"):
        inspect_folder(root, against=root.parent / "nothing")


def test_errors_and_warnings_are_all_problems(build: Build, small: dict[str, Image.Image]) -> None:
    root = build({"black/one.jpg": jpeg(small["black_dod"]), "black/two.jpg": b"", "three.jpg": b""})
    inspection = inspect_folder(root)
    assert {*inspection.errors, *inspection.warnings} == set(inspection.problems)
    assert not {problem.finding for problem in inspection.warnings} & ERRORS


def test_training_reads_what_was_inspected(build: Build, small: dict[str, Image.Image], tmp_path: Path) -> None:
    """Checking and training follow the same decisions and leave out the same files."""
    bear, teddy = jpeg(small["grizzly_katmai_131"]), jpeg(small["teddy_earlgray"])
    root = build(
        {
            "black/a.jpg": bear,
            "black/again.jpg": jpeg(small["black_dod"]),
            "black/away.jpg": jpeg(small["black_hillebrand"]),
            "black/bad.jpg": b"bad",
            "black/notes.txt": b"",
            "black/.hidden.jpg": teddy,
            "black/deep/e.jpg": teddy,
            "grizzly/both.jpg": bear,
            "grizzly/moved.jpg": teddy,
            "grizzly/again.jpg": jpeg(small["black_dod"]),
            "teddy/twice.jpg": teddy,
        }
    )
    manifest = CleaningManifest(root)
    decisions = [
        manifest.decision(root / "black" / "away.jpg", Action.REMOVE),
        manifest.decision(root / "grizzly" / "moved.jpg", Action.RELABEL, "teddy"),
    ]
    manifest.record(decisions, by="somebody")
    inspection = inspect_folder(root)
    repeated = {problem.path for problem in inspection.problems if problem.finding is Finding.DUPLICATE}
    for problem in inspection.problems:
        if problem.finding is Finding.TWO_LABELS:
            assert problem.other is not None
            repeated |= {problem.path, problem.other}
    expected = [(photo.path, photo.label) for photo in inspection.photos if photo.path not in repeated]
    assert (
        [(photo.path, photo.label) for photo in scan_folder(root).photos]
        == expected
        == [(root / "grizzly" / "moved.jpg", "teddy")]
    )


@settings(max_examples=20, deadline=None)
@given(shares=st.lists(st.sampled_from(("one", "two", "three", "bad")), min_size=1, max_size=30))
def test_every_file_is_counted_once(tmp_path_factory: pytest.TempPathFactory, shares: list[str]) -> None:
    root = tmp_path_factory.mktemp("counted")
    made = {
        name: jpeg(Image.effect_mandelbrot((120, 120), (-3 + step, -2.5, 2, 2.5), 100))
        for step, name in enumerate(("one", "two", "three"))
    }
    for number, share in enumerate(shares):
        label = root / f"label-{number % 3}"
        label.mkdir(exist_ok=True)
        (label / f"{number:02}.jpg").write_bytes(made.get(share, b"bad"))
    inspection = inspect_folder(root)
    good = [share for share in shares if share != "bad"]
    assert sum(inspection.counts.values()) == len(inspection.photos) == len(good)
    repeated = {Finding.DUPLICATE, Finding.TWO_LABELS}
    assert sum(problem.finding in repeated for problem in inspection.problems) == len(good) - len(set(good))
    assert sum(problem.finding is Finding.BROKEN for problem in inspection.problems) == shares.count("bad")


def test_a_test_photo_itself_stays_one_whatever_was_decided_and_what_looks_like_one_does_not(
    tmp_path: Path, build: Build, small: dict[str, Image.Image]
) -> None:
    name, picture = next(iter(small.items()))
    tested = tmp_path / "tests" / "one.jpg"
    tested.parent.mkdir()
    tested.write_bytes(jpeg(picture))
    root = build({"black/copy.jpg": jpeg(picture), "black/like.jpg": jpeg(picture, quality=70)})
    manifest = CleaningManifest(root)
    for file in ("copy.jpg", "like.jpg"):
        manifest.record([manifest.decision(root / "black" / file, Action.KEEP)], by="mo")
    problems = inspect_folder(root, against=tested.parent).errors
    assert [(problem.path.name, problem.finding) for problem in problems] == [("copy.jpg", Finding.TEST_PHOTO)], name
