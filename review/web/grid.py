"""The grid's routes: a batch is claimed, kept, answered and given back.

GET  /api/groups     -> {"groups": [{"label", "reason", "blind", "items"}]}, of all that waits
GET  /api/items/ID   -> what more there is to know of an item
POST /api/claim      {"count", "label", "reason", "blind", "besides": [id]} -> {"items": [card with "token"], "full"}
                     and, where nothing was found, {"mine": {"items", "seconds"}}: what is in your own hands elsewhere
POST /api/renew      {"items": [{"id", "token"}]} -> {"lost": [id]}
POST /api/release    the same -> {}
POST /api/verdicts   {"kind", "label", "free_name", "hours", "items": [{"id", "token", "seconds", "answer_shown"}]}
                     -> {"answered": [{"id", "outcome", "final_label", "sentence"}]}
POST /api/undo       -> {"undone": [id], "items": [those that could be claimed again, as cards]}
POST /api/farewell   {"strokes": [a request of /api/verdicts, or {"kind": "undo"}], "items": [{"id", "token"}]}
                     -> {}: what a page could not send before it ended, in order, and what it gives back
POST /api/split      {"id"} -> {"alone": [id]}: this near-duplicate of an item in hand is seen by itself from now on
"""

import logging
import time
from contextlib import suppress
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from model.errors import ModelError
from review import bulk, gold, judging, near_duplicates, queue
from review.bulk import Answered, InHand
from review.errors import AlreadySettled, LeaseLost, NotFound, NothingToUndo, ReviewError
from review.groups import waiting_groups
from review.tables import Reviewer, ReviewItem
from review.web import cards, wishes
from review.web.desk import Desk, give_back
from review.web.exchange import answering, read_json
from review.web.sittings import Sitting

MOST_HELD = 400  # items in one reviewer's hands, in all their tabs: nobody hoards the queue
_AT_ONCE = 10  # verdicts in one transaction: others write in between
_COUNTED_FOR = 3.0  # seconds; counting reads every open item
logger = logging.getLogger(__name__)


class Grid:
    """The routes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._counted: tuple[float, list[dict[str, Any]]] | None = None

    def routes(self) -> list[Route]:
        return [
            Route("/api/groups", answering(self._groups), methods=["GET"]),
            Route("/api/items/{item:int}", answering(self._item), methods=["GET"]),
            Route("/api/claim", answering(self._claim), methods=["POST"]),
            Route("/api/renew", answering(self._renew), methods=["POST"]),
            Route("/api/release", answering(self._release), methods=["POST"]),
            Route("/api/verdicts", answering(self._verdicts), methods=["POST"]),
            Route("/api/undo", answering(self._undo), methods=["POST"]),
            Route("/api/farewell", answering(self._farewell), methods=["POST"]),
            Route("/api/split", answering(self._split), methods=["POST"]),
        ]

    async def _groups(self, request: Request) -> Response:
        return JSONResponse({"groups": await self._desk.in_thread(self._count, self._desk.sitting(request))})

    def _count(self, sitting: Sitting) -> list[dict[str, Any]]:
        with self._desk.database.read() as session:
            self._desk.reviewer(session, sitting)
            counted = self._counted
            if counted is None or time.monotonic() - counted[0] > _COUNTED_FOR:
                rows = [
                    {"label": group.label, "reason": group.reason, "blind": group.blind, "items": group.items}
                    for group in waiting_groups(session)
                ]
                self._counted = counted = (time.monotonic(), rows)
            return counted[1]

    async def _item(self, request: Request) -> Response:
        sitting = self._desk.sitting(request)
        return JSONResponse(await self._desk.in_thread(self._details, sitting, wishes.item_in_path(request)))

    def _details(self, sitting: Sitting, item_id: int) -> dict[str, Any]:
        with self._desk.database.read() as session:
            reviewer = self._desk.reviewer(session, sitting)
            return cards.details(session, item_id, reviewer, self._desk.clock())

    async def _claim(self, request: Request) -> Response:
        sitting = self._desk.sitting(request)
        return JSONResponse(await self._desk.in_thread(self._take, sitting, await read_json(request)))

    def _take(self, sitting: Sitting, given: dict[str, Any]) -> dict[str, Any]:
        now, count, among = self._desk.clock(), wishes.count(given), wishes.among(given)
        besides = wishes.besides(given)
        with self._desk.database.write() as session:
            reviewer = self._desk.reviewer(session, sitting)
            held = _in_hands_of(session, reviewer, now)
            room = max(0, MOST_HELD - held)
            claims = queue.claim_batch(
                session,
                reviewer,
                count=min(count, room),
                lease=self._desk.lease,
                now=now,
                among=among,
                besides=besides,
                first=self._desk.first(),
                gold_rate=self._desk.gold_rate,
            )
            session.flush()
            found = cards.cards(session, claims, now)
            mine = (
                {"items": held, "seconds": _longest(session, reviewer, now)} if held and room and not claims else None
            )
        sitting.held.update({claim.item_id: claim.token for claim in claims})
        return {"items": found, "full": room < count and len(claims) == room} | ({"mine": mine} if mine else {})

    async def _renew(self, request: Request) -> Response:
        sitting = self._desk.sitting(request)
        items = wishes.in_hand(await read_json(request))
        return JSONResponse({"lost": await self._desk.in_thread(self._keep, sitting, items)})

    def _keep(self, sitting: Sitting, items: list[InHand]) -> list[int]:
        lost = []
        with self._desk.database.write() as session:
            reviewer = self._desk.reviewer(session, sitting)
            _load(session, items)
            for one in items:
                try:
                    _require_mine(session, one.item_id, reviewer)
                    queue.renew(session, one.item_id, one.token, lease=self._desk.lease, now=self._desk.clock())
                except LeaseLost:
                    lost.append(one.item_id)
        for item_id in lost:
            sitting.held.pop(item_id, None)
        return lost

    async def _release(self, request: Request) -> Response:
        sitting = self._desk.sitting(request)
        items = wishes.in_hand(await read_json(request))
        await self._desk.in_thread(self._give_back, sitting, items)
        return JSONResponse({})

    def _give_back(self, sitting: Sitting, items: list[InHand]) -> None:
        with self._desk.database.write() as session:
            reviewer, mine = self._desk.reviewer(session, sitting), {}
            _load(session, items)
            for one in items:
                with suppress(LeaseLost):  # lost already: whoever has it by now keeps it
                    _require_mine(session, one.item_id, reviewer)
                    mine[one.item_id] = one.token
            give_back(session, sitting, mine)

    async def _verdicts(self, request: Request) -> Response:
        sitting = self._desk.sitting(request)
        given = await read_json(request)
        answered = await self._desk.in_thread(self._settle, sitting, given)
        return JSONResponse(
            {
                "answered": [
                    {
                        "id": one.item_id,
                        "outcome": one.outcome.value,
                        "final_label": one.final_label,
                        "sentence": one.sentence,
                    }
                    for one in answered
                ]
            }
        )

    def _settle(self, sitting: Sitting, given: dict[str, Any]) -> list[Answered]:
        at = now = self._desk.clock()
        said = wishes.saying(given, self._desk.labels() if given.get("kind") == "label" else ())
        answered: list[Answered] = []
        for start in range(0, len(said.items), _AT_ONCE):
            with self._desk.database.write() as session:
                reviewer, some = self._desk.reviewer(session, sitting), said.items[start : start + _AT_ONCE]
                if not answered:
                    at = bulk.began(
                        session, reviewer, some, kind=said.kind, label=said.label, free_name=said.free_name, now=now
                    )
                answered += bulk.settle_each(
                    session,
                    reviewer,
                    some,
                    kind=said.kind,
                    label=said.label,
                    free_name=said.free_name,
                    deferred_until=now + said.deferred_for if said.deferred_for else None,
                    now=at,
                )
        self._counted = None  # who answered sees the new counts at once
        for one in answered:
            sitting.held.pop(one.item_id, None)
        return answered

    async def _undo(self, request: Request) -> Response:
        return JSONResponse(await self._desk.in_thread(self._take_back, self._desk.sitting(request)))

    def _take_back(self, sitting: Sitting) -> dict[str, Any]:
        """All that was said in the last stroke; what is open again comes back into the same hands."""
        with self._desk.database.read() as session:
            stroke = bulk.last_stroke(session, self._desk.reviewer(session, sitting))
        undone: list[int] = []
        found: list[dict[str, Any]] = []
        for start in range(0, len(stroke), _AT_ONCE):
            now = self._desk.clock()
            with self._desk.database.write() as session:
                reviewer = self._desk.reviewer(session, sitting)
                claims = []
                for verdict_id in stroke[start : start + _AT_ONCE]:
                    try:
                        item_id = judging.undo(session, reviewer, verdict_id=verdict_id, now=now)
                    except NothingToUndo:  # another tab was faster
                        continue
                    undone.append(item_id)
                    with suppress(LeaseLost, AlreadySettled, NotFound):  # then it does not come back: others have it
                        claims.append(queue.claim(session, item_id, reviewer, lease=self._desk.lease, now=now))
                session.flush()
                found += cards.cards(session, claims, now)
            sitting.held.update({claim.item_id: claim.token for claim in claims})
        self._counted = None
        return {"undone": undone, "items": found}

    async def _farewell(self, request: Request) -> Response:
        sitting = self._desk.sitting(request)
        given = await read_json(request)
        await self._desk.in_thread(self._say_all, sitting, wishes.strokes(given), wishes.in_hand(given))
        return JSONResponse({})

    def _say_all(self, sitting: Sitting, strokes: list[dict[str, Any]], items: list[InHand]) -> None:
        """Nobody reads an answer to it; so what is refused is logged, and the others are recorded."""
        for stroke in strokes:
            try:
                if stroke.get("kind") == "undo":
                    again = self._take_back(sitting)["items"]
                    self._give_back(sitting, [InHand(card["id"], card["token"]) for card in again])
                else:
                    self._settle(sitting, stroke)
            except (HTTPException, ReviewError, ModelError) as error:
                logger.warning("an answer that a page sent at its end was refused: %s", error)
        self._give_back(sitting, items)

    async def _split(self, request: Request) -> Response:
        sitting = self._desk.sitting(request)
        item_id = wishes.item_id((await read_json(request)).get("id"))
        return JSONResponse({"alone": await self._desk.in_thread(self._split_off, sitting, item_id)})

    def _split_off(self, sitting: Sitting, item_id: int) -> list[int]:
        with self._desk.database.write() as session:
            reviewer = self._desk.reviewer(session, sitting)
            item = queue.open_item(session, item_id)
            _require_mine(session, item.represented_by_id or item.id, reviewer)
            return near_duplicates.split(session, item_id)


def _in_hands_of(session: Session, reviewer: Reviewer, now: datetime) -> int:
    held = select(func.count()).select_from(ReviewItem)
    mine = held.where(ReviewItem.lease_reviewer_id == reviewer.id, ReviewItem.lease_expires_at > now)
    return (session.scalar(mine) or 0) + gold.in_hands_of(session, reviewer, now)


def _longest(session: Session, reviewer: Reviewer, now: datetime) -> int:
    """Seconds until all that is in their hands is free again, if nobody renews it."""
    mine = select(func.max(ReviewItem.lease_expires_at)).where(ReviewItem.lease_reviewer_id == reviewer.id)
    ends = session.scalar(mine.where(ReviewItem.lease_expires_at > now))
    return ceil((ends - now).total_seconds()) if ends else 0


def _load(session: Session, items: list[InHand]) -> None:
    """All at once, so that asking for each by itself finds it in the session."""
    session.scalars(select(ReviewItem).where(ReviewItem.id.in_([one.item_id for one in items]))).all()


def _require_mine(session: Session, item_id: int, reviewer: Reviewer) -> None:
    item = session.get(ReviewItem, item_id)
    if item is not None and item.lease_reviewer_id == reviewer.id:
        return
    if gold.given(session, item_id, reviewer) is None:
        raise LeaseLost(f"item {item_id} is no longer yours")
