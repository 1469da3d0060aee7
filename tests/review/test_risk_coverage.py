"""The curve of risk and coverage: right by its definition, and in agreement with the report of the bundled model."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.registry import Registry
from review.risk_coverage import of, risk_coverage


@given(st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.9, 0.99]), st.booleans()), max_size=30), st.integers(0, 5))
def test_each_point_is_what_its_threshold_does(photos: list[tuple[float, bool]], strangers: int) -> None:
    confidence = np.array([one for one, _ in photos], dtype=np.float64)
    correct = np.array([right for _, right in photos], dtype=np.bool_)
    found = of(confidence, correct, len(photos) + strangers)
    assert [point.confidence for point in found] == sorted({one for one, _ in photos}, reverse=True)
    for point in found:
        answered = [right for one, right in photos if one >= point.confidence]
        assert point.coverage == pytest.approx(len(answered) / (len(photos) + strangers))
        assert point.risk == pytest.approx(answered.count(False) / len(answered))


def test_the_bundled_model_stands_where_its_report_says(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    artifact = registry.load(registry.champion())
    found = risk_coverage(artifact)
    metrics = artifact.card.metrics
    assert found.photos == metrics["photos"]
    assert found.today is not None
    assert found.today.coverage == pytest.approx(metrics["answered"]["value"], abs=0.002)
    assert found.today.risk == pytest.approx(metrics["wrong_among_answered"]["value"], abs=0.002)
    coverages = [point.coverage for point in found.curve]
    assert coverages == sorted(coverages)
    assert len(coverages) <= 200
