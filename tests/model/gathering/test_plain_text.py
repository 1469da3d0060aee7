"""What strangers wrote comes as one line of text, whatever it was."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.gathering.plain_text import plain_line

_PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Ana Example", "Ana Example"),
        # Artist of Wikimedia Commons, as its pages have it
        (
            '<a href="//commons.wikimedia.org/wiki/User:Diliff" title="User:Diliff">Diliff</a>',
            "Diliff",
        ),
        (
            '<span class="vcard"><span class="fn">U.S. Fish &amp; Wildlife Service</span></span>\n'
            '<style data-mw-deduplicate="TemplateStyles:r1">.a{color:red}</style>',
            "U.S. Fish & Wildlife Service",
        ),
        ('Unknown author<span style="display: none;">Unknown author</span>', "Unknown author"),
        ('<div style="DISPLAY:NONE"><div>a</div>b</div>seen', "seen"),
        ("<p>Ana</p><p>Ben</p>", "Ana Ben"),
        ("Ana<br>Ben<br/>Cleo", "Ana Ben Cleo"),
        ("J<sub>2</sub><b>x</b>", "J2x"),
        ("<script>alert('x')</script>Ana<script>", "Ana"),
        ("<img src=x onerror=alert(1)>Ana", "Ana"),
        ("Ana <!-- secret --> Example", "Ana Example"),
        ("<![foo[ Ana", ""),  # html.parser refuses such
        ("Tom &lt;3", "Tom <3"),
        ("a < b", "a < b"),
        ("a\x00b\r\nc\td\u2028e", "a b c d e".replace("a b", "ab")),
        ("Ana\u202e elpmaxE\u2066", "Ana elpmaxE"),  # written from right to left
        ("\ud800half", "half"),
        (_PERSIAN, _PERSIAN),  # needs its joiner
        ("沢田 花子", "沢田 花子"),
        ("", ""),
        ("<b></b>", ""),
    ],
)
def test_names_of_authors(text: str, line: str) -> None:
    assert plain_line(text) == line


@given(st.text() | st.from_regex(r"(<[!/]?[a-z\[]{0,8}|style=\"display:none\"|&[a-z#0-9]{0,4};?|>|--|]]|[a-z ]){0,30}"))
def test_one_line_without_anything_that_acts(text: str) -> None:
    line = plain_line(text)
    assert len(line) <= 200
    assert line == " ".join(line.split())
    assert not any(unicodedata.category(sign)[0] == "C" and sign not in "\u200c\u200d" for sign in line)


@given(st.text(alphabet=st.characters(categories=["L", "N"], max_codepoint=0xFFFF), min_size=1, max_size=50))
def test_text_without_markup_stays(text: str) -> None:
    assert plain_line(text) == text


def test_long_ones_are_cut_visibly() -> None:
    assert plain_line("a" * 500) == "a" * 199 + "…"


@pytest.mark.parametrize("piece", ["<a ", "<!", "<![", "<!--", "</", "&", "<script>", '<a b="'])
def test_hostile_markup_takes_no_time(piece: str) -> None:
    begun = time.monotonic()
    plain_line(piece * 1_000_000)
    assert time.monotonic() - begun < 10  # it would be hours
