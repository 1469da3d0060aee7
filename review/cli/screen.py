"""`bearbot review` without a command: the reviewer's screen."""

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from model.console import note

if TYPE_CHECKING:  # imported when the screen opens: `--help` loads none of it
    from review.cli.installation import Installation
    from review.terminal.app import ReviewApp
    from review.terminal.desk import Desk
    from review.terminal.graphics import Graphics

_HANGUP_SECONDS = 3.0  # whoever ends a program from outside does not wait long
_LOOKED_AT_SECONDS = 1.0


def open_screen(name: str, *, graphics: str | None, dark: bool | None, hide_answer: bool) -> None:
    """Review until the reviewer leaves; ends the program with status 1 if something that was said is not saved."""
    # All three: what is drawn goes to stderr, what is asked of the terminal to stdout.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise click.UsageError(
            "the reviewer's screen needs a terminal (as stdin, stdout and stderr). Without one: "
            "`bearbot review next --json` claims an item, `bearbot review label ID LABEL` settles it; "
            "`bearbot review serve` opens a page for a browser."
        )
    if os.environ.get("TERM") == "dumb":
        raise click.UsageError(
            "the reviewer's screen needs a terminal that can move its cursor, and TERM says that this one cannot: "
            "`bearbot review next` asks line by line"
        )
    if graphics == "kitty" and os.environ.get("TMUX"):
        raise click.UsageError(
            "tmux does not pass Kitty's pictures on, so no photo would be seen: leave `--graphics` out, or say "
            "`--graphics blocks`"
        )
    from review.cli.installation import introduced, opened
    from review.terminal.desk import Desk
    from review.terminal.graphics import Graphics

    with opened() as installation:
        name = introduced(installation, name)  # a name that is none is said before anything opens
        desk = Desk(
            database=installation.database, name=name, lease=installation.lease, gold_rate=installation.gold_rate
        )
        ended: list[int] = []
        app = None
        try:
            app = _app(installation, desk, name, Graphics(graphics) if graphics else None, dark, hide_answer)
            with _ended_by_signals(app, desk, ended):
                app.run()
        finally:
            saved = _close(desk, hurry=bool(ended))
        app.hear_the_rest()
        for failure in app.failures:
            note(f"! {failure}")
        note(app.pace.summary())
        if not saved or app.return_code:
            sys.exit(1)


def _app(
    installation: "Installation",
    desk: "Desk",
    name: str,
    graphics: "Graphics | None",
    dark: bool | None,
    hide_answer: bool,
) -> "ReviewApp":
    from review.slate import Slate
    from review.terminal.app import ReviewApp
    from review.terminal.cards import Cards
    from review.terminal.graphics import terminal
    from review.terminal.keys import Keys
    from review.terminal.similar import Labelled
    from review.terminal.sitting import Choices

    labels = installation.labels
    slate = Slate.of(installation.database, installation.registry)
    slate.order()  # it begins to make one
    return ReviewApp(
        desk=desk,
        cards=Cards(installation.database, installation.images),
        keys=Keys(labels),
        terminal=terminal(graphics, dark=dark),
        choices=Choices(name=name, hide_answer=hide_answer, lease_seconds=installation.lease.total_seconds()),
        labelled=Labelled(installation.database, installation.registry.feature_store, _features_key(installation)),
        first=lambda _session, _reviewer: slate.order(),
    )


def _features_key(installation: "Installation") -> str | None:
    """Under which the features of photos are filed; None while no model describes any."""
    from model.errors import NoChampion

    try:
        return installation.registry.champion_card().features_key
    except NoChampion:
        return None


def _watch_terminal(over: threading.Event) -> None:
    """Say SIGHUP if the terminal goes and nobody else does: a program that is no child of its shell hears nothing.

    Reading from a terminal that is gone returns at once, and Textual would do so for ever.
    """
    terminal = select.poll()
    terminal.register(sys.stdin.fileno(), 0)  # being hung up is always told
    while not over.wait(_LOOKED_AT_SECONDS):
        if terminal.poll(0):
            os.kill(os.getpid(), signal.SIGHUP)
            return


@contextmanager
def _ended_by_signals(app: "ReviewApp", desk: "Desk", ended: list[int]) -> Iterator[None]:
    """SIGTERM, and SIGHUP when ssh or the window goes, leave the screen as `q` does; `ended` then says so.

    A screen whose terminal is gone may never end: Textual waits for a thread that died of writing to it. So what is in
    hand is given back, and the program ended, whether the screen ends or not.
    """

    def give_up() -> None:
        try:
            _close(desk, hurry=True)
        finally:  # what is not saved may not be said either: nobody reads it any more
            os._exit(128 + ended[0])

    without_screen = threading.Timer(_HANGUP_SECONDS, give_up)
    without_screen.daemon = True

    def leave(number: int, _frame: object) -> None:
        ended.append(number)
        if len(ended) == 1:
            without_screen.start()
        app.leave()

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, leave) for number in numbers}
    over = threading.Event()
    threading.Thread(target=_watch_terminal, args=(over,), name="terminal", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        without_screen.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _close(desk: "Desk", *, hurry: bool) -> bool:
    """Save what was said and give everything back. False: something could not be saved, and which is said."""
    from review.terminal import words

    if desk.unsaved and not hurry:
        note(f"waiting for the database to save {len(desk.unsaved)} answer(s); Ctrl-C gives them up")
    lost = desk.close(_HANGUP_SECONDS if hurry else None)
    for answer in lost:
        note(f"! not saved: item {answer.item_id}, {words.verdict(answer.kind, answer.label, answer.free_name)}")
    return not lost
