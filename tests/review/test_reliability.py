"""Reliability of reviewers, against what Dawid and Skene published."""

import numpy as np
import pytest

from review.reliability import fit

# A. P. Dawid and A. M. Skene (1979), table 1: 45 patients' fitness for anaesthesia, classes 1 to 4, by five
# anaesthetists, of whom the first saw the notes three times.
_PATIENTS = """
111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3|222 2 2 2 3
232 2 2 2 3|444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1|111 1 1 1 1|111 1 1 1 1
222 2 2 2 1|222 1 3 2 2|222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2|111 1 1 1 1|111 1 1 1 1|232 2 2 2 2
111 1 1 1 1|111 1 1 1 1|112 1 1 2 1|111 1 1 1 1|333 3 2 3 3|111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3
221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1|111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2
"""


def anaesthetists() -> np.ndarray:
    patients = [patient.split() for line in _PATIENTS.split("\n") if line for patient in line.split("|")]
    counts = np.zeros((45, 5, 4), dtype=np.int64)
    for row, observers in enumerate(patients):
        for observer, said in enumerate(observers):
            for digit in said:
                counts[row, observer, int(digit) - 1] += 1
    return counts


def test_the_anaesthetists_come_out_as_published() -> None:
    found = fit(anaesthetists())
    assert found.prior.round(2).tolist() == [0.40, 0.42, 0.11, 0.07]
    assert found.errors[0].round(2).tolist() == [  # table 2, the first observer
        [0.89, 0.11, 0.0, 0.0],
        [0.07, 0.88, 0.05, 0.0],
        [0.0, 0.34, 0.66, 0.0],
        [0.0, 0.0, 0.56, 0.44],
    ]
    assert found.errors.sum(axis=2) == pytest.approx(1)
    assert found.truth[[0, 2, 10, 35]].argmax(axis=1).tolist() == [0, 1, 3, 3]


def test_known_truth_is_taken_as_known_and_measures_who_contradicts_it() -> None:
    counts = np.zeros((20, 3, 2), dtype=np.int64)
    counts[:, 0, 0] = counts[:, 1, 0] = 1  # two always say 0
    counts[:, 2, 1] = 1
    assert fit(counts, smoothing=0.01).reliability()[2] < 0.5
    known = fit(counts, known=dict.fromkeys(range(20), 1), smoothing=0.01)
    assert known.truth[:, 1].tolist() == [1.0] * 20
    assert known.reliability() == pytest.approx([0, 0, 1], abs=0.01)


def test_missing_answers_are_no_answers() -> None:
    counts = np.zeros((4, 2, 2), dtype=np.int64)
    counts[:, 0] = [[1, 0], [0, 1], [1, 0], [0, 1]]
    counts[0, 1, 0] = 1  # the other judged one item only
    assert fit(counts).truth.argmax(axis=1).tolist() == [0, 1, 0, 1]
    with pytest.raises(ValueError, match="at least one answer"):
        fit(np.zeros((1, 2, 2), dtype=np.int64))
