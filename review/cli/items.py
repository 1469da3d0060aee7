"""`bearbot review list` and `show`: what waits, what became of it, who said what."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from model.console import WholeNumber, note, print_json
from review.cli.options import Moment, Word, item_argument, json_option

if TYPE_CHECKING:  # imported in the commands: `--help` loads no SQLAlchemy
    from review.cli.installation import Installation
    from review.items import ItemView

_SCREENFUL = 50  # rows whose columns are made to fit one another
_REASONS = ("disputed", "out_of_domain", "low_confidence", "no_model", "audit")  # of `review.policy.Reason`; a test


@click.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is settled or withdrawn.")
@click.option("--settled", is_flag=True, help="Only what is settled.")
@click.option("--label", metavar="L", help='The model\'s guess; of what is settled, what people said ("none" too).')
@click.option("--reason", type=Word(_REASONS), help="The weightiest reason for which it waits.")
@click.option("--by", "reviewer", metavar="NAME", help="Only what this reviewer settled.")
@click.option("--since", type=Moment(), metavar="TIME", help="Opened or settled since then; 2d: in the last two days.")
@click.option("--limit", type=WholeNumber(1, 10**9), metavar="N", help="At most N items.")
@json_option
def list_items(
    everything: bool,
    settled: bool,
    label: str | None,
    reason: str | None,
    reviewer: str | None,
    since: datetime | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """What waits, in the order in which it should be looked at.

    Rows come as they are read, however many there are. What several people judge without seeing the model's answer is
    shown without it as long as it is open, and is under no --label.

    \b
    Example:
      bearbot review list --json | jq .id
      bearbot review list --settled --label none --since 7d
    """
    from review.cli.installation import nothing_yet, opened
    from review.cli.presentation import item_row, table
    from review.clock import utc_now
    from review.listing import EVERYTHING, OPEN, SETTLED, Wanted, stream

    if everything and settled:
        raise click.UsageError("--all and --settled exclude each other: --all shows what is settled, too")
    if (sentence := nothing_yet()) is not None:  # what waits is nothing, which is no failure
        note(sentence)
        return
    chosen = EVERYTHING if everything else SETTLED if settled or reviewer is not None else OPEN
    wanted = Wanted(chosen.statuses, label=label, reason=reason, reviewer=reviewer, since=since)
    with opened() as installation:
        if reviewer is not None:
            reviewer = _known(installation, reviewer)
        found = stream(installation.database, wanted, limit=limit, first=_SCREENFUL)
        first = next(found, None)
        if first is None:
            if label is not None:
                _refuse_unknown(installation, label)
            note(_nothing(wanted == Wanted(chosen.statuses), everything, settled))
            return
        found = chain([first], found)
        if as_json:
            for item in found:
                print_json(item_row(item, utc_now(), installation.images))
            return
        widths: list[int] = []
        for some in _screenfuls(found):
            click.echo(table(some, utc_now(), widths))


@click.command()
@item_argument
@json_option
def show(item_id: int, as_json: bool) -> None:
    """One item: its photo, what the model thought, who said what of it and when, what became of it.

    Of a gold item also what was said of it by whom it measured.

    \b
    Example:
      bearbot review show 17
    """
    from review import gold, items
    from review.cli.installation import opened
    from review.cli.presentation import card, item_row, said_line, said_row
    from review.clock import utc_now
    from review.history import history

    with opened() as installation:
        with installation.database.read() as session:
            item = items.view(session, item_id)
            said, measured = history(session, item), history(session, item, checks=True)
            since = gold.since(session, item_id)
        if as_json:
            row = item_row(item, utc_now(), installation.images)
            verdicts = {"verdicts": [said_row(one) for one in said], "checks": [said_row(one) for one in measured]}
            print_json({**row, "gold_since": since.isoformat() if since else None, **verdicts})
            return
        click.echo(card(item, utc_now(), installation.images))
        if since is not None:
            click.echo(f"gold        reviewers are measured by it since {since:%Y-%m-%d}")
        for title, found in (("said", said), ("measured", measured)):
            for number, one in enumerate(found):
                click.echo(f"{title if not number else '':<12}{said_line(one)}")


def _known(installation: "Installation", name: str) -> str:
    """The reviewer's name as it is kept; nobody of this name is wrong usage."""
    from review.errors import ReviewError
    from review.people import known_reviewer

    try:
        with installation.database.read() as session:
            return known_reviewer(session, name).name
    except ReviewError as error:
        raise click.UsageError(str(error)) from None


def _refuse_unknown(installation: "Installation", label: str) -> None:
    """Nothing was found under this label: if nothing ever is, that is wrong usage. Raises `ModelError`."""
    from review.errors import UnknownLabel
    from review.listing import EVERYTHING, Wanted, page
    from review.verdicts import parse_verdict

    with installation.database.read() as session:
        if page(session, Wanted(EVERYTHING.statuses, label=label), limit=1).items:
            return  # of an earlier model, maybe
    try:
        kind, wanted = parse_verdict(label, installation.labels)
    except UnknownLabel as error:
        raise click.UsageError(str(error)) from None
    if (meant := wanted or kind.value) != label:
        raise click.UsageError(f"unknown label {label!r}: did you mean {meant!r}?")


def _screenfuls(found: Iterator["ItemView"]) -> Iterator[list["ItemView"]]:
    while some := list(islice(found, _SCREENFUL)):
        yield some


def _nothing(everything_asked: bool, everything: bool, settled: bool) -> str:
    if not everything_asked:
        return "there is no such item"
    if everything:
        return "nothing was ever sent to review"
    return "nothing is settled yet" if settled else "nothing waits for review"
