"""Thousands of broken pictures in a process of their own: a picture or an `ImageError`, soon, in bounded memory."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

SEED = 20_261
MUTATIONS = 2_000
MAX_SECONDS = 2.0
MAX_MEGABYTES = 1_024.0
SILENCE = 30.0  # seconds on the clock without an outcome: a hang
ROOT = Path(__file__).parents[2]
FUZZING = Path(__file__).with_name("image_fuzzing.py")
CORPUS = Path(__file__).with_name("image_corpus.py")
DEMO_PHOTOS = ROOT / "bot" / "demo" / "photos"

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    photos = sorted(DEMO_PHOTOS.glob("*.jpg"))[:3]
    subprocess.run([sys.executable, str(CORPUS), str(folder), *map(str, photos)], check=True)
    return folder


def decoded(corpus: Path, count: int) -> list[dict[str, object]]:
    """The outcomes of a process that decodes `count` mutations; fails with the one at which it crashed or hung."""
    command = [sys.executable, "-X", "faulthandler", str(FUZZING), str(corpus)]
    outcomes, current = [], "the unharmed corpus"
    with subprocess.Popen(
        [*command, "--seed", str(SEED), "--count", str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # libtiff writes there of everything that it dislikes
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        while True:
            watchdog = threading.Timer(SILENCE, process.kill)
            watchdog.start()
            line = process.stdout.readline()
            watchdog.cancel()
            if not line:
                break
            if line.startswith("{"):
                outcomes.append(json.loads(line))
            else:
                current = line.strip()
    status = process.returncode
    assert status == 0, f"seed {SEED}, mutation {current}: the process ended with {status} (-9: it hung)"
    return outcomes


@pytest.mark.slow
def test_two_thousand_mutated_pictures_crash_nothing_and_cost_little(corpus: Path) -> None:
    outcomes = decoded(corpus, MUTATIONS)
    assert len(outcomes) == MUTATIONS
    broken = [one for one in outcomes if str(one["result"]).startswith("broken")]
    slow = [one for one in outcomes if float(str(one["seconds"])) > MAX_SECONDS]
    large = [one for one in outcomes if float(str(one["megabytes"])) > MAX_MEGABYTES][:1]
    assert not broken + slow + large, f"seed {SEED}"
    results = {str(one["result"]) for one in outcomes}
    assert {"picture RGB", "damaged", "not_an_image", "too_many_pixels", "too_small"} <= results, "too tame a fuzz"


@pytest.mark.slow
def test_a_mutation_can_be_made_again(corpus: Path) -> None:
    once, again = ([(one["what"], one["result"]) for one in decoded(corpus, 300)] for _ in range(2))
    assert once == again
