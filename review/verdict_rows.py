"""The rows of exports, and how they are written in JSON lines and CSV: a column is added at the end or not at all.

Lines of JSON have the same keys in the same order as CSV has columns; `version` says which columns these are. In CSV
an empty cell is null, and a text that a spreadsheet would take for a formula begins with an apostrophe, as does one
that begins with an apostrophe itself: an import takes one away.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review import items
from review.items import ItemView
from review.secret_keys import secret_key
from review.tables import ItemStatus, Reviewer, ReviewItem, Submission, Verdict

VERSION = 1  # of the columns

_INSTALLATION = "installation"
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


class What(StrEnum):
    """What the rows of an export are."""

    VERDICTS = "verdicts"
    LABELS = "labels"
    ITEMS = "items"


COLUMNS: Mapping[What, tuple[str, ...]] = {
    What.VERDICTS: (
        "version",
        "id",
        "installation",
        "item",
        "photo",
        "kind",
        "label",
        "free_name",
        "reviewer",
        "at",
        "channel",
        "seconds",
        "answer_shown",
        "undoes",
        "along_with",
        "note",
        "adjudicates",
        "checks_gold",
        "policy_version",
        "import_key",
    ),
    What.LABELS: (
        "version",
        "id",
        "photo",
        "label",
        "free_name",
        "reviewer",
        "settled_at",
        "suggested_label",
        "confidence",
        "model_version",
    ),
    What.ITEMS: (
        "version",
        "id",
        "photo",
        "status",
        "reasons",
        "suggested_label",
        "confidence",
        "probabilities",
        "out_of_domain_score",
        "model_version",
        "submitted_at",
        "label",
        "free_name",
        "reviewer",
        "settled_at",
        "verdicts_needed",
        "needs_adjudicator",
        "represented_by",
        "priority",
        "policy_version",
    ),
}


def installation(session: Session, now: datetime) -> str:
    """What tells this installation's numbers from another's, 16 hex digits; made on first use (a writing session)."""
    return secret_key(session, _INSTALLATION, now).hex()[:16]


def verdict_rows(
    session: Session, origin: str, *, after: int, since: datetime | None, limit: int
) -> list[dict[str, Any]]:
    """At most `limit` verdicts whose numbers follow `after`, in their order; `origin` is this installation."""
    query = (
        select(Verdict, Submission.image_sha256)
        .join(ReviewItem, ReviewItem.id == Verdict.item_id)
        .join(Submission, Submission.id == ReviewItem.submission_id)
        .where(Verdict.id > after)
    )
    if since is not None:
        query = query.where(Verdict.created_at >= since)
    rows = session.execute(query.with_hint(Verdict, "NOT INDEXED", "sqlite").order_by(Verdict.id).limit(limit)).all()
    names = _names(session, {verdict.reviewer_id for verdict, _ in rows})
    return [
        {
            "version": VERSION,
            "id": verdict.id,
            "installation": origin,
            "item": verdict.item_id,
            "photo": sha256,
            "kind": verdict.kind.value,
            "label": verdict.label,
            "free_name": verdict.free_name,
            "reviewer": names[verdict.reviewer_id],
            "at": verdict.created_at.isoformat(),
            "channel": verdict.channel.value if verdict.channel else None,
            "seconds": verdict.seconds,
            "answer_shown": verdict.answer_shown,
            "undoes": verdict.undoes_id,
            "along_with": verdict.with_id,
            "note": verdict.note,
            "adjudicates": verdict.adjudicates,
            "checks_gold": verdict.checks_gold,
            "policy_version": verdict.policy_version,
            "import_key": verdict.import_key,
        }
        for verdict, sha256 in rows
    ]


def item_rows(session: Session, what: What, *, after: int, since: datetime | None, limit: int) -> list[dict[str, Any]]:
    """At most `limit` items (`What.LABELS`: settled ones) whose numbers follow `after`, in their order."""
    query = items.rows().where(ReviewItem.id > after)
    if what is What.LABELS:
        query = query.where(ReviewItem.status == ItemStatus.SETTLED)
    if since is not None:
        query = query.where((ReviewItem.settled_at if what is What.LABELS else ReviewItem.opened_at) >= since)
    # By number: else SQLite would sort all items of a status for each page.
    query = query.with_hint(ReviewItem, "NOT INDEXED", "sqlite").order_by(ReviewItem.id).limit(limit)
    found = items.views(session, session.execute(query).all())
    settlers = {one.settled_by for one in found if one.settled_by is not None}
    named = select(Reviewer.name, Reviewer.id).where(Reviewer.name.in_(settlers))
    numbers: dict[str, int] = {row[0]: row[1] for row in session.execute(named)}
    names = _names(session, set(numbers.values()))
    return [_item_row(one, what, names[numbers[one.settled_by]] if one.settled_by else None) for one in found]


def as_json_line(row: Mapping[str, Any]) -> bytes:
    """One line, UTF-8, with its end."""
    return json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def as_csv_line(cells: Sequence[object]) -> bytes:
    """One record, UTF-8, with its end; a text may hold ends of lines."""
    text = io.StringIO()
    csv.writer(text).writerow([_cell(cell) for cell in cells])
    return text.getvalue().encode()


def from_cell(text: str) -> str | None:
    """What `as_csv_line` made a cell of; None for an empty one."""
    return text[1:] if text.startswith("'") else text or None


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value.startswith(_STARTS_A_FORMULA) else value
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _item_row(item: ItemView, what: What, reviewer: str | None) -> dict[str, Any]:
    shown = not item.hidden  # whoever may still judge it may read this
    row = {
        "version": VERSION,
        "id": item.id,
        "photo": item.image_sha256,
        "status": item.status.value,
        "reasons": list(item.reasons),
        "suggested_label": item.suggested_label if shown else None,
        "confidence": item.confidence if shown else None,
        "probabilities": item.probabilities if shown else None,
        "out_of_domain_score": item.out_of_domain_score if shown else None,
        "model_version": item.model_version,
        "submitted_at": item.submitted_at.isoformat(),
        "label": item.final_label,
        "free_name": item.free_name,
        "reviewer": reviewer,
        "settled_at": item.settled_at.isoformat() if item.settled_at else None,
        "verdicts_needed": item.verdicts_needed,
        "needs_adjudicator": item.needs_adjudicator,
        "represented_by": item.represented_by,
        "priority": item.priority,
        "policy_version": item.policy_version,
    }
    return {column: row[column] for column in COLUMNS[what]}


def _names(session: Session, reviewers: Set[int]) -> dict[int, str]:
    """Number -> the name of the person, whichever of their names they said it by.

    Somebody who is known by nothing but a number in Telegram, or told from others by it, is so here alone.
    """
    top = func.coalesce(Reviewer.same_as_id, Reviewer.id)
    known = session.execute(select(Reviewer.id, top).where(Reviewer.id.in_(reviewers)))
    people: dict[int, int] = {row[0]: row[1] for row in known}
    found: dict[int, str] = {}
    telegrams: dict[int, list[str]] = {}
    for number, person, name, telegram in session.execute(
        select(Reviewer.id, top, Reviewer.name, Reviewer.telegram_user_id).where(top.in_(set(people.values())))
    ):
        if number == person:
            found[person] = name
        if telegram is not None:
            telegrams.setdefault(person, []).append(str(telegram))
    for person, numbers in telegrams.items():
        if any(number in found[person] for number in numbers):
            found[person] = f"reviewer {person}"
    return {number: found[person] for number, person in people.items()}
