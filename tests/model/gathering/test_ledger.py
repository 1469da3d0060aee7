"""The ledger keeps what was written, whatever strangers wrote into it and wherever a crash cut it off."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import DatasetError
from model.gathering.drops import DropReason
from model.gathering.ledger import LEDGER, Ledger, Outcome, Row
from model.gathering.licences import Licence
from model.gathering.source import Hit
from tests.model.gathering.fakes import hit

NOW = "2026-12-01T10:00:00+00:00"
TEXT = st.text(st.characters(exclude_categories=()), max_size=30)  # half characters too, which JSON can hold
HITS = st.builds(
    Hit,
    source=TEXT,
    key=TEXT,
    url=TEXT,
    page=TEXT,
    licence=st.sampled_from(Licence),
    licence_url=st.none() | TEXT,
    author=st.none() | TEXT,
    title=st.none() | TEXT,
    width=st.none() | st.integers(0, 100_000),
    height=st.none() | st.integers(0, 100_000),
)
DROPPED = st.builds(Row, hit=HITS, query=TEXT, label=TEXT, at=TEXT, reason=st.sampled_from(DropReason), message=TEXT)
KEPT = st.builds(
    Row,
    hit=HITS,
    query=TEXT,
    label=st.just("grizzly"),
    at=TEXT,
    file=st.integers(0, 10**6).map("grizzly/fake-{}.jpg".format),
    sha256=st.integers(0, 2**256 - 1).map("{:064x}".format),
    fingerprint=st.integers(-(2**63), 2**63 - 1),
)


def kept(key: str, label: str = "grizzly", number: int = 1) -> Row:
    return Row(
        hit(key), "bear", label, NOW, file=f"{label}/fake-{key}.jpg", sha256=f"{number:064x}", fingerprint=number
    )


def dropped(key: str, reason: DropReason = DropReason.DAMAGED, label: str = "grizzly") -> Row:
    return Row(hit(key), "bear", label, NOW, reason=reason, message="no good")


@given(row=DROPPED | KEPT)
def test_a_row_comes_back_as_it_was(row: Row) -> None:
    assert Row.from_json(row.to_json()) == row


@settings(max_examples=40)  # each writes to the disk
@given(rows=st.lists(DROPPED | KEPT, max_size=8), cut=st.integers(0, 10**6))
def test_of_a_ledger_that_a_crash_cut_off_all_whole_lines_are_there(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    with Ledger(folder) as ledger:
        for row in rows:
            ledger.append(row)
    content = (folder / LEDGER).read_bytes()
    left = content[: cut % (len(content) + 1)]
    (folder / LEDGER).write_bytes(left)
    with Ledger(folder) as ledger:
        ledger.append(dropped("after the crash"))
    lines = (folder / LEDGER).read_bytes().split(b"\n")
    assert lines[-1] == b""
    whole = (left + b"\n").count(b"}\n")  # without its line break, too
    assert len(lines) - 2 == whole  # and the new one
    with Ledger(folder) as ledger:
        last_kept = {row.sha256: row for row in rows[:whole] if row.outcome is Outcome.KEPT}
        assert {row.sha256: row for row in ledger.kept()} == last_kept
        assert ledger.dropped_of(hit("after the crash"), "grizzly") is not None


def test_a_last_line_without_its_break_is_whole(tmp_path: Path) -> None:
    """Editors leave it out, and a message asks people to mend lines."""
    (tmp_path / LEDGER).write_text(json.dumps(kept("a").to_json()), encoding="utf-8")
    with Ledger(tmp_path) as ledger:
        assert list(ledger.kept()) == [kept("a")]
        ledger.append(dropped("b"))
    with Ledger(tmp_path) as ledger:
        assert list(ledger.kept()) == [kept("a")]
        assert ledger.dropped_of(hit("b"), "grizzly") == dropped("b")


def test_what_became_of_a_hit_is_found_by_it(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.append(kept("a"))
        ledger.append(dropped("b"))
    with Ledger(tmp_path) as ledger:
        assert ledger.kept_of(hit("a")) == kept("a")
        assert ledger.kept_from(hit("a").url) == kept("a")
        assert ledger.kept_with(f"{1:064x}") == kept("a")
        assert ledger.kept_of(hit("b")) is None
        assert ledger.kept_of(hit("a", source="another")) is None
        assert ledger.dropped_of(hit("b"), "grizzly") == dropped("b")
        assert ledger.dropped_of(hit("b"), "black") is None


def test_the_last_row_of_a_hit_counts(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        for row in (dropped("a", DropReason.NETWORK), dropped("a", DropReason.TOO_SMALL), kept("b", number=2)):
            ledger.append(row)
        assert ledger.dropped_of(hit("a"), "grizzly") == dropped("a", DropReason.TOO_SMALL)
        ledger.append(kept("a"))
        assert ledger.dropped_of(hit("a"), "grizzly") is None
        assert list(ledger.kept()) == [kept("b", number=2), kept("a")]


@pytest.mark.parametrize(
    "line",
    [
        b"no JSON",
        b"[]",
        b"{}",
        b'"text"',
        b"\xff\xfe",
        kept("a").to_json() | {"licence": "gpl"},
        kept("a").to_json() | {"outcome": "dropped"},
        kept("a").to_json() | {"fingerprint": "1"},
        kept("a").to_json() | {"source": 7},
        kept("a").to_json() | {"author": ["Ana"]},
        kept("a").to_json() | {"licence_url": 4},
        kept("a").to_json() | {"width": "large"},
        kept("a").to_json() | {"file": "../outside.jpg"},
        kept("a").to_json() | {"file": "/etc/passwd"},
        kept("a").to_json() | {"file": "grizzly/../../outside.jpg"},
        kept("a").to_json() | {"file": "grizzly/.hidden.jpg"},
        kept("a").to_json() | {"label": "..", "file": "../outside.jpg"},
        dropped("a").to_json() | {"reason": "tired"},
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: bytes | dict[str, object]) -> None:
    content = line if isinstance(line, bytes) else json.dumps(line).encode()
    good = json.dumps(dropped("a").to_json()).encode()
    (tmp_path / LEDGER).write_bytes(good + b"\n" + content + b"\n" + good + b"\n")
    with pytest.raises(DatasetError, match=r"gathered\.jsonl, line 2: expected what became of a picture"):
        Ledger(tmp_path)
    assert (tmp_path / LEDGER).read_bytes().count(b"\n") == 3  # nothing is thrown away
