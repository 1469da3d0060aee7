"""The reviewer's screen, key by key: each verdict is written, in order, and the next photo is there."""

import asyncio
import io
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import click
import pytest
from sqlalchemy import select, update
from textual import events
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.driver import Driver
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input

from review import gold, queue, roster
from review.cli.screen import open_screen
from review.database import Database
from review.errors import ReviewError
from review.people import reviewer_named
from review.tables import Channel, ItemStatus, ReviewItem, Submission, Verdict, VerdictKind
from review.terminal import words
from review.terminal.app import ReviewApp
from review.terminal.cards import Cards
from review.terminal.desk import Desk
from review.terminal.dialogues import Help
from review.terminal.graphics import Graphics, Terminal
from review.terminal.keys import Keys
from review.terminal.similar import Labelled
from review.terminal.sitting import Choices
from review.terminal.themes import DARK
from review.terminal.view import View

pytestmark = pytest.mark.anyio

LABELS = ("black", "grizzly", "teddy")
LEASE = timedelta(minutes=5)
Predict = Callable[..., Any]


@dataclass
class Screen:
    """An open screen with what is asked of it."""

    app: ReviewApp
    pilot: Pilot[None]
    desk: Desk
    database: Database

    async def until(self, condition: Callable[[], bool], seconds: float = 8) -> None:
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            await asyncio.sleep(0.02)
        pytest.fail(f"it did not come to that; the line says {self.line!r}, failures: {self.app.failures}")

    async def shows(self, item_id: int | None) -> None:
        await self.until(lambda: (self.app.shown.item.id if self.app.shown else None) == item_id)

    async def saved(self) -> None:
        await self.until(lambda: not self.desk.unsaved)

    async def press(self, *keys: str) -> None:
        """One after the other, each for the photo that is there by then."""
        for key in keys:
            await self.until(lambda: self.app.shown is not None and self.app.view.photo.seen_by(time.monotonic()))
            await self.pilot.press(key)
            await asyncio.sleep(0.13)  # two of the same key that are closer are one that is held down

    @property
    def line(self) -> str:
        return self.text("#message")

    def text(self, selector: str) -> str:
        return str(self.app.view.query_one(selector).render())

    def verdicts(self) -> list[tuple[int, str, str | None]]:
        with self.database.read() as session:
            rows = session.scalars(select(Verdict).order_by(Verdict.id)).all()
            return [(row.item_id, row.kind.value, row.label or row.free_name) for row in rows]

    def held(self) -> list[int]:
        with self.database.read() as session:
            query = select(ReviewItem.id).where(ReviewItem.lease_token.is_not(None)).order_by(ReviewItem.id)
            return list(session.scalars(query))


@pytest.fixture
def screen(house: Any, now: datetime) -> Callable[..., Any]:
    """`async with screen(...) as opened`"""

    @asynccontextmanager
    async def open_screen(
        *,
        size: tuple[int, int] = (80, 24),
        name: str = "mo",
        labels: Sequence[str] = LABELS,
        clock: Callable[[], datetime] = lambda: now,
        terminal: Terminal = Terminal(),  # noqa: B008 - it is frozen
        gold_rate: float = 0.0,
        **choices: Any,
    ) -> AsyncIterator[Screen]:
        desk = Desk(database=house.database, name=name, lease=LEASE, clock=clock, pauses=(0.02,), gold_rate=gold_rate)
        app = ReviewApp(
            desk=desk,
            cards=Cards(house.database, house.images),
            keys=Keys(labels),
            terminal=terminal,
            choices=Choices(name=name, **choices),
            labelled=Labelled(house.database, house.features, "net", fresh_seconds=0),
            clock=clock,
        )
        try:
            async with app.run_test(size=size) as pilot:
                yield Screen(app, pilot, desk, house.database)
        finally:
            await asyncio.to_thread(desk.close, 10)

    return open_screen


@pytest.fixture
async def waiting(house: Any, predict: Predict) -> list[int]:
    """Six doubted photos, ids in the order of the queue."""
    found = [await house.receive(number, predict("black", 0.5 + number / 20)) for number in range(1, 7)]
    return [one.item_id for one in found]


async def test_one_key_labels_and_goes_on(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.shows(waiting[0])
        await opened.press("2")
        await opened.shows(waiting[1])
        await opened.press("b")
        await opened.shows(waiting[2])
        await opened.press("n")
        await opened.shows(waiting[3])
        await opened.press("c", "s", "d")
        await opened.saved()
        assert opened.verdicts() == [
            (waiting[0], "label", "grizzly"),
            (waiting[1], "label", "black"),
            (waiting[2], "none", None),
            (waiting[3], "cant_tell", None),
            (waiting[4], "skip", None),
            (waiting[5], "defer", None),
        ]
        assert not opened.app.failures
        assert "6 done" in opened.text("#head") or opened.app.pace.done == 6


async def test_how_a_verdict_came_about_is_recorded(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("1")
        await opened.saved()
        with opened.database.read() as session:
            verdict = session.scalars(select(Verdict)).one()
            assert (verdict.channel, verdict.answer_shown) == (Channel.TERMINAL, True)
            assert verdict.seconds is not None
            assert 0 < verdict.seconds < 60


async def test_the_models_answer_can_be_hidden(screen: Any, waiting: list[int]) -> None:
    async with screen(hide_answer=True) as opened:
        await opened.shows(waiting[0])
        assert "hidden" in opened.text("#facts")
        assert "55 %" not in opened.text("#facts")
        await opened.press("1")
        await opened.saved()
        with opened.database.read() as session:
            assert session.scalars(select(Verdict)).one().answer_shown is False


async def test_a_blind_item_shows_nothing_of_the_model_nor_of_askers(
    screen: Any, waiting: list[int], at: Any, house: Any
) -> None:
    with house.database.write() as session:
        session.execute(update(ReviewItem).where(ReviewItem.id == waiting[0]).values(verdicts_needed=2))
    at.asker_says(1, "teddy")
    async with screen() as opened:
        await opened.shows(waiting[0])
        said = opened.text("#facts")
        assert "hidden" in said
        assert "black" not in said
        assert "teddy" not in said
        await opened.press("2")
        await opened.saved()
        with opened.database.read() as session:
            assert session.scalars(select(Verdict)).one().answer_shown is False
            assert session.get_one(ReviewItem, waiting[0]).status is ItemStatus.OPEN


async def test_what_the_panel_says(screen: Any, waiting: list[int], at: Any) -> None:
    at.asker_says(1, "teddy")
    async with screen() as opened:
        await opened.shows(waiting[0])
        said = opened.text("#facts")
        assert "Whoever sent it says that the answer is wrong" in said
        assert "They say: teddy" in said
        assert "black" in said
        assert "55 %" in said


@pytest.mark.parametrize("size", [(60, 24), (80, 20)])
async def test_where_the_panel_has_no_room_a_line_says_the_same(
    screen: Any, waiting: list[int], at: Any, house: Any, size: tuple[int, int]
) -> None:
    at.asker_says(1, "teddy")
    with house.database.write() as session:
        session.execute(update(ReviewItem).where(ReviewItem.id.in_(waiting[1:3])).values(represented_by_id=waiting[0]))
    async with screen(size=size) as opened:
        await opened.shows(waiting[0])
        brief = opened.app.view.query_one("#brief")
        assert opened.text("#brief") == "black 55 % · +2 alike · they say: teddy · disputed · unsure"
        assert brief.display
        assert brief.region.height == 1
        assert not opened.app.view.query_one("#side").display
        assert opened.app.view.photo.size.width == size[0]
        await opened.press("1")
        await opened.saved()
        with opened.database.read() as session:
            shown = session.scalars(select(Verdict.answer_shown).where(Verdict.item_id == waiting[0])).one()
        assert shown is True


async def test_where_no_answer_has_room_none_was_shown(screen: Any, waiting: list[int]) -> None:
    async with screen(size=(11, 24)) as opened:
        await opened.press("1")
        await opened.saved()
        with opened.database.read() as session:
            assert session.scalars(select(Verdict.answer_shown)).one() is False


@pytest.mark.parametrize("size", [(60, 24), (100, 30)])
async def test_a_hidden_answer_is_in_no_line(screen: Any, waiting: list[int], size: tuple[int, int]) -> None:
    async with screen(size=size, hide_answer=True) as opened:
        await opened.shows(waiting[0])
        assert opened.text("#brief") == "answer hidden · unsure"
        assert "black" not in opened.text("#facts")
        await opened.press("1")
        await opened.saved()
        with opened.database.read() as session:
            assert session.scalars(select(Verdict.answer_shown)).one() is False


async def test_undo_brings_the_photo_back_as_often_as_wanted(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("1", "2", "3")
        await opened.shows(waiting[3])
        for item_id in reversed(waiting[:3]):
            await opened.press("u")
            await opened.shows(item_id)
        await opened.press("n")
        await opened.shows(waiting[1])
        await opened.saved()
        with opened.database.read() as session:
            finals = [session.get_one(ReviewItem, item_id).final_label for item_id in waiting[:4]]
        assert finals == ["none", None, None, None]


async def test_undo_without_anything_to_undo_says_so(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("u")
        await opened.until(lambda: "no verdict that could be taken back" in opened.line)
        await opened.shows(waiting[0])


async def test_a_free_name(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("N")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        await opened.pilot.press(*"polar bear".replace(" ", "_").split("_")[0], "space", *"bear", "enter")
        await opened.shows(waiting[1])
        await opened.saved()
        assert opened.verdicts() == [(waiting[0], "none", "polar bear")]


@pytest.mark.parametrize("typed", ["[/x] bear [bold", "[red]x", "[/x]"])
async def test_square_brackets_are_what_people_type_and_nothing_else(
    screen: Any, waiting: list[int], at: Any, typed: str
) -> None:
    at.asker_says(1, "teddy")
    async with screen(name=f"{typed}eve", labels=("black", typed, "teddy")) as opened:
        await opened.shows(waiting[0])
        await opened.until(lambda: f"{typed}eve" in opened.text("#head"))
        assert typed in opened.text("#labels")
        await opened.press("N")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        opened.app.screen.query_one(Input).value = typed
        await opened.pilot.press("enter")
        await opened.until(lambda: f"none of these ({typed})" in opened.line)
        await opened.press("r")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        opened.app.screen.query_one(Input).value = typed
        await opened.pilot.press("enter")
        await opened.until(lambda: f"got '{typed}'" in opened.line)
        await opened.press("?")
        await opened.until(lambda: isinstance(opened.app.screen, Help))
        assert typed in str(opened.app.screen.query_one("Static").render())
        await opened.pilot.press("escape")
        opened.app.tell_wrong(f"item 7 is held by {typed}")
        await opened.until(lambda: typed in opened.line)


async def test_a_label_by_its_name_and_the_likely_guess(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("/")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        await opened.pilot.press(*"tedy", "enter")
        await opened.until(lambda: "did you mean 'teddy'" in opened.line)
        await opened.pilot.press("backspace", *"dy", "enter")
        await opened.shows(waiting[1])
        await opened.saved()
        assert opened.verdicts() == [(waiting[0], "label", "teddy")]


async def test_reopening_with_a_reason(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("1")
        await opened.shows(waiting[1])
        await opened.until(lambda: opened.app.last_settled == waiting[0])
        await opened.press("r")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        await opened.pilot.press("enter")
        await opened.pilot.pause()
        await opened.pilot.press(*"wrong", "enter")
        await opened.shows(waiting[0])
        with opened.database.read() as session:
            reopened = session.scalars(select(Verdict).where(Verdict.kind == VerdictKind.REOPEN)).one()
            assert reopened.note == "wrong"


async def test_help_names_every_key(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("?")
        await opened.until(lambda: isinstance(opened.app.screen, Help))
        said = str(opened.app.screen.query_one("Static").render())
        assert "3 t  teddy" in said
        assert "c  you can't tell" in said
        await opened.pilot.press("1")
        assert isinstance(opened.app.screen, Help)
        await opened.pilot.press("q")
        await opened.shows(waiting[0])
        assert opened.verdicts() == []


@pytest.mark.parametrize("closing", ["q", "question_mark", "escape"])
async def test_help_scrolls_where_it_is_too_long(screen: Any, waiting: list[int], closing: str) -> None:
    async with screen(size=(40, 12)) as opened:
        await opened.press("?")
        await opened.until(lambda: isinstance(opened.app.screen, Help))
        scrolled = opened.app.screen.query_one(VerticalScroll)
        await opened.pilot.press("end")
        await opened.until(lambda: scrolled.scroll_y == scrolled.max_scroll_y > 0)
        assert scrolled.region.height <= 12
        await opened.pilot.press(closing)
        await opened.until(lambda: len(opened.app.screen_stack) == 1)


@pytest.mark.parametrize(("before", "pasted", "kept"), [("", "polar bear " * 300, 64), ("x" * 60, "yeti\nbear", 64)])
async def test_what_is_pasted_into_the_name_is_cut_and_that_is_told(
    screen: Any, waiting: list[int], before: str, pasted: str, kept: int
) -> None:
    async with screen() as opened:
        await opened.press("N")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        box = opened.app.screen.query_one(Input)
        box.value, box.cursor_position = before, len(before)
        box.post_message(events.Paste(pasted))
        await opened.until(lambda: len(box.value) == kept)
        assert (before + " ".join(pasted.split())).startswith(box.value)
        await opened.until(lambda: "64 characters" in str(opened.app.screen.query_one(".hint").render()))


async def test_what_is_pasted_and_fits_is_there(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("N")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        box = opened.app.screen.query_one(Input)
        box.post_message(events.Paste("polar\nbear"))
        await opened.until(lambda: box.value == "polar bear")
        await opened.pilot.press("enter")
        await opened.saved()
        await opened.until(lambda: opened.verdicts() == [(waiting[0], "none", "polar bear")])


@pytest.mark.parametrize("seconds", [0.0, 0.03, 0.09])
async def test_a_key_that_is_held_down_counts_once(screen: Any, waiting: list[int], seconds: float) -> None:
    async with screen() as opened:
        await opened.until(lambda: len(opened.app.supply.cards) == 2)
        await opened.until(lambda: opened.app.view.photo.seen_by(time.monotonic()))
        began, pressed = time.monotonic(), 12
        for number in range(pressed):
            key = events.Key("1", "1")
            key.time = began + number * seconds  # what the machine of the test does with its time changes nothing
            opened.app.post_message(key)
        await opened.until(lambda: "held down" in opened.line)
        await opened.pilot.pause()
        await opened.saved()
        assert len(opened.verdicts()) == 1


async def test_letters_that_are_pasted_label_one_photo_at_most(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.until(lambda: len(opened.app.supply.cards) == 2)
        await opened.until(lambda: opened.app.view.photo.seen_by(time.monotonic()))
        for letter in "bgtbgt123123":
            opened.app.post_message(events.Key(letter, letter))
        await opened.until(lambda: "before the photo" in opened.line)
        await opened.shows(waiting[1])
        await opened.saved()
        assert opened.verdicts() == [(waiting[0], "label", "black")]


async def test_a_key_that_nobody_can_have_meant_for_the_photo_counts_for_nothing(
    screen: Any, waiting: list[int]
) -> None:
    async with screen() as opened:
        await opened.shows(waiting[0])
        photo = opened.app.view.photo
        await opened.until(lambda: photo.seen_by(time.monotonic()))
        for early in ("1", "n", "s"):
            photo.repaint()
            key = events.Key(early, early)
            await opened.until(lambda: photo.seen_by(time.monotonic()))
            opened.app.post_message(key)
            await opened.until(lambda: "before the photo" in opened.line)
            opened.app.view.tell("")
        assert opened.app.shown.item.id == waiting[0]
        await opened.press("1")
        await opened.shows(waiting[1])


async def test_who_comes_back_from_the_shell_sees_the_photo_before_a_key_counts(
    screen: Any, waiting: list[int]
) -> None:
    async with screen() as opened:
        await opened.shows(waiting[0])
        photo = opened.app.view.photo
        await opened.until(lambda: photo.seen_by(time.monotonic()))
        back = time.monotonic()
        assert photo.seen_by(back)
        opened.app.post_message(Driver.SignalResume())
        await opened.pilot.pause()
        assert not photo.seen_by(back)
        await opened.until(lambda: photo.seen_by(time.monotonic()))


async def test_a_verdict_that_is_refused_is_said_and_the_next_photo_stays(
    screen: Any, waiting: list[int], at: Any
) -> None:
    async with screen() as opened:
        await opened.shows(waiting[0])
        with opened.database.write() as session:  # as if its time had been up, and somebody else had been faster
            queue.release_all(session, reviewer_named(session, "mo", at.now))
        at.say("ana", waiting[0], VerdictKind.LABEL, "teddy")
        await opened.press("1")
        await opened.until(lambda: bool(opened.app.failures))
        assert "'black' does not count" in opened.app.failures[0]
        assert "ana" in opened.app.failures[0] or "settled" in opened.app.failures[0]
        assert opened.app.shown is not None
        assert [row for row in opened.verdicts() if row[2] == "black"] == []


async def test_who_is_removed_while_reviewing_is_told_so_and_the_screen_ends(
    screen: Any, waiting: list[int], at: Any
) -> None:
    async with screen() as opened:
        await opened.until(lambda: len(opened.app.supply.cards) == 2)
        with opened.database.write() as session:
            roster.remove(session, reviewer_named(session, "mo", at.now), at.now)
        await opened.press("1")
        await opened.until(lambda: opened.app.return_code == 1)
    (said,) = opened.app.failures
    assert said.startswith("'black' does not count: mo may review no more")
    assert opened.verdicts() == []


async def test_who_is_removed_while_the_queue_is_empty_is_told_so_in_one_line(screen: Any, at: Any) -> None:
    async with screen() as opened:
        await opened.until(lambda: opened.app.supply.empty)
        with opened.database.write() as session:
            roster.remove(session, reviewer_named(session, "mo", at.now), at.now)
        await opened.until(lambda: opened.app.return_code == 1)
    (said,) = opened.app.failures
    assert said.startswith("mo may review no more")


async def test_an_answer_that_is_refused_after_the_screen_ended_is_said(
    screen: Any, waiting: list[int], at: Any
) -> None:
    async with screen() as opened:
        await opened.shows(waiting[0])
        with opened.database.write() as session:
            queue.release_all(session, reviewer_named(session, "mo", at.now))
        at.say("ana", waiting[0], VerdictKind.LABEL, "teddy")
        opened.app.answer(VerdictKind.LABEL, "black")
        opened.app.exit()
    opened.app.hear_the_rest()
    (said,) = opened.app.failures
    assert said.startswith("'black' does not count")
    assert opened.app.pace.done == 0


async def test_a_failure_that_is_about_no_answer_is_not_said_again_at_the_end(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("u")
        await opened.until(lambda: "no verdict that could be taken back" in opened.line)
    assert opened.app.failures == []


@pytest.mark.sqlite
async def test_while_the_database_is_gone_what_is_said_is_kept(screen: Any, waiting: list[int], home: Any) -> None:
    async with screen() as opened:
        await opened.until(lambda: len(opened.app.supply.cards) == 2)
        opened.database.dispose()
        (home / "review.db").rename(home / "elsewhere.db")
        (home / "review.db").mkdir()
        await opened.press("2", "3")
        await opened.until(lambda: "kept" in opened.line)
        assert len(opened.desk.unsaved) == 2
        (home / "review.db").rmdir()
        (home / "elsewhere.db").rename(home / "review.db")
        await opened.saved()
        await opened.until(lambda: "all is saved" in opened.line, 1.5)
        assert opened.verdicts() == [(waiting[0], "label", "grizzly"), (waiting[1], "label", "teddy")]
        assert not opened.app.failures


async def test_what_is_in_hand_is_kept_and_given_back_at_the_end(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.until(lambda: len(opened.app.supply.cards) == 2)
        assert opened.held() == waiting[:3]
    assert opened.held() == []


async def test_leases_are_renewed_while_the_screen_is_open(screen: Any, waiting: list[int], now: datetime) -> None:
    time = [now]
    async with screen(clock=lambda: time[0], lease_seconds=0.3) as opened:
        await opened.until(lambda: len(opened.app.supply.cards) == 2)
        time[0] = now + LEASE - timedelta(seconds=1)

        def latest() -> datetime | None:
            with opened.database.read() as session:
                return session.get_one(ReviewItem, waiting[0]).lease_expires_at

        await opened.until(lambda: (latest() or now) > now + LEASE)


async def test_nobody_there_gives_everything_back_and_any_key_goes_on(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.shows(waiting[0])
        patient = opened.app.choices
        opened.app.choices = replace(patient, idle_seconds=0.0)
        await opened.until(lambda: opened.app.paused)
        await opened.until(lambda: opened.held() == [])
        opened.app.choices = patient
        await opened.pilot.press("1")
        await opened.shows(waiting[0])
        assert opened.verdicts() == []  # nobody labels a photo that was not there


async def test_two_screens_of_one_name_never_have_the_same_photo(screen: Any, waiting: list[int]) -> None:
    async with screen() as one, screen() as other:
        await one.until(lambda: len(one.app.supply.cards) == 2)
        await other.until(lambda: len(other.app.supply.cards) == 2)
        assert one.app.shown.item.id != other.app.shown.item.id
        await one.press("1")
        await other.press("2")
        await one.saved()
        await other.saved()
        assert not one.app.failures + other.app.failures


class Bare(App[None]):
    """Nothing but what is seen, with nobody behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.view = View(Keys(("black", "grizzly")), name="mo", hide_answer=False)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def compose(self) -> ComposeResult:
        yield self.view


async def test_what_is_seen_changes_before_it_is_on_the_screen_and_after_it_left_it() -> None:
    """A busy machine is slow to put it there; the queue's first word may be quicker."""
    app = Bare()
    app.view.show_none("Looking")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert not app.query_one("#alike").display
    app.view.show_none("Over")


async def test_an_empty_queue_says_so_and_takes_what_comes(screen: Any, house: Any, predict: Predict) -> None:
    async with screen() as opened:
        await opened.until(lambda: opened.app.shown is None and opened.app.supply.empty)
        await opened.until(lambda: opened.app.view.photo.sentence == words.NOTHING_WAITS)
        accepted = await house.receive(1, predict("black", 0.7))
        await opened.shows(accepted.item_id)


async def test_what_is_in_others_hands_is_not_said_to_be_nothing(screen: Any, waiting: list[int], at: Any) -> None:
    with at.database.write() as session:
        other = reviewer_named(session, "ana", at.now)
        queue.claim_batch(session, other, count=len(waiting), lease=LEASE, now=at.now)
    async with screen() as opened:
        await opened.until(lambda: opened.app.view.photo.sentence == words.NOTHING_FOR_YOU)


async def test_near_duplicates_are_shown_and_split_off(screen: Any, waiting: list[int], house: Any) -> None:
    with house.database.write() as session:
        session.execute(update(ReviewItem).where(ReviewItem.id.in_(waiting[1:3])).values(represented_by_id=waiting[0]))
    async with screen() as opened:
        await opened.shows(waiting[0])
        assert "2 near-duplicates" in opened.text("#facts")
        await opened.press("G")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        await opened.pilot.press("1")
        await opened.until(lambda: "1 near-duplicate settled" in opened.text("#facts"))
        await opened.press("1")
        await opened.saved()
        with opened.database.read() as session:
            labels = [session.get_one(ReviewItem, item_id).final_label for item_id in waiting[:3]]
        assert labels == ["black", None, "black"]


async def test_a_photo_that_is_gone_says_so_and_gets_no_name(
    screen: Any, waiting: list[int], house: Any, at: Any
) -> None:
    for item_id in waiting[:3]:
        house.images.delete(at.view(item_id).image_sha256)
    async with screen() as opened:
        await opened.shows(waiting[0])
        assert opened.app.view.photo.drawing is None
        for key in "1bN/":
            await opened.press(key)
            await opened.until(lambda: "not to be seen" in opened.line)
            opened.app.view.tell_wrong("")
        assert len(opened.app.screen_stack) == 1
        await opened.press("s", "n", "c")
        await opened.shows(waiting[3])
        assert opened.app.view.photo.drawing is not None
        await opened.saved()
        assert [row[1] for row in opened.verdicts()] == ["skip", "none", "cant_tell"]


async def test_in_a_window_that_is_too_small_nothing_is_labelled(screen: Any, waiting: list[int]) -> None:
    async with screen(size=(10, 4)) as opened:
        await opened.shows(waiting[0])
        await opened.press("1", "b")
        await opened.saved()
        assert opened.verdicts() == []
        await opened.pilot.resize_terminal(80, 24)
        await opened.until(lambda: opened.app.view.photo.in_sight)
        await opened.press("1")
        await opened.shows(waiting[1])


@pytest.mark.parametrize("graphics", list(Graphics))
@pytest.mark.parametrize("size", [(80, 24), (50, 20), (160, 50)])
async def test_every_size_and_every_way_to_draw(
    screen: Any, waiting: list[int], size: tuple[int, int], graphics: Graphics
) -> None:
    async with screen(size=size, terminal=Terminal(graphics, dark=False)) as opened:
        await opened.shows(waiting[0])
        drawing = opened.app.view.photo.drawing
        assert drawing is not None
        assert (drawing.columns, drawing.rows) == tuple(opened.app.view.photo.size)
        assert bool(drawing.lines) is (graphics is Graphics.BLOCKS)
        await opened.pilot.resize_terminal(100, 30)
        await opened.until(
            lambda: (
                opened.app.view.photo.drawing is not None
                and opened.app.view.photo.drawing.columns == opened.app.view.photo.size.width != drawing.columns
            )
        )
        await opened.press("1")
        await opened.shows(waiting[1])


async def test_what_is_like_it_comes_from_the_background(screen: Any, waiting: list[int]) -> None:
    async with screen() as opened:
        await opened.press("1")
        await opened.shows(waiting[1])
        await opened.saved()
        await opened.press("2")
        await opened.shows(waiting[2])
        await opened.until(lambda: bool(opened.app.shown.similar))
        assert {one.caption for one in opened.app.shown.similar} <= {"black", "grizzly"}


async def test_what_measures_its_reviewer_looks_like_any_other(screen: Any, waiting: list[int], at: Any) -> None:
    known, other = waiting[:2]
    at.say("zoe", known, VerdictKind.LABEL, "teddy")
    at.say("zoe", other, VerdictKind.LABEL, "grizzly")
    with at.database.write() as session:
        gold.add(session, known, at.now)
        photo = session.get_one(Submission, session.get_one(ReviewItem, known).submission_id)
        photo.submitted_at -= timedelta(days=30)  # nothing that is open waited for so long
    before, told = at.view(known), at.told()
    async with screen(gold_rate=1.0, size=(120, 30)) as opened:
        await opened.shows(known)
        await opened.until(lambda: bool(opened.app.shown.similar))
        assert [one.caption for one in opened.app.shown.similar] == ["grizzly"], "not what it is known to be"
        said = opened.text("#facts")
        assert "sent just now" in said
        await opened.press("2")
        await opened.shows(waiting[2])
        await opened.saved()
        assert "grizzly" in opened.line
        real = opened.text("#facts")
        assert [line.split()[:1] for line in said.splitlines()] == [line.split()[:1] for line in real.splitlines()]
        assert opened.app.last_settled == known
        await opened.press("u")
        await opened.shows(known)
        assert opened.text("#facts") == said
        await opened.press("s")
        await opened.shows(waiting[2])
        await opened.saved()
        assert not opened.app.failures
    assert (at.view(known), at.told()) == (before, told)
    assert opened.verdicts()[2:] == [(known, "label", "grizzly"), (known, "undo", None), (known, "skip", None)]


async def test_what_measures_its_reviewer_is_kept_and_opened_again_by_its_number(
    screen: Any, waiting: list[int], at: Any
) -> None:
    known = waiting[0]
    at.say("zoe", known, VerdictKind.LABEL, "teddy")
    with at.database.write() as session:
        gold.add(session, known, at.now)
    ahead = timedelta()
    async with screen(gold_rate=1.0, clock=lambda: at.now + ahead) as opened:
        await opened.shows(known)
        for _ in range(2):
            ahead += LEASE - timedelta(seconds=1)
            assert await asyncio.wrap_future(opened.desk.renew()) == []
        await opened.press("1")
        await opened.shows(waiting[1])
        await opened.until(lambda: opened.app.last_settled == known)
        await opened.press("r")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        await opened.pilot.press("enter")
        await opened.pilot.pause()
        await opened.pilot.press(*"wrong", "enter")
        await opened.shows(known)
        await opened.press("3")
        await opened.saved()
        assert not opened.app.failures
    assert at.view(known).final_label == "teddy"
    with at.database.read() as session:
        assert [(one.checks, one.right) for one in gold.listed(session)] == [(1, 1)]


def test_what_was_judged_with_it_is_not_shown_as_like_it(house: Any, predict: Predict, at: Any) -> None:
    async def three() -> list[int]:
        return [(await house.receive(number, predict("black", 0.5))).item_id for number in (1, 2, 3)]

    leader, member, other = asyncio.run(three())
    with at.database.write() as session:
        session.get_one(ReviewItem, member).represented_by_id = leader
    at.say("zoe", leader, VerdictKind.LABEL, "teddy")
    at.say("zoe", other, VerdictKind.LABEL, "grizzly")
    with at.database.write() as session:
        gold.add(session, member, at.now)
        photo = session.get_one(Submission, session.get_one(ReviewItem, member).submission_id).image_sha256
    assert photo is not None
    labelled = Labelled(house.database, house.features, "net")
    assert [one.item_id for one in labelled.nearest(member, photo)] == [other]


class Tty(io.StringIO):
    """Says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def sit_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Tty())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("TMUX", raising=False)


@pytest.mark.parametrize(
    ("variable", "value", "graphics", "said"),
    [
        ("TERM", "dumb", None, "cannot: `bearbot review next`"),
        ("TMUX", "/tmp/tmux,1,0", "kitty", "no photo would be seen"),
    ],
)
def test_a_terminal_that_would_show_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, graphics: str | None, said: str
) -> None:
    sit_at_a_terminal(monkeypatch)
    monkeypatch.setenv(variable, value)
    with pytest.raises(click.UsageError, match=said):
        open_screen("mo", graphics=graphics, dark=None, hide_answer=False)


async def test_without_colours_only_pictures_have_greys(screen: Any, waiting: list[int]) -> None:
    async with screen(terminal=Terminal(colour=False)) as opened:
        await opened.press("N")
        await opened.until(lambda: len(opened.app.screen_stack) == 2)
        for widget in (*opened.app.view.query("*"), *opened.app.screen.query("*")):
            if not widget.size:
                continue
            for line in widget.render_lines(Region(0, 0, *widget.size)):
                for _, style, _ in line:
                    colours = (
                        [one for one in (style.color, style.bgcolor) if one and not one.is_default] if style else []
                    )
                    assert widget is opened.app.view.photo or not colours
                    for colour in colours:
                        assert len(set(colour.get_truecolor())) == 1
        assert opened.app.view.photo.in_sight


@pytest.mark.usefixtures("database")
def test_the_screen_asks_for_checks_as_often_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def no_desk(*, gold_rate: float, **_more: Any) -> Desk:
        asked.append(gold_rate)
        raise ReviewError("nobody sits here")

    monkeypatch.setattr("review.terminal.desk.Desk", no_desk)
    monkeypatch.setenv("REVIEW_GOLD_RATE", "0.25")
    sit_at_a_terminal(monkeypatch)
    with pytest.raises((SystemExit, click.ClickException)):
        open_screen("mo", graphics=None, dark=None, hide_answer=False)
    assert asked == [0.25]
