"""The page's routes: photos by group, decisions, and what takes them back.

GET  /api/state                      -> {"revision", "labels", "groups", "suspects", "looked_at", "left"}
GET  /api/photos?group=KEY&count=60  -> {"photos": [card]} and the state
POST /api/decide {"group", "items": [{"id", "seen"}], "action", "label", "new"}
     -> {"decided": number, "refused": [{"id", "sentence"}], "photos": [those that are (still) in the group]}, the state
POST /api/undo   {"group"}           -> {"undone": number, "photos": [those of them that are in the group]}, the state

An action is keep, relabel (with the label; "new" if the folder has it not), remove, or accept: as is suggested.
A group is {"key", "kind", "label", "suggested", "photos": number}; a card what `_card` makes. "seen" is the "decision"
on the card: who decides about what was decided elsewhere meanwhile is told so.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model.cleaning import Action, Decision
from model.errors import DatasetError
from review.cleaning import wishes
from review.cleaning.board import Board, Choice, Shown
from review.web.entrance import Entrance
from review.web.exchange import answering, read_json

T = TypeVar("T")


class Routes:
    """The routes; each is for who is logged in."""

    def __init__(self, entrance: Entrance, board: Board) -> None:
        self._entrance = entrance
        self._board = board

    def routes(self) -> list[Route]:
        return [
            Route("/api/state", answering(self._state), methods=["GET"]),
            Route("/api/photos", answering(self._photos), methods=["GET"]),
            Route("/api/decide", answering(self._decide), methods=["POST"]),
            Route("/api/undo", answering(self._undo), methods=["POST"]),
        ]

    async def _state(self, request: Request) -> Response:
        self._entrance.sitting(request)
        return _answer(await self._do(self._told))

    async def _photos(self, request: Request) -> Response:
        self._entrance.sitting(request)
        shown = partial(self._board.shown, wishes.group(request.query_params), wishes.count(request))
        return _answer(await self._do(lambda: self._told(shown())))

    async def _decide(self, request: Request) -> Response:
        self._entrance.sitting(request)
        given = await read_json(request)
        key, choices = wishes.group(given), wishes.choices(given)
        action, label = wishes.action(given, (await self._do(self._board.state)).labels)
        return _answer(await self._do(lambda: self._decided(key, choices, action, label)))

    async def _undo(self, request: Request) -> Response:
        self._entrance.sitting(request)
        key = wishes.group(await read_json(request))
        return _answer(await self._do(lambda: self._undone(key)))

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await self._entrance.in_thread(work)
        except DatasetError as error:
            raise HTTPException(409, str(error)) from None
        except OSError as error:
            raise HTTPException(507, f"nothing could be written or read: {error.strerror}") from None

    def _decided(self, key: str, choices: list[Choice], action: Action | None, label: str | None) -> dict[str, Any]:
        numbers = list(dict.fromkeys(choice.number for choice in choices))
        self._board.among(key, numbers)  # a group or a photo that is none decides nothing
        refused = self._board.decide(choices, action, label)
        return {
            "decided": len(numbers) - len(refused),
            "refused": [{"id": one.number, "sentence": one.sentence} for one in refused],
            **self._told(self._board.among(key, numbers)),
        }

    def _undone(self, key: str) -> dict[str, Any]:
        self._board.among(key, [])
        numbers, undone = self._board.undo()
        if not undone:
            raise HTTPException(409, "there is nothing left to take back")
        return {"undone": undone, **self._told(self._board.among(key, numbers))}

    def _told(self, photos: list[Shown] | None = None) -> dict[str, Any]:
        state = self._board.state()
        groups = [{**asdict(group), "key": group.key, "photos": size} for group, size in state.groups]
        told = {**asdict(state), "groups": groups}
        return told if photos is None else {**told, "photos": [self._card(one) for one in photos]}

    def _card(self, shown: Shown) -> dict[str, Any]:
        photo = shown.photo
        twins = None
        if photo.twins is not None:
            twins = {"group": photo.twins, "labels": self._board.labels_of_twins(photo.twins)}
        return {
            "id": photo.number,
            "name": photo.path.name,
            "filed": photo.filed,
            "suggested": photo.suggested,
            "suspicion": round(photo.suspicion, 4),
            "twins": twins,
            "decision": None if shown.decision is None else _said(shown.decision),
        }


def _answer(told: Mapping[str, Any]) -> Response:
    """As ASCII: a file's name may be no text, of which JSON in UTF-8 could not be made."""
    return Response(json.dumps(told, allow_nan=False), media_type="application/json")


def _said(decision: Decision) -> dict[str, str | None]:
    return {"action": decision.action.value, "label": decision.label}
