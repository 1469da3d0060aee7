"""Label Studio's JSON, both ways: tasks with the model's predictions out, what annotators chose in.

https://labelstud.io/guide/tasks and https://labelstud.io/guide/export describe it. A photo is known by its sha256 in
the task's data, wherever it stands there: in a key of its own, or in the address of the image.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import IO, Any

import ijson

from review.foreign_verdicts import Broken, Foreign, fingerprint, got, is_storable, moment, photos_in
from review.items import ItemView
from review.tables import VerdictKind

CHOICES, IMAGE, NAME = "label", "image", "name"  # what the parts of the labelling interface are called

_DEEPEST = 50  # brackets within each other; a region drawn by hand has a dozen


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
        for number, found in enumerate(_tasks(file), start=1):
            if isinstance(found, Broken):
                yield found
            elif isinstance(found, dict) and isinstance(found.get("data", {}), dict):
                yield from _of_task(found, f"task {got(found.get('id', number))}")
            else:
                yield Broken(f"task {number}", f"expected a task with data and annotations, got {got(found)}")
    except (ijson.JSONError, ValueError):  # a number of thousands of digits, say; their own words are about bytes
        yield Broken(f"after task {number}", "the rest cannot be read: it is no JSON, or was cut off")


def _tasks(file: IO[bytes]) -> Iterator[Any]:
    """The values of the list; `Broken` for one that goes too deep, and for a file that is no list."""
    depth, number, too_deep, builder = 0, 1, False, ijson.ObjectBuilder()
    # Not `ijson.items`: it names the way to every value, and of thousands of brackets that is never done.
    for event, value in ijson.basic_parse(file, use_float=True):
        depth -= event in ("end_array", "end_map")
        if depth == 0:
            if event == "start_array":
                depth = 1
                continue
            if event != "end_array":
                yield Broken("the file", "expected a list of tasks: it is to be exported from Label Studio as JSON")
                return
            continue
        if depth > _DEEPEST:
            too_deep = True
        else:
            builder.event(event, value)
        depth += event in ("start_array", "start_map")
        if depth == 1:
            yield Broken(f"task {number}", "expected a task, got too many brackets") if too_deep else builder.value
            number, too_deep, builder = number + 1, False, ijson.ObjectBuilder()


def _of_task(found: Mapping[str, Any], place: str) -> Iterator[Foreign | Broken]:
    annotations = found.get("annotations", found.get("completions"))
    data = found.get("data", found)  # the short export ("JSON-MIN") has no `data`
    photos = tuple(dict.fromkeys(sha for value in data.values() if isinstance(value, str) for sha in photos_in(value)))
    item = data.get("item")
    item = item if isinstance(item, int) and not isinstance(item, bool) and 0 < item < 2**63 else None
    if annotations is None and "data" not in found:
        chosen = found.get("label", found.get("choice"))
        if chosen is None:
            yield Broken(
                place, f"expected what was chosen as {CHOICES!r} or 'choice': name the choices so, or export JSON"
            )
            return
        annotations = [
            {
                "id": found.get("annotation_id"),
                "completed_by": found.get("annotator"),
                "created_at": found.get("created_at"),
                "lead_time": found.get("lead_time"),
                "result": [{"value": chosen if isinstance(chosen, dict) else {"choices": [chosen]}}],
            }
        ]
    if not isinstance(annotations, list):
        if annotations is not None:
            yield Broken(place, f"expected a list of annotations, got {got(annotations)}")
        return
    for annotation in annotations:
        if not isinstance(annotation, dict):
            yield Broken(place, f"expected an annotation, got {got(annotation)}")
            continue
        yield _of_annotation(annotation, place, found.get("id"), photos, item)


def _of_annotation(
    annotation: Mapping[str, Any], place: str, task_id: object, photos: tuple[str, ...], item: int | None
) -> Foreign | Broken:
    number = annotation.get("id")
    place = f"{place}, annotation {got(number)}"
    result = annotation.get("result")
    values = [one.get("value") for one in result if isinstance(one, dict)] if isinstance(result, list) else []
    chosen = [choice for value in values if isinstance(value, dict) for choice in _list(value.get("choices"))]
    texts = [text for value in values if isinstance(value, dict) for text in _texts(value)]
    skipped = annotation.get("was_cancelled") is True or annotation.get("skipped") is True
    if not skipped:
        if len(chosen) != 1:
            return Broken(place, f"expected one choice, got {len(chosen)}")
        if not isinstance(chosen[0], str) or not is_storable(chosen[0]):
            return Broken(place, f"expected a choice, got {got(chosen[0])}")
    if not photos and item is None:
        return Broken(place, "expected a task whose data has the photo's sha256 (in any address or path), or the item")
    name = texts[0] if texts else None
    # Numbers of tasks and annotations are those of one installation: the photo tells them from another's. An annotation
    # that was changed keeps its number: it is what it says, too, that makes it known.
    said = None if skipped else [chosen[0], name]
    try:
        key = fingerprint([task_id, number, photos[0] if photos else item, said])
        lasted = annotation.get("lead_time")
        return Foreign(
            place=place,
            key=f"label-studio:{key}",
            of_anybody=number is None,
            photos=photos,
            item=item,
            kind=VerdictKind.SKIP if skipped else None,
            label=None if skipped else chosen[0],
            free_name=name,
            reviewer=_who(annotation.get("completed_by")),
            at=moment(annotation.get("created_at")),
            seconds=float(lasted) if isinstance(lasted, int | float) and 0 <= lasted < 86_400 else None,
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
    found = [one for one in _list(value.get("text")) if isinstance(one, str)]
    return [one for one in found if one.strip() and is_storable(one)]


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
