"""Photos and thumbnails of items, for who is logged in."""

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model.errors import ImageError
from review.errors import NotFound
from review.tables import ReviewItem, Submission
from review.web import wishes
from review.web.desk import Desk
from review.web.exchange import answering
from review.web.sittings import Sitting
from review.web.thumbnails import Thumbnails

# Browsers keep it and ask each time whether they may show it: it may be deleted, and who looks removed.
_KEPT_BY_BROWSERS = "private, no-cache"


class Photos:
    """The routes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._thumbnails = Thumbnails(desk.images.get)

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
