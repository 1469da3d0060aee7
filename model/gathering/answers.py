"""What came back: a bounded body, whatever headers say of it."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from urllib3 import BaseHTTPResponse

from model.gathering.drops import DownloadRefused, DropReason

_PIECE_BYTES = 64 * 1024
_MAX_PIECES = 100_000  # 20 MB in pieces of 1 KB, as some servers send, are a fifth of that; each takes time
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
    raw = response.stream(_PIECE_BYTES, decode_content=False)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    body = bytearray()  # a list of pieces would take many times their bytes, where they are tiny
    for number, piece in enumerate(raw if encoding in ("", "identity") else _unfolded(raw, encoding, host)):
        if len(body) + len(piece) > max_bytes:
            raise _too_large(host, max_bytes)
        if number == _MAX_PIECES:
            raise DownloadRefused(DropReason.DAMAGED, f"what {host} sends comes in far too many pieces")
        body += piece
    return bytes(body)


def _unfolded(raw: Iterable[bytes], encoding: str, host: str) -> Iterator[bytes]:
    """In small pieces. Not left to urllib3, which does not bound what unfolds at the end of a stream."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise DownloadRefused(DropReason.DAMAGED, f"{host} sends in an encoding that was not asked for")
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        for piece in raw:
            while piece and not decoder.eof:
                yield decoder.decompress(piece, _PIECE_BYTES)
                piece = decoder.unconsumed_tail
    except zlib.error:
        raise DownloadRefused(
            DropReason.DAMAGED, f"{host} says it sends {encoding}, and sends something else"
        ) from None
    if not decoder.eof:
        raise DownloadRefused(DropReason.DAMAGED, f"what {host} sends ends in the middle of its {encoding} encoding")


def _too_large(host: str, max_bytes: int) -> DownloadRefused:
    return DownloadRefused(DropReason.TOO_LARGE, f"{host} sends more than the {max_bytes:,} bytes that are accepted")
