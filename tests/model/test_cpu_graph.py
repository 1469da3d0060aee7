"""OpenVINO computes what torch computes, tells nobody of it, and can be done without."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model.backbone import BUNDLED, EFFICIENTNET_LITE0, BundledBackbone
from model.cpu_graph import CpuGraph
from model.efficientnet_lite import EfficientNetLite
from model.images import decode
from model.network import Body, pooled_features

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
# What a body does from its start to the first features, in a process that then lists what reached out.
WATCHED = """
import sys
import numpy as np
reached = []
sys.addaudithook(lambda event, _: reached.append(event) if event.startswith(("socket.", "subprocess.")) else None)
import torch
from model.backbone import EFFICIENTNET_LITE0
from model.network import Body
before = len(reached)
body = Body(EFFICIENTNET_LITE0, torch.device("cpu"))
body.features(np.zeros((1, 3, 224, 224), dtype=np.float32))
assert "openvino" in sys.modules
print(reached[before:], [name for name in sys.modules if "telemetry" in name])
"""


@pytest.mark.parametrize("backbone", BUNDLED.values(), ids=list(BUNDLED))
def test_features_are_torchs(backbone: BundledBackbone, demo_photos: dict[str, bytes]) -> None:
    batch = np.stack([backbone.to_array(decode(data)) for data in demo_photos.values()])
    found = Body(backbone, CPU).features(batch)
    with torch.inference_mode():
        expected = pooled_features(backbone.build(), torch.from_numpy(batch)).numpy()
    assert_same_features(found, expected)


def test_features_of_a_tuned_body_are_torchs(demo_photos: dict[str, bytes]) -> None:
    backbone = EFFICIENTNET_LITE0
    network = backbone.build()
    random = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.is_floating_point():  # batch norms' variances stay positive
                value.mul_(1 + 0.05 * torch.rand(value.shape, generator=random))
    batch = np.stack([backbone.to_array(decode(demo_photos[name])) for name in ("black_dod.jpg", "none_coffee.png")])
    tuned = {name: value.numpy().copy() for name, value in network.state_dict().items()}
    found = Body(backbone, CPU, tuned).features(batch)
    with torch.inference_mode():
        assert_same_features(found, pooled_features(network, torch.from_numpy(batch)).numpy())
    assert np.abs(found - Body(backbone, CPU).features(batch)).max() > 0.1  # the tensors that were passed are used


def test_threads_get_the_same_features_to_the_last_bit() -> None:
    network = EFFICIENTNET_LITE0.for_answering(EFFICIENTNET_LITE0.build())
    assert isinstance(network, EfficientNetLite)
    graph = CpuGraph(network, EFFICIENTNET_LITE0.image_size, callers=2)
    pictures = np.random.default_rng(7).normal(size=(4, 1, 3, 224, 224)).astype(np.float32)
    alone = [graph.features(picture) for picture in pictures]
    with ThreadPoolExecutor(3) as pool:  # one more than it was told of
        for turn in pool.map(lambda _: [graph.features(picture) for picture in pictures], range(6)):
            assert all(np.array_equal(one, other) for one, other in zip(turn, alone, strict=True))


def test_nobody_is_told_that_it_runs(tmp_path: Path) -> None:
    """OpenVINO's converter reports its import to Google Analytics, under an id that it keeps in the home folder."""
    watched = subprocess.run(
        [sys.executable, "-c", WATCHED],
        env={"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},  # not CI's variables: there it would keep quiet anyway
        capture_output=True,
        text=True,
        check=True,
    )
    assert watched.stdout.split("\n")[0] == "[] []"
    assert list(tmp_path.iterdir()) == []


def test_without_openvino_torch_answers(
    demo_photos: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    batch = EFFICIENTNET_LITE0.to_array(decode(demo_photos["black_dod.jpg"]))[None]
    expected = Body(EFFICIENTNET_LITE0, CPU).features(batch)
    assert not caplog.records
    monkeypatch.setitem(sys.modules, "openvino", None)  # to Python: it cannot be imported
    found = Body(EFFICIENTNET_LITE0, CPU).features(batch)
    assert_same_features(found, expected)
    (record,) = caplog.records
    assert "OpenVINO does not run here" in record.getMessage()


def assert_same_features(found: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    """But for rounding."""
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-4
    norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    assert ((found * expected).sum(axis=1) / norms).min() > 0.999999
