"""Which key does what, and what is said without a terminal."""

import pytest
from click.testing import CliRunner

from bot.cli import bearbot
from review.errors import ReviewError
from review.tables import VerdictKind
from review.terminal.keys import Command, Keys
from review.terminal.naming import label_meant


def test_labels_have_digits_and_first_letters() -> None:
    keys = Keys(("black", "grizzly", "teddy"))
    assert [keys.label(key) for key in ("1", "2", "3", "b", "g", "t")] == ["black", "grizzly", "teddy"] * 2
    assert keys.command("t") is keys.command("T") is keys.command("l") is keys.command("o") is None
    assert keys.command("g") is None
    assert keys.command("G") is Command.GROUP


@pytest.mark.parametrize("labels", [("black", "grizzly", "teddy"), ("cub", "sloth", "none-bear", "dancing", "unknown")])
def test_keys_are_the_pages_whatever_the_labels(labels: tuple[str, ...]) -> None:
    keys = Keys(labels)
    pressed = {
        "n": Command.NONE,
        "N": Command.NAME,
        "c": Command.CANT_TELL,
        "s": Command.SKIP,
        "d": Command.DEFER,
        "u": Command.UNDO,
        "z": Command.OPEN,
        "/": Command.LABELS,
        "?": Command.HELP,
        "G": Command.GROUP,
        "r": Command.REOPEN,
        "*": Command.THEME,
        "q": Command.QUIT,
    }
    for key, command in pressed.items():
        assert keys.command(key) is command
        assert keys.key_of(command) == key
        assert keys.label(key) is None


def test_a_letter_that_two_labels_share_or_that_does_something_else_labels_nothing() -> None:
    keys = Keys(("black", "brown", "sloth", "polar"))
    assert keys.label("b") is keys.label("s") is None
    assert keys.label("p") == "polar"
    assert keys.command("s") is keys.command("S") is Command.SKIP


@pytest.mark.parametrize("labels", [("black", "grizzly", "teddy"), tuple("abcdefghijklmnopqrstuvwxyz"), ("none-bear",)])
def test_every_command_has_a_key_whatever_the_labels(labels: tuple[str, ...]) -> None:
    keys = Keys(labels)
    for command in Command:
        assert keys.command(keys.key_of(command)) is command
        assert keys.label(keys.key_of(command)) is None


MANY = ("grizzly", "teddy", *(f"a very long label of a bear nr {number:02d} bb" for number in range(26)))


@pytest.mark.parametrize(("typed", "meant"), [("griz", "grizzly"), ("TED", "teddy"), (MANY[5].upper(), MANY[5])])
def test_as_much_of_a_label_as_no_other_begins_with_is_enough(typed: str, meant: str) -> None:
    assert label_meant(typed, MANY) == (VerdictKind.LABEL, meant)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("a very", "'a very' begins 26 labels: a very long label of a bear nr 00 bb, a very lon…"),
        ("grisly", "no label is 'grisly': did you mean 'grizzly'?"),
        ("xyz", "no label begins with 'xyz'"),
        ("w" * 64, f"no label begins with '{'w' * 19}…'"),
    ],
)
def test_what_no_label_is_meant_by_is_said_in_a_line(typed: str, said: str) -> None:
    with pytest.raises(ReviewError) as refused:
        label_meant(typed, MANY)
    assert str(refused.value) == said
    assert len(said) <= 76


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    result = CliRunner().invoke(bearbot, ["review", "--as", "mo"])
    assert result.exit_code == 2
    assert "bearbot review next --json" in result.output
    assert "bearbot review label" in result.output


def test_the_screens_options_are_not_taken_for_a_commands() -> None:
    result = CliRunner().invoke(bearbot, ["review", "--as", "mo", "skip", "17"])
    assert result.exit_code == 2
    assert "come after it" in result.output
