"""Items as the page shows them: what is on a card of the grid, and what more there is under the magnifying glass.

Of a blind item neither the model's answer, nor why it waits (a random check tells that the model was sure), nor what
anybody said of it leaves the server.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from review import gold, items, near_duplicates, queue, standing_verdicts
from review.items import ItemView
from review.tables import Reviewer, ReviewItem


def cards(session: Session, claims: Sequence[queue.Claim], now: datetime) -> list[dict[str, Any]]:
    """What is claimed, in the order of the claims, each with its token."""
    ids = [claim.item_id for claim in claims]
    found = items.list_items(session, only=ReviewItem.id.in_(ids)) if ids else []
    views = {view.id: items.opened(session, view) for view in found}
    return [
        {**card(views[claim.item_id], now), "token": claim.token, "alike": views[claim.item_id].group_size}
        for claim in claims
        if claim.item_id in views
    ]


def card(view: ItemView, now: datetime) -> dict[str, Any]:
    """One item without its token; `label` and `confidence` (0..1) are null where there is nothing to be shown."""
    blind = view.blind
    return {
        "id": view.id,
        "blind": blind,
        "disagreement": view.needs_adjudicator,
        "label": None if blind else view.suggested_label,
        "confidence": None if blind else view.confidence,
        "reasons": [] if blind else list(view.reasons),
        "claims": [] if blind else list(view.claimed_labels),
        "waiting_seconds": round((now - view.submitted_at).total_seconds()),
    }


def details(session: Session, item_id: int, reviewer: Reviewer, now: datetime) -> dict[str, Any]:
    """All that this reviewer is to know of an item; raises `NotFound`."""
    view = gold.shown(session, item_id, reviewer)
    item = session.get_one(ReviewItem, item_id)
    shown = card(view, now)
    said: list[dict[str, str]] = []
    if not shown["blind"]:
        for verdict in standing_verdicts.of_item(session, item, seen_by=reviewer):
            who = session.get_one(Reviewer, verdict.reviewer_id).name
            said.append({"reviewer": who, "said": verdict.label or verdict.free_name or verdict.kind.value})
    return {
        **shown,
        "status": view.status.value,
        "final_label": None if shown["blind"] else view.final_label,
        "probabilities": None if shown["blind"] else view.probabilities,
        "model_version": None if shown["blind"] else view.model_version,
        "said": said,
        "alike": [
            member.item_id
            for member in near_duplicates.members(session, item_id)
            if member.item_id != item_id and member.image_sha256 is not None
        ],
    }
