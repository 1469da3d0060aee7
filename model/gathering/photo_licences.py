"""The licences of gathered photos, for who only reads what `FOLDER/gathered.jsonl` says of them."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from model.gathering.ledger import LEDGER, Row


def licences_of(folders: Iterable[Path]) -> dict[str, str]:
    """sha256 -> licence, such as "by-sa", of photos that were gathered into any of the folders.

    Of several rows about the same bytes the last one counts, as in `Ledger`. Lines that are damaged are passed over:
    `bearbot data gather` names them. Raises `OSError` for a ledger that is there and cannot be read.
    """
    found: dict[str, str] = {}
    for folder in folders:
        with suppress(FileNotFoundError), (folder / LEDGER).open("rb") as lines:
            for line in lines:
                with suppress(ValueError, KeyError, TypeError, AttributeError):
                    row = Row.from_json(json.loads(line))
                    if row.sha256 is not None:
                        found[row.sha256] = row.hit.licence.value
    return found
