"""`bearbot review next` on a terminal: one key an item, and whatever ends it gives the item back."""

import json
import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bot.cli import bearbot
from model.serving import Prediction
from review import gold
from review.tables import Channel, ReviewItem, Submission, Verdict, VerdictKind

pytestmark = pytest.mark.anyio

Predict = Callable[..., Prediction]


def rows(*options: str) -> list[dict[str, Any]]:
    """What the queue's list says, as others see it."""
    listed = CliRunner().invoke(bearbot, ("review", "list", "--json", *options))
    assert listed.exit_code == 0, listed.output
    return [json.loads(line) for line in listed.stdout.splitlines()]


@pytest.fixture
async def waiting(house: Any, predict: Predict) -> list[int]:
    """Two doubted photos and one that is not a bear; ids in the order of the queue."""
    first = await house.receive(1, predict("black", 0.7))
    second = await house.receive(2, predict("grizzly", 0.6))
    foreign = await house.receive(3, predict("teddy", 0.9, in_domain=False))
    return [foreign.item_id, second.item_id, first.item_id]


class Terminal:
    """`bearbot review next` on a terminal of its own."""

    def __init__(self, *arguments: str, size: tuple[int, int] = (24, 80)) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, size)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self.shown = ""

    def until(self, text: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            try:
                self.shown += os.read(self._ours, 65536).decode(errors="replace")  # letters may come in pieces
            except (BlockingIOError, OSError):
                time.sleep(0.02)

    def type(self, keys: str) -> None:
        self.shown = ""
        os.write(self._ours, keys.encode())

    def interrupt(self) -> None:
        self._process.send_signal(2)

    def ends(self) -> int:
        return self._process.wait(20)

    def goes(self) -> None:
        """As a window does that is closed under a program that is no child of its shell: no signal tells it."""
        os.close(self._ours)


async def test_reviewing_on_a_terminal(waiting: list[int]) -> None:
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    assert f"item        {waiting[0]}" in terminal.shown
    terminal.type("n\n")
    terminal.until("What is it?")
    assert f"item        {waiting[1]}" in terminal.shown
    for nonsense in ("9", "²"):
        terminal.type(f"{nonsense}\n")
        terminal.until(f"unknown label '{nonsense}'")
    terminal.type("2\n")
    terminal.until(f"item        {waiting[2]}")  # the question about nonsense may still be on its way
    terminal.until("What is it?")
    assert [row["final_label"] for row in rows("--all") if row["final_label"]] == [
        "none",
        "grizzly",
    ]
    assert [row["held_by"] for row in rows()] == ["mo"]
    terminal.interrupt()
    terminal.until("stopped")
    assert terminal.ends() == 130
    assert [row["held_by"] for row in rows()] == [None], "Ctrl-C gives the item back"


async def test_the_keys_are_the_screens_and_how_each_answer_came_about_is_recorded(waiting: list[int], at: Any) -> None:
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    terminal.type("?\n")
    terminal.until("none of these, and what it is instead")
    terminal.until("What is it?")
    terminal.type("d\n")
    terminal.until(f"item        {waiting[1]}")
    terminal.until("What is it?")
    terminal.type("N\n")
    terminal.until("What does it show?")
    terminal.type("polar bear\n")
    for key in ("c", "d"):  # what one reviewer cannot tell comes again when nothing else waits
        terminal.until(f"item        {waiting[2]}")
        terminal.until("What is it?")
        terminal.type(f"{key}\n")
    terminal.until("Nothing waits for you: what is left is in others' hands or put off, or you left it to others.")
    assert terminal.ends() == 0
    with at.database.read() as session:
        said = session.scalars(select(Verdict).order_by(Verdict.id)).all()
        assert [(one.item_id, one.kind, one.free_name) for one in said] == [
            (waiting[0], VerdictKind.DEFER, None),
            (waiting[1], VerdictKind.NONE, "polar bear"),
            (waiting[2], VerdictKind.CANT_TELL, None),
            (waiting[2], VerdictKind.DEFER, None),
        ]
        assert {(one.channel, one.answer_shown) for one in said} == {(Channel.COMMAND, True)}
        assert all(one.seconds is not None and 0 < one.seconds < 60 for one in said)
        put_off = session.get_one(ReviewItem, waiting[0]).deferred_until
        assert put_off is not None
        assert timedelta(minutes=59) < put_off - said[0].created_at <= timedelta(minutes=60)


async def test_ctrl_c_says_that_it_stopped(waiting: list[int]) -> None:
    assert waiting
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    terminal.interrupt()
    terminal.until("stopped")
    assert terminal.ends() != 0


async def test_quitting_gives_the_item_back(waiting: list[int]) -> None:
    assert waiting
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    terminal.type("q\n")
    terminal.until("0 looked at")
    assert terminal.ends() == 0
    assert {row["held_by"] for row in rows()} == {None}


async def test_a_skip_taken_back_comes_again_at_once(waiting: list[int]) -> None:
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    terminal.type("s\n")
    terminal.until(f"item        {waiting[1]}")
    terminal.until("What is it?")
    terminal.type("u\n")
    terminal.until(f"your verdict on item {waiting[0]} is taken back")
    terminal.type("1\n")
    terminal.until(f"item        {waiting[0]}")
    terminal.until("What is it?")
    terminal.type("\x04")  # Ctrl-D: the end of what is typed
    terminal.ends()
    assert {row["held_by"] for row in rows()} == {None}


async def test_what_measures_its_reviewer_looks_like_any_other(
    waiting: list[int], at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, other = waiting[1:]
    at.say("zoe", known, VerdictKind.LABEL, "teddy")
    at.say("zoe", waiting[0], VerdictKind.LABEL, "teddy")
    with at.database.write() as session:
        gold.add(session, known, at.now)
        photo = session.get_one(Submission, session.get_one(ReviewItem, known).submission_id)
        photo.submitted_at -= timedelta(days=30)  # nothing that is open waited for so long
    monkeypatch.setenv("REVIEW_GOLD_RATE", "1")
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    greeting, card = terminal.shown.split("\n", 1)
    assert greeting.strip() == "new reviewer 'mo'"
    assert f"item        {known}" in card
    assert "held by     mo" in card
    assert "queue       0 more" in card
    assert "zoe" not in card
    assert "verdict" not in card
    assert f"sent        {at.now:%Y-%m-%d}" in card
    terminal.type("1\n")
    terminal.until("What is it?")
    assert f"item        {other}" in terminal.shown
    assert [line.split()[:1] for line in terminal.shown.splitlines()[2:]] == [
        line.split()[:1] for line in card.splitlines()[1:]
    ]
    terminal.type("u\n")
    terminal.until(f"your verdict on item {known} is taken back: it comes again")
    terminal.type("2\n")
    terminal.until(f"item        {known}")
    terminal.until("What is it?")
    terminal.type("3\n")
    terminal.until("Nothing waits for review.")
    assert terminal.ends() == 0
    assert at.view(known).settled_by == "zoe"
    with at.database.read() as session:
        assert [(one.checks, one.right) for one in gold.listed(session)] == [(1, 1)]


async def test_before_a_project_has_a_model_its_labels_can_be_said(
    waiting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_LABELS", "kettle,teapot")
    terminal = Terminal("review", "next", "--as", "mo")
    terminal.until("What is it?")
    assert "kettle" in terminal.shown
    terminal.type("2\n")
    terminal.until("What is it?")
    terminal.type("q\n")
    assert terminal.ends() == 0
    assert [row["final_label"] for row in rows("--all") if row["final_label"]] == ["teapot"]


async def test_a_screen_whose_terminal_is_gone_ends_and_gives_back_what_it_holds(waiting: list[int]) -> None:
    terminal = Terminal("review", "--as", "mo", size=(30, 100))
    terminal.until("grizzly")
    assert any(row["held_by"] == "mo" for row in rows())
    terminal.goes()
    assert terminal.ends() in (1, 128 + 1)  # its last words cannot be said any more, or it is ended before them
    assert [row["held_by"] for row in rows()] == [None] * len(rows())


async def test_the_screen_opens_before_a_project_has_a_model(
    waiting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_LABELS", "kettle,teapot")
    terminal = Terminal("review", "--as", "mo", size=(30, 100))
    terminal.until("eapot")  # its first letter, the key, is drawn otherwise
    terminal.type("q")
    assert terminal.ends() == 0
