"""What is stored of a photo says nothing of where it was taken, when, by whom and with what."""

import io
import struct

import pillow_heif
import pytest
from PIL import Image, PngImagePlugin

from model.images import decode, encode


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def photo_with_secrets(kind: str) -> bytes:
    """Everything that a format has room for says where and who."""
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (57.0, 30.0, 1.5)
    exif.get_ifd(0x8769)[0x927C] = b"secret maker note" * 20
    options: dict[str, object] = {"exif": exif, "icc_profile": b"secret profile" * 20}
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "secret text")
        text.add_text("Author", "secret name", zip=True)
        text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>secret xmp</x:xmpmeta>")
        options["pnginfo"] = text
    elif kind == "TIFF":
        options = {"exif": exif, "tiffinfo": {700: b"<x:xmpmeta>secret xmp</x:xmpmeta>", 33723: b"secret iptc"}}
    else:
        options["xmp"] = b"<x:xmpmeta>secret xmp</x:xmpmeta>"
    if kind == "JPEG":
        options["comment"] = b"secret comment"
    data = saved(Image.new("RGB", (64, 64), (40, 160, 60)), kind, **options)
    if kind == "JPEG":
        iptc = b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x10\x1c\2\x50\0\x0bsecret iptc"
        thumbnail = b"JFXX\0\x13\2\2secret image"
        for number, piece in ((0xED, iptc), (0xE0, thumbnail)):
            data = data[:2] + bytes((0xFF, number)) + struct.pack(">H", len(piece) + 2) + piece + data[2:]
        data += b"secret film behind the end"
    return data


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_stored_bytes_carry_no_metadata(kind: str) -> None:
    data = photo_with_secrets(kind)
    assert b"secret" in data
    stored = encode(decode(data))
    with Image.open(io.BytesIO(stored)) as picture:
        assert not picture.getexif()
        assert not picture.getxmp()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"secret" not in stored
    markers = [stored[2:4], *(stored[end : end + 2] for end in segment_ends(stored))]
    assert {marker for marker in markers if b"\xff\xe0" < marker <= b"\xff\xef" or marker == b"\xff\xfe"} == set()


def segment_ends(data: bytes) -> list[int]:
    """Where each segment of a JPEG ends, up to its first scan."""
    ends, place = [], 2
    while data[place : place + 2] != b"\xff\xda":
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        ends.append(place)
    return ends
