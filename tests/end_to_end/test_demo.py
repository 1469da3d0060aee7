"""`bearbot demo`, as a newcomer runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

PHOTOS = Path(__file__).parents[2] / "bot" / "demo" / "photos"

pytestmark = pytest.mark.slow


def test_with_photos_it_tells_the_whole_loop() -> None:
    photos = sorted(path for path in PHOTOS.iterdir() if path.suffix != ".md")
    run = subprocess.run(
        [sys.executable, "-m", "bot", "demo", *map(str, photos)],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert run.returncode == 0, run.stderr
    told = run.stdout
    for step in (
        "I see: grizzly",
        "I am not sure",
        "I do not know this kind of picture",
        "$ bearbot review list",
        "$ bearbot review label",
        "A person looked at your photo. It shows: grizzly",
        "taps [None of these]",
        "It shows none of the kinds that I know",
        "$ bearbot retrain",
        "answers now",
        "The same bot, not restarted, now answers with",
        "That was the whole loop",
    ):
        assert step in told, told
        told = told.partition(step)[2] if step != "I am not sure" else told
    assert "Traceback" not in run.stdout + run.stderr


def test_the_chat_page_is_served_until_ctrl_c(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("The chat page:")
        assert httpx.get(line.split()[-1]).status_code == 200
        (home,) = tmp_path.glob("bearbot-demo-*")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert rest.endswith("Everything has ended.\n")
    copied = [line.strip() for line in rest.splitlines() if line.startswith("  ")]
    assert copied == [f"export BEARBOT_HOME={home}", "bearbot review"]
    assert time.monotonic() - began < 20
    assert not list(tmp_path.glob("bearbot-demo-*"))


def test_wrong_usage_and_a_taken_port() -> None:
    wrong = subprocess.run(
        [sys.executable, "-m", "bot", "demo", "no such.jpg"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"], stdout=subprocess.PIPE
    ) as other:
        try:
            assert other.stdout is not None
            port = other.stdout.readline().split()[5].decode()
            taken = subprocess.run(
                [sys.executable, "-m", "bot", "demo", "--port", port], capture_output=True, text=True, check=False
            )
        finally:
            other.kill()
    assert taken.returncode == 1
    assert "error: " in taken.stderr
    assert port in taken.stderr
    assert "Traceback" not in taken.stderr


def test_a_real_installation_is_not_touched(tmp_path: Path) -> None:
    """A .env in the folder, or the environment, may name a real bot's database and models."""
    real = tmp_path / "real"
    named = {
        "REVIEW_DATABASE_URL": f"sqlite:///{real / 'review.db'}",
        "REVIEW_IMAGE_STORE": str(real / "images"),
        "MODEL_HOME": str(real / "models"),
        "BEARBOT_HOME": str(real),
    }
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in named.items()))
    run = subprocess.run(
        [sys.executable, "-m", "bot", "demo", str(PHOTOS / "grizzly_katmai_402.jpg")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **named},
        timeout=200,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "answers now" in run.stdout
    assert not real.exists()


def test_a_kept_home_can_be_used_again(tmp_path: Path) -> None:
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-m", "bot", "demo", "--home", str(tmp_path / "kept"), str(PHOTOS / "black_dod.jpg")],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert run.returncode == 0, run.stderr
        assert "I see: black" in run.stdout
        assert "Nothing waits" in run.stdout
        assert "whole loop" not in run.stdout
