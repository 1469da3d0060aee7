"""The parts of `make bench` still run, and what they print adds up."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MODEL, BOT, DATA = BENCHMARKS / "serving.py", BENCHMARKS / "end_to_end.py", BENCHMARKS / "data_check.py"


def run(bench: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(bench), *arguments], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_benchmark_of_the_model_tells_all_its_figures() -> None:
    done = run(MODEL, "--json", "--photos", "2", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    row = json.loads(line)
    assert row["ours_to_fastai"] == pytest.approx(row["ours_per_second"] / row["fastai_per_second"])
    assert row["ours_to_network"] == pytest.approx(row["ours_per_second"] / row["network_per_second"])
    limit = 1 / (1 / row["network_per_second"] + 1 / row["decode_per_second"])
    assert row["ours_to_limit"] == pytest.approx(row["ours_per_second"] / limit)
    assert row["limit_per_second"] == pytest.approx(limit)
    assert row["classify_one_seconds"] > 0
    for shares in row["latency_ms"].values():
        assert 0 < shares["p50"] <= shares["p95"] <= shares["p99"]
    assert list(row["latency_ms"]) == ["1", "8", "64"]


@pytest.mark.slow
def test_the_benchmark_of_the_bot_tells_all_its_figures() -> None:
    done = run(BOT, "--json", "--photos", "4", "--rounds", "1", "--askers", "2")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    row = json.loads(line)
    assert list(row["loads"]) == ["burst", "in turn", "at rate"]
    assert row["rate"] == row["loads"]["burst"]["usual"]["per_second"]
    for load, each in row["loads"].items():
        for figures in each.values():
            assert 0 < figures["p50"] <= figures["p95"] <= figures["p99"]
        for key, ratio in row["ours_to_usual"][load].items():
            assert ratio == pytest.approx(each["ours"][key] / each["usual"][key])
    assert all(text in done.stderr for text in ("preparing 16 photos", "warming up", "round 1 of 1"))


@pytest.mark.slow
def test_the_benchmark_of_checking_finds_what_it_planted(tmp_path: Path) -> None:
    done = run(DATA, "--json", "--count", "120", "--folder", str(tmp_path / "made"))
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    row = json.loads(line)
    assert row["planted"] == {"two_labels": 3, "alike_two_labels": 3, "broken": 1}
    for kind, planted in row["planted"].items():
        assert row["found"][kind] >= planted
    assert row["check"]["120"]["per_second"] > 0
    assert (tmp_path / "made" / "many" / "black" / "000000.jpg").exists()
    assert run(DATA, "--count", "120", "--folder", str(tmp_path / "made")).returncode == 2


@pytest.mark.slow
def test_a_photo_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    done = run(BOT, str(broken))
    assert done.returncode == 1
    assert "broken.jpg cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("bench", [MODEL, BOT])
def test_a_folder_without_photos_is_wrong_usage(bench: Path, tmp_path: Path) -> None:
    done = run(bench, str(tmp_path))
    assert done.returncode == 2
    assert "expected at least one photo" in done.stderr
