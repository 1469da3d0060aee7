"""Photos and thumbnails of items, for who is logged in.

Thumbnails are made from the stored photos when they are asked for and kept in memory only: a photo that is deleted
leaves no copy on disk.
"""

import io
import threading
from collections import OrderedDict

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model.errors import ImageError
from model.images import decode
from review.errors import NotFound
from review.storage import ImageStore
from review.tables import ReviewItem, Submission
from review.web import wishes
from review.web.desk import Desk, answering
from review.web.sittings import Sitting

THUMBNAIL_SIDE = 360  # pixels at most; a card is 180 wide, and screens of phones have two for each
_QUALITY = 78
_KEPT_BYTES = 64_000_000  # of thumbnails in memory: some thousands
# Browsers keep it and ask each time whether they may show it: it may be deleted, and who looks removed.
_KEPT_BY_BROWSERS = "private, no-cache"


class Thumbnails:
    """Small pictures by the sha256 of the stored photo; the ones asked for last are kept."""

    def __init__(self, images: ImageStore, kept_bytes: int = _KEPT_BYTES) -> None:
        self._images = images
        self._most = kept_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, sha256: str) -> bytes:
        """JPEG bytes, at most `THUMBNAIL_SIDE` wide and high. Raises `NotFound`, or `ImageError` if it is damaged."""
        with self._lock:
            if sha256 in self._kept:
                self._kept.move_to_end(sha256)
                return self._kept[sha256]
        made = _thumbnail(self._images.get(sha256))
        with self._lock:
            if sha256 not in self._kept:
                self._kept[sha256] = made
                self._bytes += len(made)
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made


class Photos:
    """The routes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._thumbnails = Thumbnails(desk.images)

    def routes(self) -> list[Route]:
        return [
            Route("/thumbnails/{item:int}", answering(self._thumbnail), methods=["GET"]),
            Route("/photos/{item:int}", answering(self._photo), methods=["GET"]),
        ]

    async def _thumbnail(self, request: Request) -> Response:
        return await self._answer(request, small=True)

    async def _photo(self, request: Request) -> Response:
        return await self._answer(request, small=False)

    async def _answer(self, request: Request, *, small: bool) -> Response:
        sitting = self._desk.sitting(request)
        try:
            known = request.headers.get("if-none-match")
            tag, data = await self._desk.in_thread(self._read, sitting, wishes.item_in_path(request), small, known)
        except ImageError as error:
            raise HTTPException(422, f"the stored photo cannot be shown: {error}") from None
        # Nor does the browser's own cache show it to who logs in next, or to nobody.
        headers = {"Cache-Control": _KEPT_BY_BROWSERS, "Vary": "Cookie", "ETag": tag}
        if data is None:
            return Response(status_code=304, headers=headers)
        return Response(data, media_type="image/jpeg", headers=headers)

    def _read(self, sitting: Sitting, item_id: int, small: bool, known: str | None) -> tuple[str, bytes | None]:
        """Its tag and its bytes; None if the browser has them, and may show them."""
        with self._desk.database.read() as session:
            self._desk.reviewer(session, sitting)
            sha256 = photo_of(session, item_id)
        tag = f'"{sha256[:32]}"'
        if known == tag:
            return tag, None
        return tag, self._thumbnails.get(sha256) if small else self._desk.images.get(sha256)


def photo_of(session: Session, item_id: int) -> str:
    """The sha256 of an item's photo; raises `NotFound` if there is no such item, or its photo was deleted."""
    sha256 = session.scalar(
        select(Submission.image_sha256)
        .join(ReviewItem, ReviewItem.submission_id == Submission.id)
        .where(ReviewItem.id == item_id)
    )
    if sha256 is None:
        raise NotFound(f"there is no photo of item {item_id} (any more)")
    return sha256


def _thumbnail(data: bytes) -> bytes:
    picture = decode(data, shrink_to=THUMBNAIL_SIDE)
    picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
