"""Seeded mutations of pictures, and a process that decodes them.

The process imports nothing of torch, so that its memory is the decoders'. To see one failure again, with the folder
that `image_corpus` filled: `python tests/model/image_fuzzing.py FOLDER --seed 7 --first 123 --count 1 --save broken`.
"""

import argparse
import json
import random
import struct
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

_SIDE = (240, 176)  # of the pictures in `image_corpus`
_EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_SIDES = (0, 1, 7, 65_500, 65_535, 16_383, 7_000, 30_000, 2**24 - 1, 2**31 - 1, 2**32 - 1)
_TOKENS = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0",
    b"\xff\xc2\0\x11\x08\xff\xff\xff\xff\3\1\x22\0\2\x11\1\3\x11\1",
    b"\xff\xd9",
    b"\xff\xd0",
    b"\xff\xe1\xff\xffExif\0\0II*\0\x08\0\0\0\xff\xff",
    b"\xff\xe2\2\0ICC_PROFILE\0\1\xff",
    b"\xff\xee\0\x0eAdobe\0d\0\0\0\0\2",
    b"\0\0\0\x0dIHDR\0\0\x7f\xff\0\0\x7f\xff\x10\6\0\0\1",
    b"\xff\xff\xff\xffIDAT",
    b"\0\0\0\x1aacTL\xff\xff\xff\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a\xff\xff\xff\xff\xf7\0\0",
    b"\x2c\0\0\0\0\xff\xff\xff\xff\0\x0c",
    b"\x21\xfe\xff",
    b"RIFF\xff\xff\xff\xffWEBPVP8X",
    b"ANMF\xff\xff\xff\xff",
    b"ALPH\xff\xff\xff\x7f\1",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"\x44\1\4\0\xff\xff\xff\x7f\x08\0\0\0",
    b"\0\0\0\0ftypheic",
    b"\0\0\0\x18ftypavif\0\0\0\0",
    b"\xff\xff\xff\xffmeta",
    b"\0\0\0\x14ispe\0\0\0\0\x7f\xff\xff\xff\x7f\xff\xff\xff",
    b"BM\xff\xff\xff\x7f",
)


def _place(rng: random.Random, data: bytearray) -> int:
    """Half of the time in the headers, where the meaning is."""
    return rng.randrange(min(len(data), 700) if rng.random() < 0.5 else len(data))


def _flip_bits(rng: random.Random, data: bytearray, _: bytes) -> None:
    for _count in range(rng.choice((1, 1, 2, 4, 16))):
        data[_place(rng, data)] ^= 1 << rng.randrange(8)


def _overwrite(rng: random.Random, data: bytearray, _: bytes) -> None:
    place, length = _place(rng, data), rng.choice((1, 4, 16, 64, 512))
    fill = rng.choice((b"\0", b"\xff", None))
    run = rng.randbytes(length) if fill is None else fill * length
    data[place : place + length] = run[: len(data) - place]


def _cut(rng: random.Random, data: bytearray, _: bytes) -> None:
    del data[rng.randrange(1, len(data)) :]


def _splice(rng: random.Random, data: bytearray, other: bytes) -> None:
    data[_place(rng, data) :] = other[rng.randrange(len(other)) :]


def _set_extreme(rng: random.Random, data: bytearray, _: bytes) -> None:
    """A length or a count, perhaps."""
    size, order = rng.choice((1, 2, 4, 8)), rng.choice(("big", "little"))
    value = rng.choice((*_EXTREMES, len(data), len(data) + 1)) % (1 << 8 * size)
    place = _place(rng, data)
    data[place : place + size] = value.to_bytes(size, order)[: len(data) - place]  # type: ignore[arg-type] # big or little


def _set_side(rng: random.Random, data: bytearray, _: bytes) -> None:
    """Width or height, wherever and however the format keeps it."""
    side, new = rng.choice(_SIDE), rng.choice((*_SIDES, rng.randrange(2, 20_000)))
    wanted = rng.choice(
        [(kind, off) for kind in (">I", "<I", ">H", "<H") for off in (0, 1) if struct.pack(kind, side - off) in data]
        or [(">H", 0)]
    )
    kind, off = wanted
    old = struct.pack(kind, side - off)
    if old not in data:
        return
    limit = (1 << 8 * len(old)) - 1
    where = data.index(old)
    data[where : where + len(old)] = struct.pack(kind, max(0, new - off) & limit)


def _duplicate(rng: random.Random, data: bytearray, _: bytes) -> None:
    place, length = _place(rng, data), rng.choice((8, 26, 100, 2000, 20_000))
    data[place:place] = bytes(data[place : place + length]) * rng.choice((1, 1, 3, 50))


def _insert_token(rng: random.Random, data: bytearray, _: bytes) -> None:
    place, token = _place(rng, data), rng.choice(_TOKENS)
    data[place : place + (len(token) if rng.random() < 0.5 else 0)] = token


def _delete(rng: random.Random, data: bytearray, _: bytes) -> None:
    place = _place(rng, data)
    del data[place : place + rng.choice((1, 2, 8, 100, 3000))]


def _move(rng: random.Random, data: bytearray, _: bytes) -> None:
    begin, length = _place(rng, data), rng.choice((4, 40, 400))
    piece = bytes(data[begin : begin + length])
    del data[begin : begin + length]
    place = rng.randrange(len(data) + 1)
    data[place:place] = piece


_MUTATIONS: tuple[Callable[[random.Random, bytearray, bytes], None], ...] = (
    _flip_bits,
    _overwrite,
    _cut,
    _splice,
    _set_extreme,
    _set_extreme,
    _set_side,
    _set_side,
    _duplicate,
    _insert_token,
    _delete,
    _move,
)


def _mend_sums(data: bytearray) -> None:
    """Make the checksums of a PNG right again, so that its decoder reads on."""
    place = 8
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        if end + 4 > len(data):
            return
        data[end : end + 4] = zlib.crc32(data[place + 4 : end]).to_bytes(4, "big")
        place = end + 4


def mutated(corpus: list[tuple[str, bytes]], seed: int, index: int) -> tuple[str, bytes]:
    """What was done, and the bytes: the same for the same corpus, seed and index."""
    rng = random.Random(f"{seed}/{index}")
    name, sample = corpus[index % len(corpus)]
    data = bytearray(sample)
    done = [name]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if not data:
            break
        mutation = rng.choice(_MUTATIONS)
        mutation(rng, data, rng.choice(corpus)[1])
        done.append(mutation.__name__.strip("_"))
    if data[:4] == b"\x89PNG" and rng.random() < 0.7:
        _mend_sums(data)
    return " ".join(done), bytes(data)


@dataclass(frozen=True)
class Outcome:
    """What became of one mutation. `seconds` of processor time; `megabytes` above idle, at the peak so far."""

    index: int
    what: str
    result: str
    seconds: float
    megabytes: float


def _resident(key: str) -> float:
    """Megabytes: VmRSS now, VmHWM at the most so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split(f"{key}:")[1].split()[0]) / 1024


def main() -> None:
    """Print, for each mutation, its number before and an `Outcome` as a JSON line after."""
    from model.errors import ImageError
    from model.images import decode, encode

    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    corpus = [(path.name, path.read_bytes()) for path in sorted(options.corpus.iterdir())]
    for _, data in corpus:
        encode(decode(data))  # every decoder is loaded, and every sample is a picture
    assert "torch" not in sys.modules  # its memory would hide the decoders'
    idle = _resident("VmRSS")
    for index in range(options.first, options.first + options.count):
        what, data = mutated(corpus, options.seed, index)
        if options.save is not None:
            options.save.write_bytes(data)
        print(index, what, flush=True)  # noqa: T201 # whoever started this process reads it
        begin = time.process_time()
        try:
            picture = decode(data)
            result = f"picture {picture.mode}"
        except ImageError as error:
            picture, result = None, error.problem.value
        except BaseException as error:  # noqa: BLE001 # that there is none is what is tested
            picture, result = None, f"broken: {error!r}"
        seconds = time.process_time() - begin
        if picture is not None:
            encode(picture)
        outcome = Outcome(index, what, result, seconds, _resident("VmHWM") - idle)
        print(json.dumps(asdict(outcome)), flush=True)  # noqa: T201 # the same


if __name__ == "__main__":
    main()
