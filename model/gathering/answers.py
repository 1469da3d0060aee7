"""What came back: a bounded body, whatever headers say of it."""

import zlib
from dataclasses import dataclass

from urllib3 import BaseHTTPResponse

from model.gathering.drops import DownloadRefused, DropReason

_PIECE_BYTES = 64 * 1024
_GZIP_OR_ZLIB = 47  # zlib's number for "whichever of the two its header says", with the largest window


@dataclass(frozen=True)
class Answer:
    """A whole body; `url` is where redirects ended."""

    body: bytes
    url: str


def read_body(response: BaseHTTPResponse, host: str, max_bytes: int) -> bytes:
    """The body, decoded. Holds twice `max_bytes` at the most, however much comes or unfolds.

    Raises `DownloadRefused` for more, or for what cannot be decoded; urllib3's errors when the connection breaks.
    """
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise _too_large(host, max_bytes)
    pieces, size = [], 0
    for piece in response.stream(_PIECE_BYTES, decode_content=False):
        size += len(piece)
        if size > max_bytes:
            raise _too_large(host, max_bytes)
        pieces.append(piece)
    return _decoded(b"".join(pieces), response.headers.get("Content-Encoding", ""), host, max_bytes)


def _decoded(body: bytes, encoding: str, host: str, max_bytes: int) -> bytes:
    """Not left to urllib3: how much one piece may unfold to is not bounded at the end of its stream."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity") or not body:
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise DownloadRefused(DropReason.DAMAGED, f"{host} sends in an encoding that was not asked for")
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        unfolded = decoder.decompress(body, max_bytes + 1)
    except zlib.error:
        raise DownloadRefused(
            DropReason.DAMAGED, f"{host} says it sends {encoding}, and sends something else"
        ) from None
    if len(unfolded) > max_bytes:
        raise _too_large(host, max_bytes)
    if not decoder.eof:
        raise DownloadRefused(DropReason.DAMAGED, f"what {host} sends ends in the middle of its {encoding} encoding")
    return unfolded


def _too_large(host: str, max_bytes: int) -> DownloadRefused:
    return DownloadRefused(DropReason.TOO_LARGE, f"{host} sends more than the {max_bytes:,} bytes that are accepted")
