"""The frozen body: its maps, and what they are pooled to."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from model.backbone import EFFICIENTNET_LITE0
from model.images import decode
from model.network import Body
from model.serving import Classifier


def test_feature_maps_average_to_the_features(classifier: Classifier, demo_photos: dict[str, bytes]) -> None:
    body = classifier.body
    pictures = [decode(data) for name, data in demo_photos.items() if name.startswith("teddy")][:2]
    batch = np.stack([body.backbone.to_array(picture) for picture in pictures])
    maps = body.feature_maps(batch)
    assert maps.shape[:2] == (len(pictures), body.backbone.feature_dim)
    assert min(maps.shape[2:]) >= 7
    assert maps.dtype == np.float32
    np.testing.assert_allclose(maps.mean(axis=(2, 3)), body.features(batch), atol=1e-4)


def test_features_do_not_depend_on_the_neighbours_in_the_batch(
    classifier: Classifier, demo_photos: dict[str, bytes]
) -> None:
    body = classifier.body
    (row,) = batch = body.backbone.to_array(decode(demo_photos["black_dod.jpg"]))[None]
    neighbours = [decode(demo_photos["none_coffee.png"]), decode(demo_photos["teddy_polimerek.jpg"])]
    others = [body.backbone.to_array(picture) for picture in neighbours]
    (alone,) = body.features(batch)
    among = body.features(np.stack([*others, row, *others, row]))
    assert among.shape == (6, body.backbone.feature_dim)
    assert np.array_equal(among[2], alone)  # to the last bit: the same photo always gets the same row
    assert np.array_equal(among[5], alone)
    assert body.features(batch[:0]).shape == (0, body.backbone.feature_dim)


def test_workers_compute_alone_and_leave_other_threads_their_cores() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        workers = Body(EFFICIENTNET_LITE0, torch.device("cpu")).workers
        assert set(workers.map(lambda _: torch.get_num_threads(), range(20))) == {1}
        assert torch.get_num_threads() == 3
        with ThreadPoolExecutor(1) as newcomer:
            assert newcomer.submit(torch.get_num_threads).result() == 3
    finally:
        torch.set_num_threads(before)
