"""A JPEG that is kept as it came holds a picture and nothing else."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from model.jpeg import is_bare_jpeg


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture = Image.effect_noise((64, 48), 90).convert(mode)
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}, {"quality": 100, "subsampling": 0}])
def test_what_encoders_write_by_themselves_is_bare(mode: str, options: dict[str, object]) -> None:
    assert is_bare_jpeg(jpeg(mode, **options))


def exif() -> bytes:
    tags = Image.Exif()
    tags[0x010E] = "my home address"
    return tags.tobytes()


@pytest.mark.parametrize(
    "data",
    [
        jpeg(exif=exif()),
        jpeg(comment=b"my home address"),
        jpeg(icc_profile=b"a profile"),
        jpeg("CMYK"),
        jpeg() + b"my home address",
        jpeg() + jpeg(),
        jpeg()[:-2],
        jpeg()[:-1],
        jpeg()[:100],
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"\x89PNG",
    ],
)
def test_anything_more_or_less_is_not(data: bytes) -> None:
    assert not is_bare_jpeg(data)


def test_a_thumbnail_in_the_first_segment_is_noticed() -> None:
    data = jpeg()
    thumbnail = data[:2] + b"\xff\xe0\x00\x13JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01abc" + data[20:]
    assert not is_bare_jpeg(thumbnail)
    assert not is_bare_jpeg(data[:2] + data[20:]), "without it nobody knows what the colours mean"


@given(st.binary(max_size=300))
def test_any_bytes_are_judged(data: bytes) -> None:
    is_bare_jpeg(data)
    is_bare_jpeg(jpeg()[:200] + data)


@given(st.binary(min_size=1, max_size=40), st.data())
def test_words_put_in_anywhere_are_found_or_stand_in_the_picture(words: bytes, draw: st.DataObject) -> None:
    """A segment of words anywhere between the segments is noticed."""
    data = jpeg()
    scan = data.index(b"\xff\xda")
    places = [2, 20, scan]
    place = draw.draw(st.sampled_from(places))
    for marker in (b"\xff\xfe", b"\xff\xe1", b"\xff\xee"):
        segment = marker + (len(words) + 2).to_bytes(2, "big") + words
        assert not is_bare_jpeg(data[:place] + segment + data[place:])
