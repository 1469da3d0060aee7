"""`FOLDER/ATTRIBUTION.md`: whose pictures they are and under which licences, as those ask to be told."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from model.gathering.ledger import Row
from model.gathering.licences import Licence
from model.gathering.plain_text import plain_line

ATTRIBUTION = "ATTRIBUTION.md"
# What a person writes before and after them stays.
_BEGIN, _END = "<!-- gathered: begin -->", "<!-- gathered: end -->"
_HEAD = """# Where the photos come from

`bearbot data gather` writes this list anew, from `gathered.jsonl`, each time that it runs. The files are as their
sources sent them.
"""
_NAMES = {
    Licence.CC0: "CC0",
    Licence.PDM: "public domain",
    Licence.FREE: "said to be free to use",
    Licence.OTHER: "another licence",
    Licence.UNKNOWN: "not stated",
}
# What means something in a cell of a table, until a backslash precedes it. Colons and dots make addresses links.
_SIGNS = re.compile(r"([\\`*_\[\]#!|~@:$]|(?<=www)\.)", re.IGNORECASE)
_URL_SAFE = "/:?#@!$&'*+,;=%~"  # brackets would end a link


def attribution(rows: Iterable[Row], files: Mapping[str, str]) -> str:
    """Markdown: a table for each label, of those `files` (below the folder -> sha256) that were gathered.

    They are known by their bytes, so a file that was moved or copied is named where it lies.
    """
    gathered = {row.sha256: row for row in rows}
    tables: dict[str, list[str]] = {}
    for file, sha256 in files.items():
        if sha256 in gathered:
            label = file.rpartition("/")[0] or "No label"
            tables.setdefault(label, []).append(_line(gathered[sha256], file))
    parts = [_HEAD]
    for label, lines in sorted(tables.items()):
        head = "| photo | title | author | licence | found at |\n|---|---|---|---|---|"
        parts.append(f"## {escaped(label)}\n\n{head}\n" + "\n".join(sorted(lines)) + "\n")
    return "\n".join(parts)


def write_attribution(folder: Path, text: str) -> None:
    """Put it in place of what was gathered before; whatever a person wrote around it stays."""
    path = folder / ATTRIBUTION
    former = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    before, begun, rest = former.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not (begun and ended):
        before, after = former and former.rstrip("\n") + "\n\n", "\n"
    draft = folder / f".{ATTRIBUTION}.new"
    with draft.open("w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"{before}{_BEGIN}\n{text}{_END}{after}")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def escaped(text: str) -> str:
    """Text from strangers as Markdown that shows it and does nothing else."""
    marked = _SIGNS.sub(r"\\\1", plain_line(text))
    return marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def linked(text: str, url: str | None) -> str:
    """A link to a page of the web; the text alone where there is no address, or one that leads elsewhere."""
    try:
        good = url is not None and urlsplit(url).scheme in ("http", "https")
    except ValueError:
        good = False
    if url is None or not good:
        return escaped(text)
    return f"[{escaped(text)}]({quote(url, safe=_URL_SAFE, errors='replace').replace('&', '&amp;')})"


def _line(row: Row, file: str) -> str:
    hit = row.hit
    licence = _NAMES.get(hit.licence) or f"CC {hit.licence.upper()}"
    cells = (
        f"[{escaped(file)}]({quote(file, errors='surrogateescape')})",
        escaped(hit.title or "") or "untitled",
        escaped(hit.author or "") or "not stated",
        linked(licence, hit.licence_url),
        linked(hit.source, hit.page),
    )
    return f"| {' | '.join(cells)} |"
