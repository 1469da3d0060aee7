"""Items as rows for machines and as lines for people."""

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any

from review.items import ItemView
from review.phrases import duration, percent
from review.statistics import ModelPromise, QueueStatistics
from review.storage import LocalImageStore
from review.tables import ItemStatus

_WIDTH = 100  # columns, of the one sentence that may be long


def item_row(item: ItemView, now: datetime, images: LocalImageStore) -> dict[str, Any]:
    """One JSON object; times in ISO 8601, UTC."""
    held = item.held_until is not None and item.held_until > now
    return {
        "id": item.id,
        "submission": item.submission,
        "status": item.status.value,
        "reasons": list(item.reasons),
        "suggested_label": item.suggested_label,
        "confidence": item.confidence,
        "probabilities": item.probabilities,
        "out_of_domain_score": item.out_of_domain_score,
        "model_version": item.model_version,
        "photo": str(images.path(item.image_sha256)) if item.image_sha256 else None,
        "submitted_at": item.submitted_at.isoformat(),
        "waiting_seconds": (now - item.submitted_at).total_seconds() if item.status is ItemStatus.OPEN else None,
        "final_label": item.final_label,
        "settled_at": item.settled_at.isoformat() if item.settled_at else None,
        "reviewer": item.settled_by,
        "held_by": item.held_by if held else None,
        "held_until": item.held_until.isoformat() if held and item.held_until else None,
    }


def table(items: Sequence[ItemView], now: datetime) -> str:
    """Aligned columns: number, what the model thinks, why it waits, how long, what became of it."""
    rows = [("ITEM", "MODEL", "WHY", "WAITING", "STATE")]
    for item in items:
        held = item.held_until is not None and item.held_until > now
        state = f"{item.final_label}, said {item.settled_by}" if item.final_label else item.status.value
        rows.append(
            (
                str(item.id),
                guess(item),
                reasons(item),
                "-" if item.status is not ItemStatus.OPEN else duration((now - item.submitted_at).total_seconds()),
                f"with {item.held_by}" if held and item.status is ItemStatus.OPEN else state,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def card(item: ItemView, now: datetime, images: LocalImageStore) -> str:
    """One item, whole."""
    lines = [f"item        {item.id} (submission {item.submission})"]
    lines.append(f"photo       {images.path(item.image_sha256) if item.image_sha256 else 'was deleted'}")
    lines.append(f"why         {reasons(item)}")
    if item.probabilities is None:
        lines.append(f"model       {'had none loaded' if item.image_sha256 else 'what it said was deleted'}")
    else:
        ranked = sorted(item.probabilities.items(), key=lambda pair: -pair[1])
        lines.append(f"model       {', '.join(f'{label} {percent(p)}' for label, p in ranked)} ({item.model_version})")
    waited = duration(((item.settled_at or now) - item.submitted_at).total_seconds())
    waits = (
        ", withdrawn"
        if item.status is ItemStatus.WITHDRAWN
        else f", {'waited' if item.settled_at else 'waits'} {waited}"
    )
    lines.append(f"sent        {item.submitted_at:%Y-%m-%d %H:%M} UTC{waits}")
    if item.final_label:
        lines.append(f"verdict     {item.final_label}, said {item.settled_by}")
    elif item.held_until is not None and item.held_until > now:
        lines.append(f"held by     {item.held_by} until {item.held_until:%H:%M:%S} UTC")
    return "\n".join(lines)


def figures(statistics: QueueStatistics, promise: ModelPromise) -> str:
    """The statistics as lines."""
    lines = [
        f"photos sent        {statistics.submissions}",
        f"answered alone     {statistics.answered_alone}",
        f"waiting            {statistics.open_items}",
    ]
    lines += [f"  {reason.replace('_', ' '):<17}{count}" for reason, count in statistics.open_by_reason.items()]
    if statistics.oldest_waiting_seconds is not None:
        lines.append(f"oldest waits       {duration(statistics.oldest_waiting_seconds)}")
    lines.append(f"settled            {statistics.settled_items}")
    lines += [f"  {name:<17}{count}" for name, count in statistics.verdicts_by_reviewer.items()]
    lines.append("people agreed with the model's best guess (95 % interval)")
    lines.append(f"  where it doubted {statistics.agreement_in_review}")
    lines.append(f"  random checks    {statistics.agreement_in_audit}")
    if promise.risk is None:
        lines.append(f"model              {promise.version or 'unknown'}")
        lines.append(f"  promises         unknown: {promise.problem}")
        return "\n".join(lines)
    lines.append(f"model              {promise.version} answers from {promise.risk.threshold:.0%} confidence on")
    caution = "" if promise.risk.guaranteed else "; until that changes it asks people more often"
    lines += wrap(
        f"  promises         {promise.risk.claim()}{caution}",
        _WIDTH,
        subsequent_indent=" " * 19,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def guess(item: ItemView) -> str:
    """The model's best guess with its confidence."""
    return "-" if item.suggested_label is None else f"{item.suggested_label} {percent(item.confidence or 0)}"


def reasons(item: ItemView) -> str:
    """Why it waits, in words."""
    return ", ".join(reason.replace("_", " ") for reason in item.reasons)
