"""The gate between a candidate and the people who ask: worse stays out, chance does not count as worse."""

import pytest

from review.gate import gate


def test_the_gate_lets_pass_what_chance_explains() -> None:
    champion = {f"{n}": n >= 2 for n in range(150)}  # two wrong
    same, other = dict(champion), {**champion, "0": True, "9": False}
    one_less = {**champion, "9": False}
    for candidate in (same, other, one_less):
        decision = gate(candidate=candidate, rivals={"v1": champion})
        assert decision.promote
        assert decision.explanation.startswith("not worse: ")
    assert "3 of 150 test photos wrong, v1 has 2 (1 lost, 0 won, p = 0.50)" in decision.explanation


@pytest.mark.parametrize("lost", [3, 4, 40])
def test_the_gate_holds_back_what_is_worse(lost: int) -> None:
    champion = {f"{n}": True for n in range(150)}
    decision = gate(candidate={**champion, **{f"{n}": False for n in range(lost)}}, rivals={"v1": champion})
    assert not decision.promote
    assert decision.explanation.startswith("worse: ")


def test_small_steps_down_do_not_add_up() -> None:
    best = {f"{n}": True for n in range(150)}
    champion = {**best, "0": False, "1": False}
    candidate = {**champion, "2": False}
    assert gate(candidate=candidate, rivals={"v2": champion}).promote
    assert not gate(candidate=candidate, rivals={"v2": champion, "v1": best}).promote


def test_other_test_photos_cannot_be_compared() -> None:
    assert not gate(candidate={"a": True}, rivals={"v1": {"b": True}}).promote
