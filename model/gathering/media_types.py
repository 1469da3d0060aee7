"""What bytes are by their first few, whatever their name and their header say."""

from collections.abc import Callable

_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"hevx": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
}
_BITMAP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})  # bytes, of all versions of the format

# The formats of `model.images`, and no others.
_MARKS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("image/jpeg", lambda data: data.startswith(b"\xff\xd8\xff")),
    ("image/png", lambda data: data.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/webp", lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP"),
    ("image/gif", lambda data: data.startswith((b"GIF87a", b"GIF89a"))),
    ("image/tiff", lambda data: data.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"))),
    ("image/bmp", lambda data: data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BITMAP_HEADERS),
)


def media_type(data: bytes) -> str | None:
    """ "image/jpeg" and the like; None for what `model.images` does not decode. Says nothing of whether it is whole."""
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12])
    return next((name for name, is_it in _MARKS if is_it(data)), None)


def resembles(data: bytes) -> str:
    """In a few words, what data that are no picture of ours may be: for a report that people read."""
    if not data:
        return "an empty file"
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "a drawing (SVG), not pixels"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")) or b"<html" in start:
        return "a web page"
    if start.startswith((b"{", b"[")):
        return "data in JSON"
    if start.startswith(b"%pdf"):
        return "a PDF"
    return "no picture of a known format"
