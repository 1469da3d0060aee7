"""Imports: each verdict once, whichever file it comes in, in its order, and what cannot be taken is named."""

import io
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from bot.cli import bearbot
from model.serving import Prediction
from review import items, judging
from review.database import Database
from review.errors import ReviewError
from review.foreign_verdicts import Broken, read_csv, read_json_lines
from review.label_studio import read as read_label_studio
from review.listing import OPEN
from review.people import reviewer_named
from review.storage import LocalImageStore
from review.tables import ReviewItem, Verdict, VerdictKind
from review.verdict_export import Format, export, export_tasks
from review.verdict_import import Importer, Outcome

pytestmark = pytest.mark.anyio
Predict = Callable[..., Prediction]
LABELS = ("black", "grizzly", "teddy")


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(bearbot, ["review", *arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
async def photos(house: Any, predict: Predict) -> dict[int, str]:
    """Item -> sha256, of four photos."""
    found = [(await house.receive(number, predict("black", 0.7))).item_id for number in (1, 2, 3, 4)]
    with house.database.read() as session:
        return {item: items.view(session, item).image_sha256 or "" for item in found}


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Verdict)) or 0


async def test_rows_of_other_tools_are_taken_once(
    photos: dict[int, str], tmp_path: Path, database: Database, at: Any
) -> None:
    (first, second, *_), shas = photos, list(photos.values())
    file = write(
        tmp_path / "rows.jsonl",
        {"photo": shas[0].upper(), "label": "Grizzly", "reviewer": "ada", "at": "2020-02-02T02:02:02Z", "seconds": 3},
        {"item": second, "label": "none", "free_name": "polar bear 🐻‍❄️", "reviewer": "ada"},
    )
    assert "2 verdicts would be recorded" in run("import", file, "--dry-run").stderr
    assert count(database) == 0
    assert "2 verdicts recorded" in run("import", file).stderr
    assert "0 verdicts recorded, 2 known already" in run("import", file).stderr
    assert (at.view(first).final_label, at.view(first).settled_by) == ("grizzly", "ada")
    assert (at.view(second).final_label, at.view(second).free_name) == ("none", "polar bear 🐻❄️")
    with database.read() as session:
        (verdict, _) = session.scalars(select(Verdict).order_by(Verdict.id)).all()
    assert (verdict.created_at, verdict.seconds) == (datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC), 3)
    assert verdict.channel is not None
    assert verdict.channel.value == "import"
    assert [kind for kind, _ in at.told()] == ["human_answer"] * 2


async def test_what_cannot_be_taken_is_named_and_stops_nothing(
    photos: dict[int, str], tmp_path: Path, database: Database
) -> None:
    (first, *_), shas = photos, list(photos.values())
    good = json.dumps({"photo": shas[3], "label": "teddy", "reviewer": "ada"})
    lines = [
        '{"photo": "' + "0" * 64 + '", "label": "teddy", "reviewer": "ada"}',
        json.dumps({"item": first, "label": "grizly", "reviewer": "ada"}),
        json.dumps({"item": first, "label": "black"}),
        json.dumps({"item": 10**30, "label": "black", "reviewer": "ada"}),
        json.dumps({"item": first, "reviewer": "ada"}),
        json.dumps({"label": "black", "reviewer": "ada"}),
        json.dumps({"item": first, "label": "black", "reviewer": " "}),
        json.dumps({"item": first, "label": "black", "reviewer": "ada", "at": "soon"}),
        json.dumps({"item": first, "label": "black", "reviewer": "ada", "seconds": "NaN"}),
        json.dumps({"item": first, "kind": "odd", "reviewer": "ada"}),
        "{",
        "[]",
        "[" * 100_000,
        '"' + "x" * 3_000_000 + '"',
    ]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(("\ufeff" + "\r\n".join([*lines, "", good])).encode() + b"\n\xff\xfe\n")
    result = run("import", str(file), "--format", "jsonl", code=1)
    told = result.stderr.splitlines()
    assert len([line for line in told if line.startswith("! line")]) == len(lines) + 1
    for number, sentence in {
        1: "no item has the photo",
        2: "did you mean 'grizzly'?",
        3: "use --as NAME",
        5: "expected a label or a kind",
        6: "expected a photo",
        14: "more than",
        17: "no verdict",
    }.items():
        (line,) = [line for line in told if line.startswith(f"! line {number}:")]
        assert sentence in line
    assert "1 verdict recorded" in result.stderr
    assert told[-1] == f"error: {len(lines) + 1} could not be taken in"
    assert count(database) == 1


async def test_a_settled_item_is_not_changed(photos: dict[int, str], tmp_path: Path, database: Database) -> None:
    first = min(photos)
    run("label", str(first), "black", "--as", "mo")
    same = write(tmp_path / "same", {"item": first, "label": "black", "reviewer": "ada"})
    assert "1 says what is settled already" in run("import", same).stderr
    other = write(tmp_path / "other", {"item": first, "label": "teddy", "reviewer": "ada"})
    assert "line 1: item 1 is settled: mo said 'black'" in run("import", other, code=1).stderr
    assert count(database) == 1


async def test_csv_with_whatever_a_spreadsheet_makes_of_it(
    photos: dict[int, str], tmp_path: Path, database: Database
) -> None:
    first, second, third, _ = photos
    file = tmp_path / "rows.csv"
    file.write_bytes(
        "\ufeffItem,Label,free_name,reviewer,mine\r\n"
        f"{first},none,'=2+2,ada,\r\n\r\n"
        f'{second},none,"two\r\nlines",ada,x\r\n'
        f"{third},black\r\n"
        f'{third},black,"{"x" * 200_000}",ada,\r\n'.encode()
    )
    result = run("import", str(file), code=1)
    assert "2 verdicts recorded" in result.stderr
    assert "line 6: expected 5 cells, got 2" in result.stderr
    with database.read() as session:
        assert session.scalars(select(Verdict.free_name).order_by(Verdict.id)).all() == ["=2+2", "two lines"]
    (tmp_path / "other.csv").write_text("name,age\nx,1\n")
    assert "expected a first line with the columns" in run("import", str(tmp_path / "other.csv"), code=1).stderr
    (tmp_path / "empty").write_text("")
    for content in ("", "\ufeff", "[]", "item,label\n", "\n\n"):
        (tmp_path / "empty").write_text(content)
        told = run("import", str(tmp_path / "empty")).stderr
        assert told == f"there is nothing in {tmp_path / 'empty'}: no verdict in it\n"
    run("import", str(tmp_path / "missing"), code=2)


def label_studio_task(data: dict[str, Any], *annotations: dict[str, Any], number: int = 1) -> dict[str, Any]:
    return {"id": number, "data": data, "annotations": list(annotations), "predictions": []}


def annotation(number: int, *choices: str, by: Any = 7, **more: Any) -> dict[str, Any]:
    result = [{"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": list(choices)}}]
    return {
        "id": number,
        "completed_by": by,
        "created_at": "2024-05-06T07:08:09.123456Z",
        "lead_time": 4.5,
        "result": result if choices else [],
        **more,
    }


async def test_label_studio(photos: dict[int, str], tmp_path: Path, database: Database, at: Any) -> None:
    (first, second, third, fourth), shas = photos, list(photos.values())
    tasks = [
        label_studio_task({"image": f"/data/local-files/?d=aa/bb/{shas[0]}.jpg"}, annotation(1, "grizzly")),
        label_studio_task(
            {"image": "x.jpg", "sha256": shas[1]}, annotation(2, "none", by={"id": 8, "email": "jane@bears.example"})
        ),
        label_studio_task(
            {"image": "x.jpg", "item": third}, annotation(3, "teddy", by={"email": "jane@bears.example"})
        ),
        label_studio_task({"image": f"s3://b/{shas[3]}.jpg"}, annotation(4, was_cancelled=True)),
        label_studio_task({"image": f"s3://b/{shas[3]}.jpg"}, annotation(5), annotation(6, "black", "teddy")),
        label_studio_task({"image": "unknown.jpg"}, annotation(7, "black")),
        {"id": 9, "data": {"image": shas[3]}, "completions": [annotation(8, "black")]},
        "nonsense",
    ]
    tasks[1]["annotations"][0]["result"].append(  # type: ignore[index] # it is a task
        {"from_name": "name", "type": "textarea", "value": {"text": ["polar bear"]}}
    )
    file = tmp_path / "project.json"
    file.write_text("\ufeff" + json.dumps(tasks, indent=1))
    result = run("import", str(file), code=1)
    assert "5 verdicts recorded" in result.stderr
    assert len([line for line in result.stderr.splitlines() if line.startswith("! ")]) == 4
    assert [at.view(item).final_label for item in photos] == ["grizzly", "none", "teddy", "black"]
    assert at.view(second).free_name == "polar bear"
    assert (at.view(first).settled_by, at.view(second).settled_by) == ("label-studio 7", "label-studio 8")
    assert at.view(fourth).settled_by == "label-studio 7"
    assert "jane" not in (at.view(third).settled_by or "")
    assert "5 known already" in run("import", str(file), code=1).stderr
    file.write_text(json.dumps(tasks)[:-200])
    assert "the rest cannot be read" in run("import", str(file), code=1).stderr


async def test_the_short_export_of_label_studio(photos: dict[int, str], tmp_path: Path, at: Any) -> None:
    first, sha = next(iter(photos.items()))
    row = {"image": f"/x/{sha}.jpg", "id": 3, "choice": "teddy", "annotator": 5, "annotation_id": 6, "lead_time": 1.5}
    (tmp_path / "min.json").write_text(json.dumps([row]))
    run("import", str(tmp_path / "min.json"))
    assert (at.view(first).final_label, at.view(first).settled_by) == ("teddy", "label-studio 5")


async def test_there_and_back_through_label_studio(
    photos: dict[int, str], tmp_path: Path, at: Any, database: Database
) -> None:
    with database.write() as session:
        session.get_one(ReviewItem, min(photos)).verdicts_needed = 2
    told = run("export", str(tmp_path / "tasks.json"), "--format", "label-studio").stderr
    assert "4 tasks exported" in told
    assert '<Choice value="grizzly"/>' in told
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    assert {task["data"]["item"]: bool(task["predictions"]) for task in tasks} == {
        item: item != min(photos) for item in photos
    }
    for number, task in enumerate(tasks, start=1):
        task |= {"id": number, "annotations": [annotation(number, "teddy"), annotation(100 + number, "teddy", by=8)]}
    (tmp_path / "done.json").write_text(json.dumps(tasks))
    result = run("import", str(tmp_path / "done.json")).stderr
    assert "5 verdicts recorded" in result  # two of the blind one, one of each other
    assert "3 say what is settled already" in result
    assert {at.view(item).final_label for item in photos} == {"teddy"}


async def test_an_import_that_is_cut_off_goes_on(photos: dict[int, str], database: Database, now: datetime) -> None:
    lines = b"".join(
        json.dumps({"photo": sha, "label": "teddy", "reviewer": "ada"}).encode() + b"\n" for sha in photos.values()
    )
    importer = Importer(database, LABELS, clock=lambda: now)

    def cut() -> Any:
        for number, one in enumerate(read_json_lines(io.BytesIO(lines))):
            if number == 2:
                raise OSError("the disk was pulled out")
            yield one

    with pytest.raises(OSError, match="pulled"):
        importer.take_in(cut(), print)
    counts = importer.take_in(read_json_lines(io.BytesIO(lines)), print).counts
    assert counts[Outcome.RECORDED] + counts[Outcome.KNOWN] == 4
    assert count(database) == 4


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["label", "none", "cant_tell", "skip", "defer", "undo", "reopen"]),
        st.integers(1, 4),
        st.sampled_from(["mo", "ada"]),
        st.sampled_from(LABELS),
    ),
    max_size=25,
)


@pytest.mark.slow
@pytest.mark.sqlite
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, form=st.sampled_from(["jsonl", "csv"]))
async def test_all_that_was_said_comes_back_in_an_empty_copy(
    photos: dict[int, str], database: Database, home: Path, now: datetime, steps: list[Any], form: str
) -> None:
    folder = Path(tempfile.mkdtemp(dir=home))
    with database.write() as session:
        session.execute(text("UPDATE review_items SET verdicts_needed = 2 WHERE id = 4"))
    database.dispose()
    shutil.copy(home / "review.db", folder / "one.db")
    one = Database(f"sqlite:///{folder / 'one.db'}")
    export(one, folder / "nothing", now=now)  # both copies are the same installation
    one.dispose()
    with closing(sqlite3.connect(folder / "one.db")) as source, closing(sqlite3.connect(folder / "two.db")) as target:
        source.backup(target)
    two = Database(f"sqlite:///{folder / 'two.db'}")
    for kind, item, name, label in steps:
        try:
            with one.write() as session:
                _step(session, kind, item, reviewer_named(session, name, now), label, now)
        except ReviewError:
            continue  # such a step is none
    export(one, folder / "rows", format=Format(form), now=now)
    reader = read_json_lines if form == "jsonl" else read_csv
    for again in (False, True):
        refused: list[str] = []
        with (folder / "rows").open("rb") as file:
            counts = Importer(two, LABELS, clock=lambda: now).take_in(reader(file), refused.append).counts
        assert not refused
        assert not (again and counts[Outcome.RECORDED])
    assert _state(one) == _state(two)
    with (folder / "rows").open("rb") as file:
        counts = Importer(one, LABELS, clock=lambda: now).take_in(reader(file), refused.append).counts
    assert counts[Outcome.RECORDED] == 0, "what was exported here is known here"
    one.dispose()
    two.dispose()
    shutil.rmtree(folder)


@pytest.mark.sqlite
async def test_a_group_that_was_settled_at_once_is_in_a_copy_too(
    photos: dict[int, str], database: Database, home: Path, now: datetime
) -> None:
    first, second, *_ = photos
    with database.write() as session:
        session.get_one(ReviewItem, second).represented_by_id = first
    export(database, home / "nothing", now=now)
    with closing(sqlite3.connect(home / "review.db")) as source, closing(sqlite3.connect(home / "two.db")) as target:
        source.backup(target)
    with database.write() as session:
        mo = reviewer_named(session, "mo", now)
        for label in ("black", "teddy"):
            if label == "teddy":
                judging.undo(session, mo, now=now)
            judging.settle(session, first, mo, kind=VerdictKind.LABEL, label=label, now=now)
    export(database, home / "rows", now=now)
    two = Database(f"sqlite:///{home / 'two.db'}")
    for recorded in (3, 0):
        with (home / "rows").open("rb") as file:
            counts = Importer(two, LABELS, clock=lambda: now).take_in(read_json_lines(file), print).counts
        assert (counts[Outcome.RECORDED], counts[Outcome.REFUSED]) == (recorded, 0)
    assert _state(database) == _state(two)
    two.dispose()


def _step(session: Any, kind: str, item: int, reviewer: Any, label: str, now: datetime) -> None:
    if kind == "undo":
        judging.undo(session, reviewer, item_id=item, now=now)
    elif kind == "reopen":
        judging.reopen(session, item, reviewer, note="=why, indeed", now=now)
    else:
        verdict = VerdictKind(kind)
        name = "-polar, bear" if verdict is VerdictKind.NONE else None
        judging.settle(
            session,
            item,
            reviewer,
            kind=verdict,
            label=label if verdict is VerdictKind.LABEL else None,
            free_name=name,
            now=now,
        )


def _state(database: Database) -> Any:
    with database.read() as session:
        rows = session.execute(
            text(
                "SELECT item_id, reviewers.name, kind, label, free_name, note, undoes_id, verdicts.created_at "
                "FROM verdicts JOIN reviewers ON reviewers.id = reviewer_id ORDER BY verdicts.id"
            )
        ).all()
        finals = [
            (one.id, one.status, one.final_label, one.free_name) for one in items.list_items(session, everything=True)
        ]
    return [tuple(row) for row in rows], sorted(finals)


@given(st.binary(max_size=300))
def test_no_bytes_break_a_reader(content: bytes) -> None:
    for reader in (read_json_lines, read_csv, read_label_studio):
        for one in reader(io.BytesIO(content)):
            assert isinstance(one, Broken) or one.key


async def test_tasks_are_streamed_to_a_pipe(photos: dict[int, str], database: Database, home: Path) -> None:
    images, out = LocalImageStore(home / "images"), io.BytesIO()
    done = export_tasks(database, out, wanted=OPEN, address=lambda sha: str(images.path(sha)))
    assert done == len(json.loads(out.getvalue())) == len(photos)
