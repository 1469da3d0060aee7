"""`make bench` still runs, and what it prints adds up."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "benchmarks" / "serving.py"


@pytest.mark.slow
def test_the_benchmark_tells_all_its_figures() -> None:
    run = subprocess.run(
        [sys.executable, str(BENCH), "--json", "--photos", "2", "--rounds", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    (line,) = run.stdout.splitlines()
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
def test_a_folder_without_photos_is_wrong_usage(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, str(BENCH), str(tmp_path)], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "expected at least one photo" in run.stderr
