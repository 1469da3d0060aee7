"""Reviewing in the terminal, one key (or word) an item, until the queue is empty or the reviewer has had enough."""

import time
from dataclasses import dataclass

import click

from review import gold, items, judging, queue
from review.cli.installation import Installation
from review.cli.presentation import card
from review.clock import utc_now
from review.errors import ReviewError
from review.items import ItemView
from review.judging import Circumstances
from review.people import reviewer_named
from review.phrases import one_line
from review.queue import Claim
from review.slate import Slate
from review.tables import Channel, VerdictKind
from review.terminal.desk import DEFERRED_FOR
from review.terminal.keys import ANSWERS, Command, Keys
from review.verdicts import parse_verdict

_HELP = "[{labels}]  [n] none of these  [c] can't tell  [s] skip  [d] later  [u] undo  [?] keys  [q] quit"
_KEYS = """\
[{labels}], a label's name, or its first letter where that does nothing else
[n] none of these              [N] none of these, and what it is instead
[c] can't tell: others will    [s] skip: leave it to others
[d] later: in an hour          [u] take your last answer back, as often as you like
[?] these keys                 [q] quit: what you hold goes back to the queue"""
_LONGEST_NAME = 64
# What may be written out, as well as the key.
_WORDS = {
    "quit": Command.QUIT,
    "skip": Command.SKIP,
    "later": Command.DEFER,
    "undo": Command.UNDO,
    "help": Command.HELP,
}


@dataclass(frozen=True)
class _Answer:
    """What the reviewer said of an item."""

    kind: VerdictKind
    label: str | None = None
    free_name: str | None = None


def converse(installation: Installation, name: str) -> None:
    """Claim, show, ask, settle; on leaving (also by Ctrl-C) what is held goes back to the queue."""
    settled = 0
    slate = Slate.of(installation.database, installation.registry)
    slate.refresh()
    while (found := _claim(installation, name, slate)) is not None:
        claim, item = found
        done = False
        try:
            _show(installation, item)
            since = time.monotonic()
            answer = _ask(installation, name, claim)
            if answer is None:
                break
            how = Circumstances(
                channel=Channel.COMMAND,
                seconds=round(time.monotonic() - since, 3),
                answer_shown=item.suggested_label is not None and not item.blind,
            )
            _settle(installation, name, claim, answer, how)
            done = True
            settled += 1
        except ReviewError as error:
            click.echo(f"! {error}")
        finally:
            if not done:
                with installation.database.write() as session:
                    queue.release(session, claim.item_id, claim.token)
    else:
        with installation.database.read() as session:
            left = items.count_open(session)
        click.echo(
            "Nothing waits for you: what is left is in others' hands or put off, or you left it to others."
            if left
            else "Nothing waits for review."
        )
    click.echo(f"{settled} looked at. Thank you!")


def _claim(installation: Installation, name: str, slate: Slate) -> tuple[Claim, ItemView] | None:
    with installation.database.write() as session:
        reviewer = reviewer_named(session, name, utc_now())
        claim = queue.claim_next(
            session,
            reviewer,
            lease=installation.lease,
            now=utc_now(),
            first=slate.order(),
            gold_rate=installation.gold_rate,
            at=Channel.COMMAND,
        )
        return None if claim is None else (claim, gold.shown(session, claim.item_id, reviewer))


def _show(installation: Installation, item: ItemView) -> None:
    with installation.database.read() as session:
        left = max(0, items.count_open(session) - 1)  # nobody sees at what is not open itself that it is not
    click.echo()
    click.echo(card(item, utc_now(), installation.images))
    click.echo(f"queue       {left} more")


def _ask(installation: Installation, name: str, claim: Claim) -> _Answer | None:
    """Until there is an answer that means something; None: quit."""
    labels, keys = installation.labels, Keys(installation.labels)
    numbered = "  ".join(f"{number} {label}" for number, label in enumerate(labels, start=1))
    click.echo(_HELP.format(labels=numbered))
    while True:
        typed = click.prompt("What is it", prompt_suffix="? ").strip()
        command = keys.command(typed) or _WORDS.get(typed.casefold())
        if command is Command.QUIT:
            return None
        if command in ANSWERS:
            return _Answer(ANSWERS[command])
        if command is Command.NAME:
            named = click.prompt("None of these. What does it show", prompt_suffix="? ")
            free_name = one_line(named)
            if 0 < len(free_name) <= _LONGEST_NAME:
                return _Answer(VerdictKind.NONE, free_name=free_name)
            click.echo(f"! expected a name of 1 to {_LONGEST_NAME} characters, got {len(free_name)}")
        elif command is Command.UNDO:
            _undo(installation, name)
            click.echo(f"first item {claim.item_id}, shown above")
        elif command is Command.HELP:
            click.echo(_KEYS.format(labels=numbered))
        elif typed.isdecimal() and 1 <= int(typed) <= len(labels):
            return _Answer(VerdictKind.LABEL, labels[int(typed) - 1])
        elif (label := keys.label(typed.casefold())) is not None:
            return _Answer(VerdictKind.LABEL, label)
        else:
            try:
                return _Answer(*parse_verdict(typed, labels))
            except ReviewError as error:
                click.echo(f"! {error}")
                click.echo(_HELP.format(labels=numbered))


def _undo(installation: Installation, name: str) -> None:
    try:
        with installation.database.write() as session:
            item_id = judging.undo(session, reviewer_named(session, name, utc_now()), now=utc_now())
    except ReviewError as error:
        click.echo(f"! {error}")
    else:
        click.echo(f"your verdict on item {item_id} is taken back: it comes again")


def _settle(installation: Installation, name: str, claim: Claim, answer: _Answer, how: Circumstances) -> None:
    with installation.database.write() as session:
        reviewer = reviewer_named(session, name, utc_now())
        now = utc_now()
        judging.settle(
            session,
            claim.item_id,
            reviewer,
            kind=answer.kind,
            label=answer.label,
            free_name=answer.free_name,
            token=claim.token,
            deferred_until=now + DEFERRED_FOR if answer.kind is VerdictKind.DEFER else None,
            how=how,
            now=now,
        )
