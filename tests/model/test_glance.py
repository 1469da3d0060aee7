"""Many files are looked at with few of them in memory, and no longer than somebody wants to wait."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from PIL import Image

from model.fingerprint import fingerprint
from model.glance import Glance, Unseen, glance, glances
from model.images import Header, decode
from model.quality import DEFAULT_THRESHOLDS

PROGRAM = """
import sys
from pathlib import Path
from model.inspection import inspect_folder

def walk(paths):
    for number, path in enumerate(paths):
        if number == 40:
            print("looking", flush=True)
        yield path

inspect_folder(Path(sys.argv[1]), progress=walk)
print("looked at all")
"""


@pytest.fixture
def photo(tmp_path: Path, demo_photos: dict[str, bytes]) -> Path:
    path = tmp_path / "one.jpg"
    path.write_bytes(demo_photos["black_dod.jpg"])
    return path


def test_a_glance_tells_what_the_file_is(photo: Path) -> None:
    data = photo.read_bytes()
    seen = glance(photo, DEFAULT_THRESHOLDS)
    assert isinstance(seen, Glance)
    with Image.open(io.BytesIO(data)) as picture:
        assert seen.header == Header("JPEG", picture.width, picture.height)
    assert (seen.bytes, seen.flaws) == (len(data), ())
    assert seen.fingerprint == fingerprint(decode(data, shrink_to=512))


def test_what_cannot_be_read_has_no_sum(tmp_path: Path) -> None:
    assert glance(tmp_path / "nowhere.jpg", DEFAULT_THRESHOLDS) == Unseen(
        "", "cannot be read: No such file or directory"
    )


def test_they_come_in_order_and_few_are_ahead(tmp_path: Path, photo: Path) -> None:
    paths = []
    for number in range(200):
        paths.append(tmp_path / f"{number:03}.jpg")
        paths[-1].write_bytes(b"" if number % 3 else photo.read_bytes())
    asked: list[Path] = []

    def walk(files: Sequence[Path]) -> Iterable[Path]:
        for file in files:
            asked.append(file)
            yield file

    seen: Iterator[tuple[Path, Glance | Unseen]] = glances(paths, walk, DEFAULT_THRESHOLDS)
    came = []
    for path, what in seen:
        came.append(path)
        assert isinstance(what, Unseen) == bool(int(path.stem) % 3)
        assert len(asked) - len(came) <= 4 * (os.cpu_count() or 1)
    assert came == paths


def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    """There is work for a minute and more."""
    (tmp_path / "photos" / "black").mkdir(parents=True)
    first = tmp_path / "photos" / "black" / "first.jpg"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(first, quality=95)
    for number in range(5000):
        os.link(first, first.with_name(f"{number:04}.jpg"))
    program = [sys.executable, "-c", PROGRAM, str(tmp_path / "photos")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "looking\n"
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        out, error = process.communicate(timeout=60)
    assert time.monotonic() - sent < 10
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in error
    assert out == ""
