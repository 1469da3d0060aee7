"""Fields of answers: what is of another kind than expected counts as not said."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import SourceError
from model.gathering.rows import identifier, line, row_at, rows_at, web_address, whole


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://example.org/a.jpg?x=1#y", "https://example.org/a.jpg?x=1#y"),
        ("HTTP://example.org/", "HTTP://example.org/"),
        ("//upload.wikimedia.org/x.jpg", "https://upload.wikimedia.org/x.jpg"),
        ("https://example.org/Bär.jpg", "https://example.org/Bär.jpg"),
        ("http://127.0.0.1:8080/x.jpg", "http://127.0.0.1:8080/x.jpg"),  # whether it may be asked, Http decides
        ("ftp://example.org/a.jpg", None),
        ("javascript:alert(1)", None),
        ("data:image/png;base64,AAAA", None),
        ("example.org/a.jpg", None),
        ("/a.jpg", None),
        ("https://", None),
        ("https:///a.jpg", None),
        ("https://user:secret@example.org/a.jpg", None),
        ("https://example.org:port/a.jpg", None),
        ("https://example.org:99999/a.jpg", None),
        ("http://[::1/a.jpg", None),
        ("https://example.org/a b.jpg", None),
        ("https://example.org/a\nHost: evil", None),
        ("https://example.org/\u202egpj.exe", None),
        ("https://example.org/" + "a" * 2_000, None),
        ("", None),
        (None, None),
        (7, None),
        (["https://example.org/"], None),
    ],
)
def test_addresses_of_the_web(value: object, address: str | None) -> None:
    assert web_address(value) == address


@given(st.text() | st.text().map("https://{}".format) | st.text().map("//{}".format))
def test_whatever_passes_is_an_address_with_a_host(text: str) -> None:
    address = web_address(text)
    if address is not None:
        parts = urlsplit(address)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert parts.username is None
        assert address.isprintable()


@pytest.mark.parametrize(
    ("value", "number"), [(1, 1), (0, None), (-1, None), (True, None), (1.0, None), ("1", None), (None, None)]
)
def test_whole_numbers(value: object, number: int | None) -> None:
    assert whole(value) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (" <b>a</b>\n", "a"), ("", None), ("<p>", None), (3, None), (None, None), (["a"], None)],
)
def test_texts(value: object, text: str | None) -> None:
    assert line(value) == text


@pytest.mark.parametrize(("value", "name"), [("a", "a"), (0, "0"), (12, "12"), (True, None), (1.5, None), ("", None)])
def test_names_of_pictures(value: object, name: str | None) -> None:
    assert identifier(value) == name


def test_what_is_no_row_is_left_out() -> None:
    assert rows_at({"a": {"b": [{"x": 1}, None, 3, "y", ["z"]]}}, "a", "b", source="here") == [{"x": 1}]


@pytest.mark.parametrize("answer", [None, [], "a", 1, {}, {"a": 1}, {"a": []}, {"a": {"b": {}}}, {"a": {"b": "c"}}])
def test_no_list_is_an_error_that_says_what_was_expected(answer: Any) -> None:
    with pytest.raises(SourceError, match=r"^here: expected an answer with a list `a\.b`, got .*: try again later"):
        rows_at(answer, "a", "b", source="here")


def test_what_came_is_told_without_repeating_it() -> None:
    answer = {"<script>": 1, "a" * 40: 2, "fine": "secret", 3: 4}
    with pytest.raises(SourceError, match=r"^here: .*, got an object with fine: ") as raised:
        rows_at(answer, "rows", source="here")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(("answer", "came"), [([], "a list"), ("x", "a text"), (None, "nothing"), (2.5, "a number")])
def test_an_answer_that_is_no_object(answer: object, came: str) -> None:
    with pytest.raises(SourceError, match=f"^here: expected an object, got {came}: "):
        row_at(answer, source="here")
