"""How long checking a folder takes, and how much memory, against merely decoding its photos: `make bench-data`.

The photos are made: parts of real ones laid over each other, as large and heavy as an image search's, and no two alike
but for those that are copies on purpose. Which those are is known, so that speed is not bought with blindness.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image, ImageChops, ImageOps

from model.console import note
from model.images import SUFFIXES, decode, files_in, read_photo

HERE = Path(__file__)
MEASURED_WITH = HERE.parents[3] / "shared" / "data"
DEMO_PHOTOS = HERE.parents[2] / "bot" / "demo" / "photos"
LABELS = ("black", "grizzly", "teddy", "other")
BROKEN, COPIES, SMALLER = 100, 50, 40  # one of so many is cut off, is a copy of another, a smaller copy
LIMIT_S = 300
Row = dict[str, Any]


@click.command()
@click.option("--count", type=click.IntRange(min=40), default=10_000, show_default=True, help="How many photos.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Make them here, and leave them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
def bench(count: int, folder: Path | None, as_json: bool) -> None:
    """Check a tenth of the photos, then all of them, and decode all of them.

    \b
    Example:
      make bench-data ARGS="--count 1000"
    """
    with tempfile.TemporaryDirectory() as temporary:
        root = folder or Path(temporary)
        few, many = root / "few", root / "many"
        made = [make(target, number) for target, number in ((few, count // 10), (many, count))]
        size = sum(path.stat().st_size for path in files_in([many]))
        rows = {str(number): measured("check", target) for target, number in ((few, count // 10), (many, count))}
        baseline = measured("decode", many)
    row: Row = {
        "photos": count,
        "kilobytes_each": round(size / count / 1000),
        "check": rows,
        "decode": baseline,
        "planted": made[1],
        "found": rows[str(count)].pop("found"),
    }
    rows[str(count // 10)].pop("found")
    click.echo(json.dumps(row) if as_json else table(row))
    missed = {name: number for name, number in made[1].items() if row["found"].get(name, 0) < 0.97 * number}
    if missed:
        raise SystemExit(f"too few were found of {missed}")


def make(root: Path, count: int) -> dict[str, int]:
    """Write photos below `root`; returns how many of each kind of bad ones are among them."""
    if root.exists():
        raise click.UsageError(f"{root} exists already: name a folder that holds neither few/ nor many/")
    for label in LABELS:
        (root / label).mkdir(parents=True)
    sources = [path for path in files_in([MEASURED_WITH / "bears", MEASURED_WITH / "ood_far"]) if fit(path)]
    sources = sources or [path for path in files_in([DEMO_PHOTOS]) if fit(path)]
    note(f"making {count} photos of {len(sources)}")
    with ProcessPoolExecutor() as pool:
        kinds = Counter(pool.map(partial(write, root, sources), range(count), chunksize=20))
    del kinds["good"]
    return dict(kinds)


def fit(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def write(root: Path, sources: Sequence[Path], number: int) -> str:
    """Photo `number`, always the same; returns what it is."""
    target = root / LABELS[number % len(LABELS)] / f"{number:06}.jpg"
    if number % SMALLER == SMALLER - 1:  # of the one before it, under another label
        drawn(sources, number - 1).resize((480, 360)).save(target, quality=70)
        return "alike_two_labels"
    whole = number - 1 if number % COPIES == 1 else number
    drawn(sources, whole).save(target, quality=85)
    if number % COPIES == 1:
        return "two_labels"
    if number % BROKEN == BROKEN // 2 + 2:
        target.write_bytes(target.read_bytes()[:20_000])
        return "broken"
    return "good"


def drawn(sources: Sequence[Path], number: int) -> Image.Image:
    """Two random parts of random photos over each other, with grain, 640 to 1600 pixels wide."""
    chance = random.Random(number)
    width = chance.choice((640, 800, 1024, 1280, 1600))
    size = (width, width * 3 // 4)
    one, other = (part(chance.choice(sources), size, chance) for _ in range(2))
    picture = Image.blend(one, other, 0.3)
    noise = np.random.default_rng(number).normal(128, 20, (300, 400)).clip(0, 255).astype(np.uint8)
    grain = Image.fromarray(noise).resize(size)
    return ImageChops.add(picture, Image.merge("RGB", (grain,) * 3), offset=-128)


def part(path: Path, size: tuple[int, int], chance: random.Random) -> Image.Image:
    picture = decode(read_photo(path))
    share = chance.uniform(0.5, 0.9)
    width, height = round(picture.width * share), round(picture.height * share)
    left, top = chance.randint(0, picture.width - width), chance.randint(0, picture.height - height)
    cut = picture.crop((left, top, left + width, top + height)).resize(size, Image.Resampling.BILINEAR)
    return ImageOps.mirror(cut) if chance.random() < 0.5 else cut


def measured(what: str, folder: Path) -> Row:
    """Run this file in a process of its own, whose peak of memory is nobody else's."""
    note(f"{what}: {folder.name}")
    done = subprocess.run([sys.executable, HERE, what, folder], capture_output=True, text=True, check=True)
    row: Row = json.loads(done.stdout)
    return row


def run(what: str, folder: Path) -> Row:
    started, busy = time.perf_counter(), time.process_time()
    row: Row = {}
    if what == "check":
        from model.contact_sheet import contact_sheet
        from model.inspection import inspect_folder

        inspection = inspect_folder(folder)
        row["found"] = dict(Counter(problem.finding.value for problem in inspection.problems))
        row["seconds_of_sheet"] = -time.perf_counter()
        contact_sheet(inspection)
        row["seconds_of_sheet"] += time.perf_counter()
        count = len(inspection.photos)
    else:
        count = sum(1 for _ in decoded(folder))
    seconds = time.perf_counter() - started
    return {
        **row,
        "seconds": seconds,
        "processor_seconds": time.process_time() - busy,
        "per_second": count / seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def decoded(folder: Path) -> Iterator[Image.Image]:
    """The plain loop that everybody writes first: open each photo, and load it."""
    for path in files_in([folder]):
        try:
            with Image.open(path) as picture:
                picture.load()
        except OSError:
            continue
        yield picture


def table(row: Row) -> str:
    lines = [f"{row['photos']:,} photos of {row['kilobytes_each']} kB on average"]
    for number, figures in row["check"].items():
        lines.append(f"  check of {int(number):>6,}   {told(figures)}")
    lines.append(f"  bare decoding       {told(row['decode'])}")
    most = row["check"][str(row["photos"])]["seconds"]
    lines.append(f"  checking takes {most / row['decode']['seconds']:.2f} times as long as a bare loop that decodes")
    for name, planted in row["planted"].items():
        lines.append(f"  {name.replace('_', ' ')}: {row['found'].get(name, 0)} found, {planted} planted")
    if row["photos"] == 10_000:
        lines.append(f"  within the {LIMIT_S} s that it may take: {'yes' if most < LIMIT_S else 'no'}")
    return "\n".join(lines)


def told(figures: Row) -> str:
    return (
        f"{figures['seconds']:7.1f} s ({figures['processor_seconds']:.1f} s of a core)   "
        f"{figures['per_second']:6.1f} photos/s   at most {figures['peak_mb']:.0f} MB"
    )


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in ("check", "decode"):
        click.echo(json.dumps(run(sys.argv[1], Path(sys.argv[2]))))
    else:
        bench()
