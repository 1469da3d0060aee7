"""The frozen body: its maps, and what they are pooled to."""

import numpy as np

from model.images import decode
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
