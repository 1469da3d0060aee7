"""What `pip install .` installs: migrations, pages, the default model and the demo's photos travel in the wheel."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, where nothing of the checkout can be seen."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(folder / built.stdout.strip().splitlines()[-1]) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_everything_that_is_needed_is_inside(unpacked: Path) -> None:
    for name in (
        "review/migrations/env.py",
        "review/migrations/script.py.mako",
        "bot/sandbox/page/index.html",
        "bot/sandbox/page/script.js",
        "bot/locales/zh/general.ftl",
        "bot/demo/photos/SOURCES.md",
        "model/gallery_photos/gallery.jsonl",
        "model/gallery_photos/ATTRIBUTION.md",
        "model/bundled/card.json",
        "model/bundled/SHA256SUMS",
    ):
        assert (unpacked / name).is_file(), name
    assert list((unpacked / "review" / "migrations" / "versions").glob("0001*.py"))
    tops = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert tops == {"model", "review", "bot"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["db", "upgrade"], "is at revision"),
        (["model", "show"], "tf_efficientnet_lite2"),
        (["explain", str(ROOT / "bot" / "demo" / "photos" / "teddy_earlgray.jpg")], "It sees: teddy"),
        (["classify", str(ROOT / "bot" / "demo" / "photos" / "black_dod.jpg")], "black ("),
    ],
)
def test_it_works_from_the_wheel_alone(unpacked: Path, tmp_path: Path, arguments: Sequence[str], said: str) -> None:
    where = "import bot, review, sys; assert bot.__file__.startswith(sys.argv[1]), bot.__file__"
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "BEARBOT_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", where, str(unpacked)], env=environment, cwd=tmp_path, check=True)
    run = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert said in run.stdout
