"""Callback data: always short enough, always read back, never believed when it is foreign."""

from hypothesis import given
from hypothesis import strategies as st

from bot.answer_keyboard import instead
from bot.catalogue import catalogue_for
from bot.keyboards import Choice, Tap, UndoTap, labels_on_buttons, review_keyboard
from model.errors import DatasetError
from model.labels import Vocabulary


def _is_label(text: str) -> bool:
    try:
        Vocabulary((text, "another one"))
    except DatasetError:
        return False
    return True


labels = st.text(min_size=1, max_size=40).filter(_is_label)
items = st.integers(min_value=1, max_value=999_999_999)


@given(items, labels | st.sampled_from([choice.value for choice in Choice]))
def test_data_fits_into_telegrams_64_bytes_and_comes_back(item_id: int, choice: str) -> None:
    tap = Tap(item_id, "c.8letters", choice)
    assert len(tap.data().encode()) <= 64
    assert Tap.parse(tap.data()) == tap


@given(st.none() | st.text(max_size=70))
def test_foreign_data_is_nothing_or_reads_back_the_same(data: str | None) -> None:
    tap = Tap.parse(data)
    assert tap is None or tap.item_id >= 0


def test_what_is_not_ours_is_refused() -> None:
    foreign = (None, "", "r", "r:1", "r:1:t", "r:1:t:", "r:1::teddy", "r:x:t:teddy", "r:-1:t:teddy", "r:²:t:teddy")
    for data in (*foreign, "other:1:t:teddy", "r:" + "9" * 16 + ":t:teddy"):
        assert Tap.parse(data) is None, data
    assert Tap.parse("r:1:t:a:b") == Tap(1, "t", "a:b")


@given(items, items)
def test_undo_comes_back(verdict_id: int, item_id: int) -> None:
    tap = UndoTap(verdict_id, item_id)
    assert len(tap.data().encode()) <= 64
    assert UndoTap.parse(tap.data()) == tap
    assert Tap.parse(tap.data()) is None


def test_the_keyboard_has_each_label_and_each_choice_once() -> None:
    keyboard = review_keyboard(catalogue_for("en"), 7, "t", ("a", "b", "c", "d"))
    taps = [Tap.parse(str(button.callback_data)) for row in keyboard.inline_keyboard for button in row]
    assert [tap.choice for tap in taps if tap] == ["a", "b", "c", "d", "none", "cant_tell", "skip"]
    assert {tap.item_id for tap in taps if tap} == {7}
    assert max(len(row) for row in keyboard.inline_keyboard) <= 3


def test_of_more_labels_than_telegram_takes_buttons_the_likeliest_are_shown() -> None:
    labels = [f"{number:03d}".rjust(40, "x") for number in range(120)]
    shown = labels_on_buttons(labels, {label: number / 1000 for number, label in enumerate(labels)})
    assert shown == labels[-len(shown) :]
    words = catalogue_for("de")
    for keyboard in (review_keyboard(words, 10**8, "t" * 8, shown, undoable=10**8), instead(words, 10**8, shown)):
        assert sum(map(len, keyboard.inline_keyboard)) <= 100
        assert len(keyboard.to_json()) < 10_000
    assert len(labels_on_buttons(labels, None)) == len(shown), "no model judged it"
    assert labels_on_buttons(("a", "b"), {"a": 0.1}) == ("a", "b")
