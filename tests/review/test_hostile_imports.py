"""What files of others hold that is no verdict: it is named in our words, it ends, and the rest is taken."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.serving import Prediction
from review.foreign_verdicts import Broken, Foreign, read_csv, read_json_lines
from review.label_studio import read as read_label_studio
from review.verdict_import import Importer, Outcome

pytestmark = pytest.mark.anyio
Predict = Callable[..., Prediction]
GOOD = b'{"item": 1, "label": "black", "reviewer": "ada"}\n'


def line(**more: Any) -> bytes:
    return json.dumps({"item": 1, "label": "black", "reviewer": "ada", **more}).encode() + b"\n"


def tasks(*found: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(found).encode())


def broken(found: Any) -> list[str]:
    return [one.sentence for one in found if isinstance(one, Broken)]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (line(seconds=[1]), "seconds: expected a number from 0 to 10000000, got [1]"),
        (line(seconds={}), "seconds: expected a number from 0 to 10000000, got {}"),
        (line(seconds=True), "seconds: expected a number from 0 to 10000000, got true"),
        (line(seconds="soon"), "seconds: expected a number from 0 to 10000000, got 'soon'"),
        (line(seconds=10**400), "seconds: expected a number from 0 to 10000000, got 1000000"),
        (line(import_key="\ud800"), "import_key: expected a text, got '\\ud800'"),
        (line(photo="\ud800"), "photo: expected a text, got '\\ud800'"),
        (line(installation="\ud800", id=1), "installation: expected a text"),
        (line(label="\ud800"), "label: expected a text"),
        (line(note="a\0b"), "note: expected a text"),
        (line(import_key="k" * 201), "import_key: expected at most 200 characters, got 201"),
        (line(item="\u0661"), "item: expected a number from 1, got"),
        (line(item=1.5), "item: expected a number from 1, got 1.5"),
        (line(at="yesterday"), "at: expected a time like 2026-11-24T12:00:00Z, got 'yesterday'"),
        (line(at=[]), "at: expected a time like"),
        (line(at="0001-01-01T00:00+14:00"), "at: expected a time like"),
        (line(kind="odd"), "kind: expected one of label, none, cant_tell"),
        (line(answer_shown="perhaps"), "answer_shown: expected true or false, got 'perhaps'"),
        (line(photo="IMG_001.JPG"), "list --json` has it, got 'IMG_001.JPG'"),
        (b"item 1 is black\n", "expected a JSON object such as"),
        (b"\xff\n", "expected text in UTF-8"),
        (b"[" * 100_000 + b"\n", "expected a"),
        (b'{"x": ' * 100_000 + b"\n", "expected a"),
        (b'{"item": ' + b"1" * 5000 + b"}\n", "expected a JSON object"),
    ],
)
async def test_a_row_that_is_no_verdict_is_named_in_our_words_and_stops_nothing(
    house: Any, predict: Predict, at: Any, row: bytes, sentence: str
) -> None:
    await house.receive(1, predict("grizzly", 0.4))
    said: list[str] = []
    importer = Importer(at.database, labels=("black", "grizzly"), clock=lambda: at.now)
    counts = importer.take_in(read_json_lines(io.BytesIO(row + GOOD)), said.append).counts
    assert (counts[Outcome.RECORDED], counts[Outcome.REFUSED]) == (1, 1)
    assert sentence in said[0]
    assert said[0].isprintable()
    assert "Error" not in said[0]
    assert at.view(1).final_label == "black"


def test_a_photo_may_be_a_path_and_spreadsheets_write_true_in_capitals() -> None:
    rows = f"photo,label,answer_shown,seconds\n/store/aa/{'A' * 64}.jpg,black,TRUE,1.5\n".encode()
    (one,) = read_csv(io.BytesIO(rows))
    assert isinstance(one, Foreign)
    assert (one.photos, one.answer_shown, one.seconds) == (("a" * 64,), True, 1.5)


def test_a_line_of_csv_without_end_is_not_held_and_the_next_one_is_read() -> None:
    long, good = read_csv(io.BytesIO(b"item,label\n1," + b"a," * 2_000_000 + b"\n2,black\n"))
    assert isinstance(long, Broken)
    assert "is a quote not closed?" in long.sentence
    assert isinstance(good, Foreign)
    assert good.item == 2


def test_a_record_of_csv_of_lines_without_end_is_not_held() -> None:
    found = read_csv(io.BytesIO(b"item,label\n1," + b'"x\n",' * 300_000))
    first, second = next(found), next(found)
    assert isinstance(first, Broken)
    assert (first.place, "is a quote not closed?" in first.sentence) == ("line 2", True)
    assert second.place != "line 3", "a megabyte is passed by"


def test_lines_of_csv_may_end_as_they_did_on_old_machines() -> None:
    for end in ("\n", "\r\n", "\r"):
        found = list(read_csv(io.BytesIO(end.join(["item,label", "1,black", "", "x,black", "3,teddy"]).encode())))
        assert [one.place for one in found] == ["line 2", "line 4", "line 5"]


@pytest.mark.parametrize("inside", ['[{"data": %s}, %s]', "[%s, %s]", "[{%s: 1}, %s]"])
def test_thousands_of_brackets_end_soon_and_the_next_task_is_read(inside: str) -> None:
    good = {"id": 1, "data": {"item": 3}, "annotations": [{"id": 1, "result": [{"value": {"choices": ["black"]}}]}]}
    content = inside % ("[" * 100_000 + "]" * 100_000, json.dumps(good))
    begin = time.perf_counter()
    found = list(read_label_studio(io.BytesIO(content.encode())))
    assert time.perf_counter() - begin < 20  # seconds; it was hours
    assert isinstance(found[0], Broken)
    if "{%s" not in inside:  # which is no JSON: what follows cannot be told
        assert found[0].sentence == "expected a task, got too many brackets"
        assert [one.item for one in found[1:] if isinstance(one, Foreign)] == [3]


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ({"data": {"item": 1}, "annotations": [{"result": [{"value": {"choices": 5}}]}]}, "expected a choice, got 5"),
        ({"data": {"item": 1}, "annotations": [{"result": [None, {"value": 3}]}]}, "expected one choice, got 0"),
        ({"data": {"item": 1}, "annotations": 3}, "expected a list of annotations, got 3"),
        ({"data": {"x": "y.jpg"}, "annotations": [{"result": [{"value": {"choices": ["black"]}}]}]}, "sha256"),
        ({"id": 1, "item": 1, "bear": "black", "annotation_id": 5}, "name the choices so"),
        ({"id": 1, "item": 1, "label": {"choices": ["black", "teddy"]}}, "expected one choice, got 2"),
        ([[]], "expected a task with data and annotations"),
    ],
)
def test_a_task_that_says_nothing_is_named(task: Any, sentence: str) -> None:
    (found,) = broken(read_label_studio(tasks(task)))
    assert sentence in found


def test_the_short_export_may_say_one_choice_as_an_object() -> None:
    (one,) = read_label_studio(tasks({"id": 1, "item": 1, "label": {"choices": ["black"]}, "annotation_id": 6}))
    assert isinstance(one, Foreign)
    assert one.label == "black"


def test_what_steers_a_terminal_is_not_repeated() -> None:
    (found,) = read_label_studio(
        tasks({"id": "\x1b[2J", "data": {"item": 1}, "annotations": [{"id": "\x9b", "result": []}]})
    )
    assert isinstance(found, Broken)
    assert (found.place + found.sentence).isprintable()


def test_a_file_that_is_no_list_of_tasks_is_named() -> None:
    for content in (b'{"a": 1}', b"3", b'"x"', b"nonsense", b"[{"):
        assert broken(read_label_studio(io.BytesIO(content))), content
    assert not list(read_label_studio(io.BytesIO(b"[]")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {"item": st.just(1)},
    optional=dict.fromkeys(
        ("photo", "label", "kind", "reviewer", "at", "seconds", "id", "installation", "import_key", "undoes", "note"),
        JSON,
    ),
)
TASKS = st.fixed_dictionaries(
    {"data": JSON | st.just({"item": 1})},
    optional={
        "id": JSON,
        "annotations": JSON
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "id": JSON,
                    "completed_by": JSON,
                    "created_at": JSON,
                    "lead_time": JSON,
                    "result": JSON | st.lists(st.fixed_dictionaries({"value": JSON | st.just({"choices": ["black"]})})),
                },
            ),
            max_size=2,
        ),
    },
)


@given(row=ROWS, task=TASKS)
def test_values_of_any_kind_break_no_reader(row: Any, task: Any) -> None:
    found = [*read_json_lines(io.BytesIO(json.dumps(row).encode())), *read_label_studio(tasks(task))]
    assert isinstance(found[0], Broken | Foreign)
    for one in found:
        assert one.place.isprintable()
        if isinstance(one, Foreign):
            for said in (one.key, one.label, one.reviewer, one.free_name, one.note, one.origin, *one.photos):
                assert said is None or said.encode()
