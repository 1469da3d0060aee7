"""Telegram's HTML becomes plain text and entities, or a refusal in Telegram's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.entities import Entity, utf16
from bot.sandbox.errors import BadRequest
from bot.sandbox.markup import parse


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("<b>a</b> b", "a b", [Entity("bold", 0, 1)]),
        ("<strong>a</strong><em>b</em>", "ab", [Entity("bold", 0, 1), Entity("italic", 1, 1)]),
        ("<b>a<i>b</i></b>", "ab", [Entity("bold", 0, 2), Entity("italic", 1, 1)]),
        ("🐻 <u>x</u>", "🐻 x", [Entity("underline", 3, 1)]),
        ("1 &lt; 2 &amp;&#33; &nbsp;", "1 < 2 &! &nbsp;", []),
        ('<a href="https://x.org/?a=1&amp;b=2">x</a>', "x", [Entity("text_link", 0, 1, url="https://x.org/?a=1&b=2")]),
        ("<a href='relative'>x</a>", "x", []),
        ('<pre><code class="language-python">x</code></pre>', "x", [Entity("pre", 0, 1, language="python")]),
        ("<blockquote>q</blockquote>", "q", [Entity("blockquote", 0, 1)]),
        ('<span class="tg-spoiler">s</span>', "s", [Entity("spoiler", 0, 1)]),
        ("  <b> a</b> ", "a", [Entity("bold", 0, 1)]),
        ("<b></b>a", "a", []),
        ("<B>a</b>", "a", [Entity("bold", 0, 1)]),
    ],
)
def test_html_becomes_entities(html: str, text: str, entities: list[Entity]) -> None:
    assert parse(html, "HTML") == (text, tuple(entities))


@pytest.mark.parametrize(
    ("html", "refusal"),
    [
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("ä<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("a < b", "Unclosed start tag at byte offset 2"),
        ("</b>", "Unexpected end tag at byte offset 0"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ],
)
def test_broken_html_is_refused(html: str, refusal: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse(html, "HTML")
    assert caught.value.description == f"Bad Request: can't parse entities: {refusal}"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_survives(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse(f"<b>{escaped}</b>", "HTML")[0] == text.strip()


@given(st.text(st.sampled_from("<>/bi &;a\"='🐻")))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        plain, entities = parse(text, "HTML")
    except BadRequest:
        return
    for entity in entities:
        assert entity.offset >= 0
        assert entity.length > 0
        assert entity.offset + entity.length <= utf16(plain)
