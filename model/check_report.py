"""An inspection in words for people, and as rows for machines."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from model.console import aligned, printable
from model.inspection import ERRORS, Finding, Inspection, Problem

_MOST_NAMED = 10  # files of one finding; --json names all
# Times as many photos as of the rarest label: chosen, not measured. Training does not weigh labels.
_IMBALANCE = 3
_HEADINGS = {
    Finding.BROKEN: "cannot be read",
    Finding.TWO_LABELS: "the same file under two labels (training leaves both out)",
    Finding.ALIKE_TWO_LABELS: "look the same as a photo of another label",
    Finding.TEST_PHOTO: "are test photos",
    Finding.DUPLICATE: "the same file twice under one label (training takes one)",
    Finding.NEAR_DUPLICATE: "look the same as another photo of the label",
    Finding.NOT_READ: "are not read by training",
    Finding.BLURRED: "blurred",
    Finding.DARK: "dark",
    Finding.BRIGHT: "bright",
    Finding.BLANK: "blank",
    Finding.TINY: "tiny",
    Finding.NARROW: "narrow",
}
_SIDES = ("least", "lower_quartile", "median", "upper_quartile", "most")


def rows(found: Inspection, licences: Mapping[str, int] | None) -> Iterator[dict[str, Any]]:
    """A row for each problem, then one with the `summary`; `licences` as in `report`."""
    for problem in found.problems:
        yield {
            "path": str(problem.path),
            "label": problem.label,
            "finding": problem.finding.value,
            "severity": "error" if problem.finding in ERRORS else "warning",
            "why": problem.why,
            "other": None if problem.other is None else str(problem.other),
        }
    yield {
        "summary": {
            "folder": str(found.folder),
            "photos": len(found.photos),
            "labels": dict(found.counts),
            "errors": len(found.errors),
            "warnings": len(found.warnings),
            "findings": dict(Counter(problem.finding.value for problem in found.problems)),
            "removed": found.removed,
            "relabelled": found.relabelled,
            "bytes": sum(photo.bytes for photo in found.photos),
            "formats": _formats(found),
            "shorter_side": dict(zip(_SIDES, _shorter_sides(found), strict=True)) if found.photos else None,
            "licences": None if licences is None else dict(licences),
        }
    }


def report(found: Inspection, licences: Mapping[str, int] | None) -> str:
    """Several lines; long lists are cut.

    `licences`: name -> photos, most frequent first, "" of those that were not gathered; None: none was.
    """
    size = sum(photo.bytes for photo in found.photos) / 1e6
    head = f"{printable(str(found.folder))}: {_counted(len(found.photos), 'photo')}, {size:,.1f} MB"
    parts = [head, _table(found), _facts(found, licences)]
    for what, problems in (("Wrong", found.errors), ("Worth a look", found.warnings)):
        if problems:
            files = len({problem.path for problem in problems})
            parts.append("\n".join([f"{what}: {_counted(files, 'file')}", *_listed(problems, found)]))
    parts.extend(_advice(found))
    if not found.errors:
        parts.append("Nothing is wrong." if found.warnings else "Nothing is wrong, and nothing is worth a second look.")
    return "\n\n".join(filter(None, parts))


def _table(found: Inspection) -> str:
    wrong = Counter(problem.label for problem in found.errors)
    doubtful = Counter(problem.label for problem in found.warnings)
    titles = ("photos", "wrong", "worth a look")
    lines = [["label", *titles]]
    for label, count in found.counts.items():
        cells = (f"{number:,}" for number in (count, wrong[label], doubtful[label]))
        lines.append([printable(label), *(cell.rjust(len(title)) for cell, title in zip(cells, titles, strict=True))])
    return aligned(lines)


def _facts(found: Inspection, licences: Mapping[str, int] | None) -> str:
    facts: list[tuple[str, str]] = []
    if found.photos:
        least, lower, _, upper, most = _shorter_sides(found)
        facts.append(("shorter side", f"{least:,} to {most:,} pixels, half of them {lower:,} to {upper:,}"))
        facts.append(("formats", ", ".join(f"{count:,} {name}" for name, count in _formats(found).items())))
    if licences is not None:
        facts.append(("licences", ", ".join(f"{count:,} {name or 'not gathered'}" for name, count in licences.items())))
    if found.removed or found.relabelled:
        facts.append(("decided", f"{found.removed:,} removed, {found.relabelled:,} relabelled by `bearbot data clean`"))
    return aligned(facts) if facts else ""


def _listed(problems: Sequence[Problem], found: Inspection) -> Iterator[str]:
    for finding, heading in _HEADINGS.items():
        some = [problem for problem in problems if problem.finding is finding]
        if some:
            yield f"  {heading} ({len(some):,})"
        for problem in some[:_MOST_NAMED]:
            yield f"    {printable(problem.path.relative_to(found.folder).as_posix())}: {printable(problem.why)}"
        if len(some) > _MOST_NAMED:
            yield f"    and {len(some) - _MOST_NAMED:,} more, which --json names"


def _advice(found: Inspection) -> Iterator[str]:
    empty = [label for label, count in found.counts.items() if not count]
    if empty:
        yield f"No photo of {', '.join(map(printable, empty))}."
    counts = {label: count for label, count in found.counts.items() if count}
    if not counts:
        return
    rarest, commonest = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if counts[commonest] >= _IMBALANCE * counts[rarest]:
        yield (
            f"There are {counts[commonest] / counts[rarest]:.1f} times as many photos of {printable(commonest)} as of "
            f"{printable(rarest)}, and a model will lean to what it sees more of: gather more of {printable(rarest)}."
        )


def _formats(found: Inspection) -> dict[str, int]:
    return dict(Counter(photo.format for photo in found.photos).most_common())


def _shorter_sides(found: Inspection) -> list[int]:
    """Least, quartiles and most, in pixels."""
    sides = [min(photo.width, photo.height) for photo in found.photos]
    return [round(side) for side in np.quantile(sides, (0, 0.25, 0.5, 0.75, 1)).tolist()]


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
