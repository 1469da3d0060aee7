"""Items as the page shows them: what is on a card of the grid, and what more there is under the magnifying glass.

Of a blind item neither the model's answer nor what anybody said of it leaves the server.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from review import items, judging, queue
from review.items import ItemView
from review.tables import ItemStatus, Reviewer, ReviewItem, Submission


def cards(session: Session, claims: Sequence[queue.Claim], now: datetime) -> list[dict[str, Any]]:
    """What is claimed, in the order of the claims, each with its token."""
    ids = [claim.item_id for claim in claims]
    views = {view.id: view for view in items.list_items(session, only=ReviewItem.id.in_(ids))} if ids else {}
    alike = alike_by_item(session, ids)
    return [
        {**card(session, views[claim.item_id], now), "token": claim.token, "alike": len(alike.get(claim.item_id, ()))}
        for claim in claims
        if claim.item_id in views
    ]


def card(session: Session, view: ItemView, now: datetime) -> dict[str, Any]:
    """One item without its token; `label` and `confidence` (0..1) are null where there is nothing to be shown."""
    blind = is_blind(session, view.id)
    return {
        "id": view.id,
        "blind": blind,
        "disagreement": session.get_one(ReviewItem, view.id).needs_adjudicator,
        "label": None if blind else view.suggested_label,
        "confidence": None if blind else view.confidence,
        "reasons": list(view.reasons),
        "claims": [] if blind else list(view.claimed_labels),
        "waiting_seconds": round((now - view.submitted_at).total_seconds()),
    }


def details(session: Session, item_id: int, now: datetime) -> dict[str, Any]:
    """All there is to know of an item; raises `NotFound`."""
    view = items.view(session, item_id)
    item = session.get_one(ReviewItem, item_id)
    shown = card(session, view, now)
    said: list[dict[str, str]] = []
    if not shown["blind"]:
        for verdict in judging.standing(session, item):
            who = session.get_one(Reviewer, verdict.reviewer_id).name
            said.append({"reviewer": who, "said": verdict.label or verdict.free_name or verdict.kind.value})
    return {
        **shown,
        "status": view.status.value,
        "final_label": None if shown["blind"] else view.final_label,
        "probabilities": None if shown["blind"] else view.probabilities,
        "model_version": view.model_version,
        "said": said,
        "alike": alike_by_item(session, [item_id]).get(item_id, []),
    }


def is_blind(session: Session, item_id: int) -> bool:
    """Whether its reviewers must not see what the model and others say of it."""
    item = session.get_one(ReviewItem, item_id)
    return item.verdicts_needed > 1 and not item.needs_adjudicator


def alike_by_item(session: Session, ids: Sequence[int]) -> dict[int, list[int]]:
    """The open near-duplicates with a photo that each of these items stands for."""
    found: dict[int, list[int]] = {}
    rows = session.execute(
        select(ReviewItem.represented_by_id, ReviewItem.id)
        .join(Submission, Submission.id == ReviewItem.submission_id)
        .where(
            ReviewItem.represented_by_id.in_(ids),
            ReviewItem.status == ItemStatus.OPEN,
            Submission.image_sha256.is_not(None),
        )
        .order_by(ReviewItem.id)
    )
    for shown, member in rows:
        assert shown is not None
        found.setdefault(shown, []).append(member)
    return found
