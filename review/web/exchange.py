"""How a request becomes an answer: a refusal is {"error": sentence}, which the page shows."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from anyio import fail_after
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from model.errors import ModelError
from review.errors import DatabaseError, NotFound, ReviewError

_MOST_BYTES = 200_000  # of a request: 200 items with their tokens take 20,000
BODY_WITHIN = 10.0  # seconds; else strangers could keep connections for ever

Handler = Callable[[Request], Awaitable[Response]]


def answering(handler: Handler) -> Handler:
    """Failures become sentences; what nobody expected is logged and says no more than that."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)
        except NotFound as error:
            return JSONResponse({"error": str(error)}, 404)
        except DatabaseError as error:
            return JSONResponse({"error": str(error)}, 503)
        except ReviewError as error:
            return JSONResponse({"error": str(error)}, 409)
        except ModelError as error:
            return JSONResponse({"error": f"what may be said is not known: {error}"}, 503)
        except ClientDisconnect:
            return Response(status_code=499)  # nobody reads it

    return answered


async def read_json(request: Request) -> dict[str, Any]:
    """The body, one JSON object of sound text; raises `HTTPException` for anything else or too much."""
    data = bytearray()
    try:
        with fail_after(BODY_WITHIN):
            async for piece in request.stream():
                data += piece
                if len(data) > _MOST_BYTES:
                    raise HTTPException(413, f"a request has at most {_MOST_BYTES:,} bytes")
    except TimeoutError:
        raise HTTPException(408, "the request took too long to arrive", {"Connection": "close"}) from None
    try:
        found = json.loads(data or b"{}")
        json.dumps(found, ensure_ascii=False).encode()  # halves of characters: nothing that is stored takes them
    except (ValueError, RecursionError):
        raise HTTPException(400, "expected JSON") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "expected a JSON object")
    return found
