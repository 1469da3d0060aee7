"""Which key does what, and what is said without a terminal."""

import pytest
from click.testing import CliRunner

from bot.cli import bearbot
from review.terminal.keys import Command, Keys


def test_labels_have_digits_and_first_letters() -> None:
    keys = Keys(("black", "grizzly", "teddy"))
    assert [keys.label(key) for key in ("1", "2", "3", "b", "g", "t")] == ["black", "grizzly", "teddy"] * 2
    assert keys.command("T") is Command.CANT_TELL
    assert keys.command("t") is None
    assert keys.key_of(Command.CANT_TELL) == "T"


def test_a_letter_that_two_labels_share_is_nobodys() -> None:
    keys = Keys(("black", "brown", "sloth"))
    assert keys.label("b") is None
    assert keys.label("s") == "sloth"
    assert keys.command("S") is Command.SKIP


@pytest.mark.parametrize("labels", [("black", "grizzly", "teddy"), tuple("abcdefghijklmnopqrstuvwxyz"), ("none-bear",)])
def test_every_command_has_a_key_whatever_the_labels(labels: tuple[str, ...]) -> None:
    keys = Keys(labels)
    for command in Command:
        assert keys.command(keys.key_of(command)) is command
        assert keys.label(keys.key_of(command)) is None


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    result = CliRunner().invoke(bearbot, ["review", "--as", "mo"])
    assert result.exit_code == 2
    assert "bearbot review next --json" in result.output
    assert "bearbot review label" in result.output


def test_the_screens_options_are_not_taken_for_a_commands() -> None:
    result = CliRunner().invoke(bearbot, ["review", "--as", "mo", "skip", "17"])
    assert result.exit_code == 2
    assert "come after it" in result.output
