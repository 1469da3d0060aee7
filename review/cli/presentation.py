"""Items as rows for machines and as lines for people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from model.console import aligned
from review.history import Said
from review.items import ItemView
from review.phrases import counted, duration, percent
from review.storage import LocalImageStore
from review.tables import ItemStatus, VerdictKind


def item_row(item: ItemView, now: datetime, images: LocalImageStore) -> dict[str, Any]:
    """One JSON object; times in ISO 8601, UTC. Of what is judged blind and open, what the model said and made of
    it is null, and its reasons are none."""
    held = item.held_until is not None and item.held_until > now
    shown = not item.hidden
    return {
        "id": item.id,
        "submission": item.submission,
        "status": item.status.value,
        "reasons": list(item.why),
        "suggested_label": item.suggested_label if shown else None,
        "confidence": item.confidence if shown else None,
        "probabilities": item.probabilities if shown else None,
        "out_of_domain_score": item.out_of_domain_score if shown else None,
        "model_version": item.model_version if shown else None,
        "photo": str(images.path(item.image_sha256)) if item.image_sha256 else None,
        "submitted_at": item.submitted_at.isoformat(),
        "waiting_seconds": (now - item.submitted_at).total_seconds() if item.status is ItemStatus.OPEN else None,
        "final_label": item.final_label,
        "free_name": item.free_name,
        "settled_at": _iso(item.settled_at),
        "reviewer": item.settled_by,
        "held_by": item.held_by if held else None,
        "held_until": _iso(item.held_until) if held else None,
        "deferred_until": _iso(item.deferred_until),
        "claimed_labels": list(item.claimed_labels) if shown else None,
        "blind": item.blind,
        "verdicts_needed": item.verdicts_needed,
        "verdicts_so_far": item.verdicts_so_far if item.hidden else None,
        "needs_adjudicator": item.needs_adjudicator,
        "near_duplicates": item.group_size,
        "represented_by": item.represented_by,
        "priority": item.priority if shown else None,
        "uncertainty": item.uncertainty if shown else None,
        "novelty": item.novelty if shown else None,
        "policy_version": item.policy_version,
    }


def said_row(said: Said) -> dict[str, Any]:
    """One verdict as a JSON object; what must not be seen yet is null."""
    return {
        "verdict": said.verdict,
        "reviewer": said.reviewer,
        "at": said.at.isoformat(),
        "kind": said.kind.value if said.kind else None,
        "label": said.label,
        "free_name": said.free_name,
        "note": said.note,
        "channel": said.channel.value if said.channel else None,
        "seconds": said.seconds,
        "undone": said.undone,
        "undoes": said.undoes,
        "along_with": said.along_with,
        "adjudicates": said.adjudicates,
    }


def said_line(said: Said) -> str:
    """One verdict for people: when, who, what, where."""
    if said.kind is None:
        what = "said something, hidden until all have"
    elif said.kind is VerdictKind.UNDO:
        what = f"took verdict {said.undoes} back"
    elif said.kind is VerdictKind.REOPEN:
        what = f"reopened it: {said.note}"
    else:
        name = f" ({said.free_name})" if said.free_name else ""
        what = f"{said.label or said.kind.value.replace('_', ' ')}{name}"
    marks = [
        *(["with a near-duplicate"] if said.along_with is not None else []),
        *(["decides"] if said.adjudicates else []),
        *(["taken back"] if said.undone else []),
    ]
    where = f" ({said.channel.value})" if said.channel else ""
    mark = f"  [{', '.join(marks)}]" if marks else ""
    return f"{said.at:%Y-%m-%d %H:%M:%S} UTC  {said.reviewer}: {what}{where}  #{said.verdict}{mark}"


def taken_back(kind: VerdictKind, label: str | None, item_id: int) -> str:
    """What a reviewer took back, to the reviewer."""
    match kind:
        case VerdictKind.SKIP:
            what = f"skip of item {item_id}"
        case VerdictKind.DEFER:
            what = f"deferral of item {item_id}"
        case VerdictKind.REOPEN:
            what = f"reopening of item {item_id}"
        case _:
            what = f"{(label or kind.value)!r} on item {item_id}"
    return f"your {what} is taken back"


def table(items: Sequence[ItemView], now: datetime, widths: list[int]) -> str:
    """Aligned columns: number, what the model thinks, why it waits, how long, what became of it.

    `widths` are those of the rows before, which had the heading; they grow with what these need.
    """
    rows = [] if widths else [("ITEM", "MODEL", "WHY", "WAITING", "STATE")]
    rows += [
        (
            str(item.id),
            guess(item),
            reasons(item),
            "-" if item.status is not ItemStatus.OPEN else duration((now - item.submitted_at).total_seconds()),
            _state(item, now),
        )
        for item in items
    ]
    before = widths or [0] * 5
    widths[:] = [max(before[column], *(len(row[column]) for row in rows)) for column in range(5)]
    return aligned(rows, widths)


def card(item: ItemView, now: datetime, images: LocalImageStore) -> str:
    """One item, whole."""
    lines = [f"item        {item.id} (submission {item.submission})"]
    lines.append(f"photo       {images.path(item.image_sha256) if item.image_sha256 else 'was deleted'}")
    lines.append(f"why         {reasons(item)}")
    if item.hidden:
        lines.append("model       its answer is hidden: several judge this photo, each for themselves")
        lines.append(f"several     {_needs(item)}")
    elif item.probabilities is None:
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
    if item.group_size or item.represented_by is not None:
        lines.append(f"group       {_group(item)}")
    if item.claimed_labels and not item.hidden:
        lines.append(f"asker says  {', '.join(item.claimed_labels)}")
    if item.needs_adjudicator and item.status is ItemStatus.OPEN:
        lines.append("disagreed   a moderator who said nothing of it yet decides")
    if item.deferred_until is not None and item.deferred_until > now and item.status is ItemStatus.OPEN:
        lines.append(f"put off     until {item.deferred_until:%Y-%m-%d %H:%M} UTC")
    if item.final_label:
        lines.append(f"verdict     {_final(item)}, said {item.settled_by}")
    elif item.held_until is not None and item.held_until > now:
        lines.append(f"held by     {item.held_by} until {item.held_until:%H:%M:%S} UTC")
    return "\n".join(lines)


def guess(item: ItemView) -> str:
    """The model's best guess with its confidence."""
    if item.hidden:
        return "hidden"
    return "-" if item.suggested_label is None else f"{item.suggested_label} {percent(item.confidence or 0)}"


def reasons(item: ItemView) -> str:
    """Why it waits, in words."""
    if item.hidden:
        return "hidden"
    return ", ".join(reason.replace("_", " ") for reason in item.reasons)


def _state(item: ItemView, now: datetime) -> str:
    if item.final_label:
        return f"{_final(item)}, said {item.settled_by}"
    if item.status is not ItemStatus.OPEN:
        return item.status.value
    if item.held_until is not None and item.held_until > now:
        return f"with {item.held_by}"
    if item.deferred_until is not None and item.deferred_until > now:
        return f"put off until {item.deferred_until:%Y-%m-%d %H:%M}"
    if item.represented_by is not None:
        return f"seen as item {item.represented_by}"
    if item.hidden:
        return _needs(item)
    return "disagreed" if item.needs_adjudicator else item.status.value


def _needs(item: ItemView) -> str:
    return f"needs {item.verdicts_needed} verdicts ({item.verdicts_so_far} so far)"


def _final(item: ItemView) -> str:
    return f"{item.final_label} ({item.free_name})" if item.free_name else str(item.final_label)


def _group(item: ItemView) -> str:
    if item.represented_by is not None:
        return f"near-duplicate of item {item.represented_by}, which is seen in its place"
    settled = f"{counted(item.group_size, 'near-duplicate')} {'is' if item.group_size == 1 else 'are'} settled with it"
    return f"{settled}; `bearbot review split {item.id}` parts them"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
