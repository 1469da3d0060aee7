"""Licences of gathered photos, read from ledgers that may be damaged or not there."""

import json
from pathlib import Path

import pytest

from model.gathering.ledger import LEDGER, Row
from model.gathering.licences import Licence
from model.gathering.photo_licences import licences_of
from model.gathering.source import Hit


def kept(key: str, sha256: str, licence: Licence) -> Row:
    hit = Hit("openverse", key, f"https://example.org/{key}.jpg", "https://example.org/", licence)
    return Row(hit, "bear", "black", "2026-01-01T00:00:00+00:00", f"black/{key}.jpg", sha256, 7)


def test_of_each_photo_the_licence_of_the_last_row_about_it(tmp_path: Path) -> None:
    bears, others = tmp_path / "bears", tmp_path / "others"
    for folder in (bears, others):
        folder.mkdir()
    (bears / LEDGER).write_bytes(
        b"".join(
            line + b"\n"
            for line in (
                _line(kept("1", "a" * 64, Licence.BY)),
                b"[1]",
                b'"torn',
                b"\xff",
                _line(kept("2", "b" * 64, Licence.CC0)),
                _line(kept("3", "a" * 64, Licence.BY_SA)),
            )
        )
        + b'{"outcome": "kept'
    )
    (others / LEDGER).write_bytes(_line(kept("4", "c" * 64, Licence.PDM)) + b"\n")
    found = licences_of([bears, tmp_path / "none", others])
    assert found == {"a" * 64: "by-sa", "b" * 64: "cc0", "c" * 64: Licence.PDM.value}


def test_a_ledger_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / LEDGER).mkdir()
    with pytest.raises(IsADirectoryError):
        licences_of([tmp_path])


def _line(row: Row) -> bytes:
    return json.dumps(row.to_json()).encode()
