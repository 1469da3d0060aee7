"""Reviewing in the terminal, one key (or word) an item, until the queue is empty or the reviewer has had enough."""

from dataclasses import dataclass

import click

from review import gold, items, judging, queue
from review.cli.installation import Installation
from review.cli.presentation import card
from review.clock import utc_now
from review.errors import ReviewError
from review.items import ItemView
from review.people import reviewer_named
from review.queue import Claim
from review.tables import Channel, VerdictKind
from review.verdicts import parse_verdict

_HELP = "[{labels}]  [n] none of these  [?] can't tell  [s] skip  [u] undo  [q] quit"


@dataclass(frozen=True)
class _Answer:
    """What the reviewer said of an item."""

    kind: VerdictKind
    label: str | None


def converse(installation: Installation, name: str) -> None:
    """Claim, show, ask, settle; on leaving (also by Ctrl-C) what is held goes back to the queue."""
    settled = 0
    while (found := _claim(installation, name)) is not None:
        claim, item = found
        done = False
        try:
            _show(installation, item)
            answer = _ask(installation, name, claim)
            if answer is None:
                break
            _settle(installation, name, claim, answer)
            done = True
            settled += 1
        except ReviewError as error:
            click.echo(f"! {error}")
        finally:
            if not done:
                with installation.database.write() as session:
                    queue.release(session, claim.item_id, claim.token)
    else:
        click.echo("Nothing waits for review.")
    click.echo(f"{settled} looked at. Thank you!")


def _claim(installation: Installation, name: str) -> tuple[Claim, ItemView] | None:
    with installation.database.write() as session:
        reviewer = reviewer_named(session, name, utc_now())
        claim = queue.claim_next(
            session,
            reviewer,
            lease=installation.lease,
            now=utc_now(),
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
    numbered = "  ".join(f"{number} {label}" for number, label in enumerate(installation.labels, start=1))
    click.echo(_HELP.format(labels=numbered))
    while True:
        typed = click.prompt("What is it", prompt_suffix="? ").strip()
        match typed.casefold():
            case "q" | "quit":
                return None
            case "s" | "skip":
                return _Answer(VerdictKind.SKIP, None)
            case "?" | "cant_tell":
                return _Answer(VerdictKind.CANT_TELL, None)
            case "u" | "undo":
                _undo(installation, name)
                click.echo(f"first item {claim.item_id}, shown above")
            case "n":
                return _Answer(VerdictKind.NONE, None)
            case number if number.isdecimal() and 1 <= int(number) <= len(installation.labels):
                return _Answer(VerdictKind.LABEL, installation.labels[int(number) - 1])
            case _:
                try:
                    return _Answer(*parse_verdict(typed, installation.labels))
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


def _settle(installation: Installation, name: str, claim: Claim, answer: _Answer) -> None:
    with installation.database.write() as session:
        reviewer = reviewer_named(session, name, utc_now())
        judging.settle(
            session,
            claim.item_id,
            reviewer,
            kind=answer.kind,
            label=answer.label,
            token=claim.token,
            now=utc_now(),
        )
