"""JPEG files that hold a picture and nothing else: they can be kept as they came.

Segments as in ITU-T T.81, table B.1.
"""

import re

_START, _END = b"\xff\xd8", b"\xff\xd9"
_JFIF = b"JFIF\x00"
_JFIF_LENGTH = 16  # of the segment without a thumbnail, its length field included
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended and progressive, all Huffman coded
_TABLES = frozenset({0xC4, 0xDB, 0xDD})  # Huffman tables, quantisation tables, restart interval
_SCAN, _APP0 = 0xDA, 0xE0
# In what a scan encodes, 0xff is followed by zero, or by a restart mark.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")


def is_bare_jpeg(data: bytes) -> bool:
    """Whether this is a JPEG without metadata: no EXIF, no comments, no profiles, no thumbnail, nothing after its end.

    Says nothing of whether it can be decoded.
    """
    if not data.startswith(_START):
        return False
    place, first = len(_START), True
    while place + 4 <= len(data):
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if data[place] != 0xFF or length < 2:
            return False
        body, place = data[place + 4 : place + 2 + length], place + 2 + length
        if first != (marker == _APP0):  # JFIF's segment comes first, and says how colours are meant
            return False
        if first and (length != _JFIF_LENGTH or not body.startswith(_JFIF)):
            return False
        if not first and marker not in _FRAMES | _TABLES | {_SCAN}:
            return False
        first = False
        if marker == _SCAN:
            found = _NEXT_MARKER.search(data, place)
            if found is None:
                return False
            place = found.start()
            if found.group() == _END:
                return place + len(_END) == len(data)
    return False
