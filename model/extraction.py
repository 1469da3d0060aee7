"""Features of photos, computed once: each photo in all its views, decoded beside the network."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.network import Body
from model.views import views_of

Item = TypeVar("Item")


def extract(
    body: Body,
    photos: Iterable[Item],
    read: Callable[[Item], Image.Image],
    *,
    batch_size: int,
    workers: int = 2,
) -> Iterator[tuple[Item, NDArray[np.float16]]]:
    """Yield each photo with the features (V, D) float16 of its views, in order."""
    remaining = iter(photos)

    def prepare(item: Item) -> NDArray[np.float32]:
        return np.stack([body.backbone.to_array(view) for view in views_of(read(item))])  # (V, 3, S, S)

    with ThreadPoolExecutor(workers) as pool:

        def submit() -> list[tuple[Item, Future[NDArray[np.float32]]]]:
            return [(item, pool.submit(prepare, item)) for item in islice(remaining, batch_size)]

        following = submit()
        while following:
            batch, following = following, submit()
            arrays = np.stack([future.result() for _, future in batch])  # (N, V, 3, S, S)
            rows = body.features(arrays.reshape(-1, *arrays.shape[2:]))  # (N * V, D)
            for (item, _), features in zip(batch, rows.reshape(*arrays.shape[:2], -1), strict=True):
                yield item, features.astype(np.float16)
