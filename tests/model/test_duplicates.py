"""The index of duplicates finds what comparing a picture with every other one would find."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from model.duplicates import MOST_BITS, DuplicateIndex, Match
from model.fingerprint import FLAT, differing_bits, fingerprint
from model.images import decode

# Few numbers that differ in few bits, so that pictures do collide; and any others.
seeds = st.sampled_from((0x0123456789ABCDEF, -0x0123456789ABCDEF, FLAT))
flips = st.sets(st.integers(min_value=0, max_value=63), max_size=4).map(lambda places: sum(1 << bit for bit in places))
fingerprints = st.one_of(
    st.builds(lambda seed, flip: ((seed ^ flip) + 2**63) % 2**64 - 2**63, seeds, flips),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
)
pictures = st.lists(st.tuples(st.sampled_from("abcdefgh"), fingerprints), max_size=40)


def by_comparing_all(known: list[tuple[str, int]], sha256: str, value: int) -> Match[int] | None:
    """What `find` promises, the slow way; keys are the places in `known`."""
    for key, (other, _) in enumerate(known):
        if other == sha256:
            return Match(key, exact=True, bits=0)
    first: dict[str, int] = {}
    near: list[tuple[int, int]] = []
    for key, (other, seen) in enumerate(known):
        if first.setdefault(other, key) == key and FLAT not in (seen, value):
            near.append((differing_bits(seen, value), key))
    bits, key = min(near, default=(64, 0))
    return Match(key, exact=False, bits=bits) if bits <= MOST_BITS else None


@given(known=pictures, sha256=st.sampled_from("abcdefghxyz"), value=fingerprints)
def test_it_finds_what_comparing_all_finds(known: list[tuple[str, int]], sha256: str, value: int) -> None:
    index: DuplicateIndex[int] = DuplicateIndex()
    for key, picture in enumerate(known):
        index.add(key, *picture)
    assert index.find(sha256, value) == by_comparing_all(known, sha256, value)
    assert len(index) == len({sha for sha, _ in known})


@given(values=st.lists(fingerprints, max_size=40, unique=True), value=fingerprints)
def test_all_that_look_alike_come_the_nearest_first(values: list[int], value: int) -> None:
    index: DuplicateIndex[int] = DuplicateIndex()
    for key, one in enumerate(values):
        index.add(key, str(key), one)
    near = [(differing_bits(one, value), key) for key, one in enumerate(values) if FLAT not in (one, value)]
    expected = sorted(pair for pair in near if pair[0] <= MOST_BITS)
    assert [(match.bits, match.key) for match in index.alike(value)] == expected
    assert not any(match.exact for match in index.alike(value))


def test_flat_pictures_are_told_apart_by_their_bytes_alone() -> None:
    index: DuplicateIndex[str] = DuplicateIndex()
    index.add("white", "1" * 64, FLAT)
    assert index.find("2" * 64, FLAT) is None
    assert index.find("1" * 64, FLAT) == Match("white", exact=True, bits=0)


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_a_copy_is_found_among_the_demos_photos(demo_photos: dict[str, bytes], quality: int) -> None:
    index: DuplicateIndex[str] = DuplicateIndex()
    decoded = {name: decode(data) for name, data in demo_photos.items()}
    for name, picture in decoded.items():
        assert index.find(name, fingerprint(picture)) is None, name
        index.add(name, name, fingerprint(picture))
    for name, picture in decoded.items():
        found = index.find("a copy", fingerprint(recompressed(picture, quality)))
        assert found is not None, name
        assert (found.key, found.exact) == (name, False)


def recompressed(picture: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return decode(buffer.getvalue())
