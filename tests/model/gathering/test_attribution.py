"""ATTRIBUTION.md names authors, and whatever these call themselves does nothing but be shown."""

import html
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from model.gathering.attribution import ATTRIBUTION, attribution, write_attribution
from model.gathering.ledger import Row
from model.gathering.licences import Licence
from model.gathering.plain_text import plain_line
from model.gathering.source import Hit

HOSTILE = [
    "a | b | c",
    "`code`",
    "<script>alert(1)</script>",
    "<!-- gathered: end -->",
    "[text](javascript:alert)",
    "![pixel](https://evil.example/p.png)",
    "line\nbreak\r\n\r\n# Heading",
    "\u202egnp.exe",
    "**bold** _it_ ~~gone~~ \\",
    "https://evil.example www.evil.example WWW.evil.example me@evil.example",
    "&lt;b&gt; &amp; &#x3c;",
    "\x1b[31mred\x07",
    "$x$ :bear: @someone #1",
    "|" * 50,
    "a" * 1000,
]
TEXT = (
    st.sampled_from(HOSTILE)
    | st.text(st.characters(exclude_categories=()), max_size=60)
    | st.text("|\\`<>[]()!&*_~\n -#:.w", max_size=30)
)
URLS = (
    st.sampled_from(
        [
            "javascript:alert(1)",
            "data:text/html,x",
            'https://example.org/a|b)c(d <e> "f" `g` [h] \\ \n i',
            "https://example.org/?a=1&copy=2",
            "http://[bad",
            "//example.org",
            "",
        ]
    )
    | TEXT
    | TEXT.map("https://example.org/".__add__)
)
SHA = "a" * 64


def row(*, author: str | None = None, title: str | None = None, page: str = "", licence_url: str | None = None) -> Row:
    offered = Hit("fake", "1", "https://e.org/1.jpg", page, Licence.BY_SA, licence_url, author, title)
    return Row(offered, "bear", "grizzly", "2026-12-01", file="grizzly/fake-1.jpg", sha256=SHA, fingerprint=1)


def parsed(text: str) -> list[Token]:
    """As GitHub reads it: with HTML, tables, and addresses that become links by themselves."""
    return MarkdownIt("gfm-like", {"html": True}).parse(text)


def cells_of(text: str) -> list[Token]:
    tokens = parsed(text)
    return [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "td_open"]


def shown(cell: Token) -> str:
    return "".join(child.content for child in cell.children or ())


@given(author=TEXT, title=TEXT, page=URLS, licence_url=st.none() | URLS)
@example(author="<!-- gathered: end -->", title="|", page="https://a/|", licence_url="https://a/)x(")
def test_whatever_strangers_write_a_row_stays_a_row_and_text_stays_text(
    author: str, title: str, page: str, licence_url: str | None
) -> None:
    text = attribution([row(author=author, title=title, page=page, licence_url=licence_url)], {"grizzly/x.jpg": SHA})
    tokens = parsed(text)
    assert not [token for token in tokens if token.type == "html_block"]
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2"]
    cells = cells_of(text)
    assert len(cells) == 5
    allowed = {"text", "text_special", "link_open", "link_close"}
    assert {child.type for cell in cells for child in cell.children or ()} <= allowed
    assert shown(cells[1]) == (plain_line(title) or "untitled")
    assert shown(cells[2]) == (plain_line(author) or "not stated")
    assert (shown(cells[3]), shown(cells[4])) == ("CC BY-SA", "fake")
    for cell in cells[1:3]:
        assert not [child for child in cell.children or () if child.type == "link_open"]
    for cell in cells[3:]:
        links = [str(child.attrs["href"]) for child in cell.children or () if child.type == "link_open"]
        assert all(link.startswith(("http://", "https://")) for link in links)


def test_addresses_lead_where_they_led() -> None:
    text = attribution([row(page="https://example.org/a_(b)?x=1&copy=2|3#é")], {"grizzly/x.jpg": SHA})
    (link,) = [child for child in cells_of(text)[4].children or () if child.type == "link_open"]
    assert link.attrs["href"] == "https://example.org/a_%28b%29?x=1&copy=2%7C3#%C3%A9"


@pytest.mark.parametrize("address", ["https://evil.example", "www.evil.example", "WWW.evil.example", "me@evil.example"])
def test_no_address_in_a_name_becomes_a_link(address: str) -> None:
    text = attribution([row(author=f"see {address} now")], {"grizzly/x.jpg": SHA})
    assert address not in text
    assert shown(cells_of(text)[2]) == f"see {address} now"


def test_only_files_that_are_there_are_named_and_where_they_lie_now() -> None:
    assert "fake" not in attribution([row()], {})
    moved = attribution(
        [row(author="Ana")], {"black/moved.jpg": SHA, "grizzly/copied.jpg": SHA, "grizzly/mine.jpg": "b" * 64}
    )
    assert "## black" in moved
    assert "[black/moved.jpg](black/moved.jpg)" in moved
    assert "[grizzly/copied.jpg](grizzly/copied.jpg)" in moved
    assert "mine" not in moved


def test_files_with_names_that_are_no_text_are_named() -> None:
    name = os.fsdecode(b"grizzly/\xff\xfe.jpg")
    assert "(grizzly/%FF%FE.jpg)" in attribution([row()], {name: SHA})


def test_what_a_person_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / ATTRIBUTION).write_text("My own photos: by me.\n", encoding="utf-8")
    write_attribution(tmp_path, "first\n")
    path = tmp_path / ATTRIBUTION
    path.write_text(path.read_text(encoding="utf-8") + "More of mine.\n", encoding="utf-8")
    write_attribution(tmp_path, "second\n")
    write_attribution(tmp_path, "second\n")
    assert path.read_text(encoding="utf-8") == (
        "My own photos: by me.\n\n<!-- gathered: begin -->\nsecond\n<!-- gathered: end -->\nMore of mine.\n"
    )


def test_unescaped_as_a_browser_does_the_names_are_as_they_were() -> None:
    text = attribution([row(author="Ben & <Söhne>")], {"grizzly/x.jpg": SHA})
    assert "Ben & <Söhne>" not in text
    assert html.unescape(shown(cells_of(text)[2])) == plain_line("Ben & <Söhne>")
