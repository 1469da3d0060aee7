"""Label Studio's JSON, both ways: tasks with the model's predictions out, what annotators chose in.

https://labelstud.io/guide/tasks and https://labelstud.io/guide/export describe it. A photo is known by its sha256 in
the task's data, wherever it stands there: in a key of its own, or in the address of the image.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

import ijson

from review.foreign_verdicts import Broken, Foreign, moment
from review.items import ItemView
from review.tables import VerdictKind

CHOICES, IMAGE, NAME = "label", "image", "name"  # what the parts of the labelling interface are called

_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def interface(labels: tuple[str, ...]) -> str:
    """The labelling interface that goes with the tasks, for the project's settings."""
    choices = "".join(f'<Choice value="{_xml(label)}"/>' for label in (*labels, "none", "cant_tell"))
    return (
        f'<View><Image name="{IMAGE}" value="$image"/>'
        f'<Choices name="{CHOICES}" toName="{IMAGE}" choice="single" required="true">{choices}</Choices>'
        f'<TextArea name="{NAME}" toName="{IMAGE}" placeholder="none of these: what is it?" maxSubmissions="1"/></View>'
    )


def task(item: ItemView, address: str) -> dict[str, Any]:
    """One task; `address` is where Label Studio finds the photo. What is judged blind has no prediction."""
    predictions = []
    if item.suggested_label is not None and not item.blind:
        predictions.append(
            {
                "model_version": item.model_version,
                "score": item.confidence,
                "result": [
                    {
                        "from_name": CHOICES,
                        "to_name": IMAGE,
                        "type": "choices",
                        "value": {"choices": [item.suggested_label]},
                    }
                ],
            }
        )
    return {"data": {"image": address, "sha256": item.image_sha256, "item": item.id}, "predictions": predictions}


def read(file: IO[bytes]) -> Iterator[Foreign | Broken]:
    """What annotators said, in the order of the file, a task in memory at a time."""
    number = 0
    try:
        for number, found in enumerate(ijson.items(file, "item", use_float=True), start=1):
            if isinstance(found, dict) and isinstance(found.get("data", {}), dict):
                yield from _of_task(found, f"task {found.get('id', number)}")
            else:
                yield Broken(f"task {number}", f"expected a task with data and annotations, got {str(found)[:60]!r}")
    except (ijson.JSONError, UnicodeDecodeError) as error:
        yield Broken(f"after task {number}", f"the rest cannot be read: {' '.join(str(error).split())[:120]}")


def _of_task(found: Mapping[str, Any], place: str) -> Iterator[Foreign | Broken]:
    annotations = found.get("annotations", found.get("completions"))
    data = found.get("data", found)  # the short export ("JSON-MIN") has no `data`
    photos = tuple(dict.fromkeys(sha for value in data.values() if isinstance(value, str) for sha in _hashes(value)))
    item = data.get("item")
    item = item if isinstance(item, int) and not isinstance(item, bool) else None
    if annotations is None and isinstance(chosen := found.get("label", found.get("choice")), str):
        short = {
            "id": found.get("annotation_id"),
            "completed_by": found.get("annotator"),
            "created_at": found.get("created_at"),
            "lead_time": found.get("lead_time"),
            "result": [{"value": {"choices": [chosen]}}],
        }
        annotations = [short]
    if not isinstance(annotations, list):
        if annotations is not None:
            yield Broken(place, f"expected a list of annotations, got {str(annotations)[:60]!r}")
        return
    for annotation in annotations:
        if not isinstance(annotation, dict):
            yield Broken(place, f"expected an annotation, got {str(annotation)[:60]!r}")
            continue
        yield _of_annotation(annotation, place, found.get("id"), photos, item)


def _of_annotation(
    annotation: Mapping[str, Any], place: str, task_id: object, photos: tuple[str, ...], item: int | None
) -> Foreign | Broken:
    place = f"{place}, annotation {annotation.get('id')}"
    result = annotation.get("result")
    values = [one.get("value") or {} for one in result if isinstance(one, dict)] if isinstance(result, list) else []
    chosen = [choice for value in values if isinstance(value, dict) for choice in value.get("choices") or ()]
    texts = [text for value in values if isinstance(value, dict) for text in _texts(value)]
    skipped = annotation.get("was_cancelled") is True or annotation.get("skipped") is True
    if not skipped and (len(chosen) != 1 or not isinstance(chosen[0], str)):
        return Broken(place, f"expected one choice, got {len(chosen)}")
    # Numbers of tasks and annotations are those of one installation: the photo tells them from another's.
    which = photos[0][:16] if photos else f"item {item}"
    try:
        at = moment(annotation.get("created_at"))
        said = annotation.get("lead_time")
        return Foreign(
            place=place,
            key=f"label-studio:{task_id}:{annotation.get('id')}:{which}",
            photos=photos,
            item=item,
            kind=VerdictKind.SKIP if skipped else None,
            label=None if skipped else chosen[0],
            free_name=texts[0] if texts else None,
            reviewer=_who(annotation.get("completed_by")),
            at=at,
            seconds=float(said) if isinstance(said, int | float) and 0 <= said < 86_400 else None,
        )
    except ValueError as error:
        return Broken(place, str(error))


def _who(completed_by: object) -> str | None:
    """By number. Of somebody known by their mail address alone, a name that it cannot be read from."""
    if isinstance(completed_by, dict):
        completed_by = completed_by.get("id", completed_by.get("email"))
    if isinstance(completed_by, int):
        return f"label-studio {completed_by}"
    if isinstance(completed_by, str) and completed_by.strip():
        return f"label-studio {hashlib.sha256(completed_by.strip().casefold().encode()).hexdigest()[:8]}"
    return None


def _texts(value: Mapping[str, Any]) -> list[str]:
    text = value.get("text")
    found = text if isinstance(text, list) else [text]
    return [one for one in found if isinstance(one, str) and one.strip()]


def _hashes(value: str) -> list[str]:
    return _SHA256.findall(value.casefold())


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
