"""How fast photos are answered, against fastai's usual way and against the limit of the machine: `make bench`.

Everything is measured in turn, round after round, and medians are told: another program that takes the processor for a
while then slows all figures alike and leaves their ratios.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from PIL import Image

from model.batching import MicroBatcher
from model.console import note
from model.head import Head
from model.images import SUFFIXES, files_in
from model.network import pooled_features, torch_device
from model.registry import Registry
from model.serving import Classifier, Prediction
from model.settings import ModelSettings

DEMO_PHOTOS = Path(__file__).parents[2] / "bot" / "demo" / "photos"
BATCHES = {"cpu": (1, 2, 4, 8, 16), "cuda": (16, 64, 128, 256)}
CALLERS = (1, 8, 64)
Row = dict[str, Any]


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
@click.option("--photos", "count", type=click.IntRange(min=1), default=64, show_default=True, help="Photos a round.")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="Rounds; medians are told.")
def bench(paths: tuple[Path, ...], as_json: bool, count: int, rounds: int) -> None:
    """Photos a second of the champion on PATHs (files or folders; the demo's photos by default), and what limits them.

    \b
    Example:
      make bench-model ARGS="photos/ --rounds 9"
    """
    settings = ModelSettings.load()
    torch.set_num_threads(settings.threads)
    files = [path for path in files_in(paths or [DEMO_PHOTOS]) if path.suffix.lower() in SUFFIXES]
    if not files:
        raise click.UsageError("expected at least one photo, found none: name files or folders with photos")
    photos = list(islice(cycle([path.read_bytes() for path in files]), count))
    registry = Registry(settings.home)
    device = torch_device(settings.device)
    artifact = registry.load(registry.champion())
    classifier = Classifier.load(artifact, device, registry.feature_store)
    row: Row = {
        "model": classifier.version,
        "backbone": classifier.body.backbone.name,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "threads": settings.threads,
        "photos": len(photos),
        "megapixels": round(statistics.mean(megapixels(photo) for photo in photos), 2),
        "rounds": rounds,
        **throughput(classifier, artifact.head, photos, rounds, settings.threads),
        "latency_ms": {n: latency(classifier, photos, n, settings) for n in CALLERS},
        **commands(files),
    }
    click.echo(json.dumps(row) if as_json else table(row))


def megapixels(photo: bytes) -> float:
    with Image.open(BytesIO(photo)) as picture:
        return picture.width * picture.height / 1e6


def throughput(classifier: Classifier, head: Head, photos: Sequence[bytes], rounds: int, threads: int) -> Row:
    """Photos a second of each way, and the ratios of the medians."""
    from usual_learner import bare_network, usual_learner  # fastai takes seconds to import

    body = classifier.body
    network = bare_network(body.backbone, body.device)
    learner = usual_learner(body.backbone, body.device, list(classifier.vocabulary.labels), head)
    side = classifier.body.backbone.image_size
    pictures = torch.randn(max(*BATCHES[classifier.body.device.type], len(photos)), 3, side, side)
    pictures = pictures.to(classifier.body.device).contiguous(memory_format=torch.channels_last)
    few = photos[: max(4, len(photos) // 8)]  # fastai's way takes so much longer
    pool = ThreadPoolExecutor(threads)
    sizes = [size for size in BATCHES[classifier.body.device.type] if size <= len(pictures)]
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "fastai": (len(few), lambda: [learner.predict(one) for one in few]),
        "ours": (len(photos), lambda: classifier.predict_batch(photos)),
        "decode": (len(photos), lambda: list(pool.map(bare_decode, photos))),
        "decode scaled": (len(photos), lambda: list(pool.map(lambda photo: bare_decode(photo, 3 * side), photos))),
        **{f"network {size}": (len(pictures), partial(run, network, pictures, size)) for size in sizes},
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        note(f"round {turn} of {rounds}" if turn else "warming up")
        for name, (number, way) in ways.items():
            started = time.perf_counter()
            way()
            if turn:
                taken[name].append((time.perf_counter() - started) / number)
    seconds = {name: statistics.median(times) for name, times in taken.items()}
    best = min((f"network {size}" for size in sizes), key=lambda name: seconds[name])
    decode = min(seconds["decode"], seconds["decode scaled"])
    return {
        "fastai_per_second": 1 / seconds["fastai"],
        "ours_per_second": 1 / seconds["ours"],
        "network_per_second": 1 / seconds[best],
        "network_batch": int(best.removeprefix("network ")),
        "decode_per_second": 1 / decode,
        "limit_per_second": 1 / (seconds[best] + decode),
        "ours_to_fastai": seconds["fastai"] / seconds["ours"],
        "ours_to_network": seconds[best] / seconds["ours"],
        "ours_to_limit": (seconds[best] + decode) / seconds["ours"],
    }


@torch.inference_mode()
def run(network: torch.nn.Module, pictures: torch.Tensor, size: int) -> None:
    for start in range(0, len(pictures), size):
        pooled_features(network, pictures[start : start + size])
    if pictures.is_cuda:
        torch.cuda.synchronize()


def bare_decode(photo: bytes, side: int | None = None) -> None:
    """Pillow alone; with `side` a JPEG is decoded at the smallest scale that is no smaller."""
    with Image.open(BytesIO(photo)) as picture:
        if side is not None:
            picture.draft("RGB", (side, side))
        picture.convert("RGB")


def latency(classifier: Classifier, photos: Sequence[bytes], callers: int, settings: ModelSettings) -> Row:
    """Milliseconds from bytes to the answer when so many callers each send one photo after the other."""
    note(f"latency with {callers} at a time")
    each = max(2, 96 // callers)

    async def measure() -> list[float]:
        batcher: MicroBatcher[bytes, Prediction] = MicroBatcher(
            classifier.predict_batch,  # type: ignore[arg-type] # all photos are good ones
            max_batch=settings.batch_size,
            wait_seconds=settings.batch_wait_milliseconds / 1000,
        )
        taken = []

        async def call(first: int) -> None:
            for turn in range(each):
                started = time.perf_counter()
                await batcher.submit(photos[(first + turn) % len(photos)])
                taken.append((time.perf_counter() - started) * 1000)

        await asyncio.gather(*(call(caller) for caller in range(callers)))
        batcher.close()
        return taken

    taken = asyncio.run(measure())
    return {f"p{share}": float(np.percentile(taken, share)) for share in (50, 95, 99)}


def commands(files: Sequence[Path]) -> Row:
    """`bearbot classify` as a program of its own: seconds for one photo, and the most memory for one and for all."""
    one = [command([files[0]]) for _ in range(4)][1:]  # the first warms the disk's cache
    _, everything = command(list(files))
    return {
        "classify_one_seconds": min(seconds for seconds, _ in one),
        "classify_one_megabytes": max(megabytes for _, megabytes in one),
        "classify_all_megabytes": everything,
    }


def command(files: Sequence[Path]) -> tuple[float, float]:
    """Seconds, and the most megabytes of memory in use at a time."""
    note(f"bearbot classify, {len(files)} photo{'s' if len(files) > 1 else ''}")
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "classify", "--json", *map(str, files)], stdout=subprocess.DEVNULL
    )
    most = 0.0
    while process.poll() is None:
        most = max(most, memory(process.pid))
        time.sleep(0.01)
    if process.returncode:
        raise click.ClickException(f"`bearbot classify` ended with {process.returncode}")
    return time.perf_counter() - started, most


def memory(process: int) -> float:
    """The most megabytes so far, where Linux tells them (what `wait4` tells begins with the parent's own); else 0."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def table(row: Row) -> str:
    lines = [
        f"{row['model']} ({row['backbone']}) on {row['device']}, {row['threads']} threads; {row['photos']} photos of "
        f"{row['megapixels']} megapixels on average, medians of {row['rounds']} rounds",
        "",
        "photos a second",
    ]
    figures = (
        ("(a) fastai: learn.predict, one after the other", "fastai_per_second", "{:.1f}"),
        ("(b) ours: predict_batch, bytes to answers", "ours_per_second", "{:.1f}"),
        (f"(c) the bare network as timm makes it, {row['network_batch']} a batch", "network_per_second", "{:.1f}"),
        ("    the bare decoding, in threads", "decode_per_second", "{:.1f}"),
        ("    both, one after the other: 1 / (1 / network + 1 / decoding)", "limit_per_second", "{:.1f}"),
        ("b / a", "ours_to_fastai", "{:.2f}"),
        ("b / both", "ours_to_limit", "{:.0%}"),
        ("b / network alone", "ours_to_network", "{:.0%}"),
        ("bearbot classify, one photo: seconds", "classify_one_seconds", "{:.2f}"),
        ("bearbot classify, one photo: megabytes at most", "classify_one_megabytes", "{:.0f}"),
        ("bearbot classify, all photos: megabytes at most", "classify_all_megabytes", "{:.0f}"),
    )
    lines += [f"{name:<66}{form.format(row[key]):>8}" for name, key, form in figures]
    lines += ["", f"{'milliseconds to the answer':<42}{'p50':>8}{'p95':>8}{'p99':>8}"]
    for callers, shares in row["latency_ms"].items():
        name = f"{callers} caller{'s' if callers > 1 else ''} at a time"
        lines.append(f"{name:<42}" + "".join(f"{value:>8.0f}" for value in shares.values()))
    return "\n".join(lines)


if __name__ == "__main__":
    bench()
