"""Many processes at one queue, for some seconds; `python tests/review/stress.py` does it for as long as one likes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.review.stress import place, stress, twice_at_one_time


@pytest.mark.slow
@pytest.mark.parametrize("kills", [False, True], ids=["undisturbed", "killed"])
def test_many_processes_keep_every_promise(tmp_path: Path, kills: bool) -> None:
    with place(tmp_path) as url:
        report = stress(url, tmp_path, seconds=20, reviewers=8, intakes=2, kills=kills)
    assert report.violations == []
    assert report.verdicts > 20
    assert bool(report.kills) == kills


def test_the_check_of_leases_finds_what_it_is_there_for() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)

    def claim(who: str, after: int) -> dict[str, object]:
        at = now + timedelta(seconds=after)
        return {"kind": "claim", "item": 1, "who": who, "at": f"{at}", "until": f"{at + timedelta(seconds=10)}"}

    def answer(who: str, after: int) -> tuple[int, str, datetime]:
        return (1, who, now + timedelta(seconds=after))

    assert twice_at_one_time([claim("mo", 0), claim("rita", 11)], [answer("rita", 12)]) == []
    assert twice_at_one_time([claim("mo", 0), claim("rita", 5)], []) != []
    assert twice_at_one_time([claim("mo", 0)], [answer("mo", 11)]) != []
    assert twice_at_one_time([claim("mo", 0), claim("rita", 11)], [answer("mo", 12)]) != []
