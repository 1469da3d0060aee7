"""Photos and thumbnails by their numbers, for who is logged in: made anew from what is decoded, without metadata."""

import hashlib
import threading

from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model.errors import ImageError
from model.images import decode, encode, read_photo
from review.cleaning.board import Board
from review.errors import NotFound
from review.web.entrance import Entrance
from review.web.exchange import answering
from review.web.thumbnails import Thumbnails

_LARGEST_SIDE = 2560  # pixels of a photo alone: sharp on any screen; search results have up to ten times as many
_AT_ONCE = 2  # pictures that are decoded whole: a large one takes hundreds of megabytes


class Pictures:
    """The routes."""

    def __init__(self, entrance: Entrance, board: Board) -> None:
        self._entrance = entrance
        self._board = board
        self._by_sha256 = {photo.sha256: photo for photo in board.photos}
        self._thumbnails = Thumbnails(self._read)
        self._decoding = threading.Semaphore(_AT_ONCE)

    def routes(self) -> list[Route]:
        return [
            Route("/thumbnails/{number:int}", answering(self._thumbnail), methods=["GET"]),
            Route("/photos/{number:int}", answering(self._photo), methods=["GET"]),
        ]

    async def _thumbnail(self, request: Request) -> Response:
        return await self._answer(request, small=True)

    async def _photo(self, request: Request) -> Response:
        return await self._answer(request, small=False)

    async def _answer(self, request: Request, *, small: bool) -> Response:
        self._entrance.sitting(request)
        sha256 = self._board.photo(request.path_params["number"]).sha256
        tag = f'"{sha256[:32]}"'
        headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        try:
            data = await self._entrance.in_thread(self._thumbnails.get if small else self._whole, sha256)
        except (ImageError, OSError) as error:
            raise HTTPException(422, f"the photo cannot be shown: {error}") from None
        return Response(data, media_type="image/jpeg", headers=headers)

    def _whole(self, sha256: str) -> bytes:
        with self._decoding:
            picture = decode(self._read(sha256), shrink_to=_LARGEST_SIDE)
            picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
            return encode(picture)

    def _read(self, sha256: str) -> bytes:
        """What was judged, and nothing that lies there instead by now; raises `NotFound` then, and `OSError`."""
        photo = self._by_sha256[sha256]
        data = read_photo(photo.path)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotFound("the photo was replaced meanwhile")
        return data
