"""`bearbot review label`, `skip`, `defer`, `undo`, `reopen`, `split`: what reviewers say, for scripts."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from model.console import print_json
from review.cli.options import (
    ItemNumber,
    Length,
    as_option,
    item_argument,
    items_argument,
    json_option,
    reviewer_name,
    seconds_option,
)
from review.phrases import one_line

if TYPE_CHECKING:  # imported in the commands: `--help` loads no SQLAlchemy
    from sqlalchemy.orm import Session

    from review.cli.installation import Installation
    from review.tables import Reviewer

_LONGEST_NAME = 64  # what the database holds
_LONGEST_NOTE = 200


class _Ids(click.Argument):
    """The numbers before the label: whoever gives one thing alone is told which of both is missing."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """As click does; the label is known already."""
        try:
            return super().process_value(ctx, value)
        except click.MissingParameter:
            if str(ctx.params.get("label", "")).isdecimal():
                raise click.UsageError("Missing argument 'LABEL', as in `bearbot review label 17 grizzly`.") from None
            raise


@click.command()
@click.argument("item_ids", metavar="ID...", nargs=-1, required=True, type=ItemNumber(), cls=_Ids)
@click.argument("label", is_eager=True)
@click.option("--name", "free_name", metavar="TEXT", help='With "none": what it shows instead, as in "polar bear".')
@seconds_option
@as_option
@json_option
def label(
    item_ids: tuple[int, ...],
    label: str,
    free_name: str | None,
    seconds: float | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Settle items: a LABEL of the model, "none" for none of these, "cant_tell" to leave it to others.

    Askers are told by the running bot. Refused while somebody else holds the item. Each of several items is settled by
    itself: what is refused is named, and the exit status is then 1.

    \b
    Example:
      bearbot review label 17 grizzly --as mo
      bearbot review label 18 19 none --name "polar bear" --as mo
    """
    from review import gold, items, judging, standing_verdicts
    from review.cli.installation import opened
    from review.cli.presentation import item_row
    from review.clock import utc_now
    from review.judging import Circumstances
    from review.tables import Channel, VerdictKind
    from review.verdicts import parse_verdict

    how = Circumstances(channel=Channel.COMMAND, seconds=seconds)
    with opened() as installation:
        kind, wanted = parse_verdict(label, installation.labels)
        free_name = _text("--name", free_name, _LONGEST_NAME) if free_name is not None else None
        if free_name is not None and kind is not VerdictKind.NONE:
            raise click.UsageError(f'--name goes with "none" and says what the photo shows instead, not with {label!r}')

        def settle(session: "Session", reviewer: "Reviewer", item_id: int) -> str:
            alike = items.view(session, item_id).group_size
            before = standing_verdicts.said_blindly(session, item_id, reviewer)
            same = before is not None and (before.kind, before.label) == (kind, wanted)
            again = same and free_name in (None, before.free_name if before is not None else None)
            final = None
            if not again:
                final = judging.settle(
                    session, item_id, reviewer, kind=kind, label=wanted, free_name=free_name, how=how, now=utc_now()
                )
            item = gold.shown(session, item_id, reviewer)
            if as_json:
                rows.append(item_row(item, utc_now(), installation.images))
            if final is None:
                if again:
                    return f"item {item_id} stays open: you have already said {wanted or kind}; others must say so, too"
                if kind is VerdictKind.CANT_TELL:
                    return f"item {item_id} stays open, for others to tell"
                return f"item {item_id} stays open: {_why_open(item.needs_adjudicator)}"
            also = f"; with it its near-duplicates, {alike} at most" if alike else ""
            return f"item {item_id} is settled: {final}, said {item.settled_by}{also}"

        rows: list[dict[str, object]] = []
        _each(installation, name, item_ids, settle, rows if as_json else None)


@click.command()
@items_argument
@as_option
def skip(item_ids: tuple[int, ...], name: str | None) -> None:
    """Leave items to others: you get them again only when nothing else waits.

    \b
    Example:
      bearbot review skip 17 --as mo
    """
    from review import judging
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.judging import Circumstances
    from review.tables import Channel, VerdictKind

    def settle(session: "Session", reviewer: "Reviewer", item_id: int) -> str:
        how = Circumstances(channel=Channel.COMMAND)
        judging.settle(session, item_id, reviewer, kind=VerdictKind.SKIP, how=how, now=utc_now())
        return f"item {item_id} is left to others"

    with opened() as installation:
        _each(installation, name, item_ids, settle)


@click.command()
@items_argument
@click.option(
    "--for", "length", type=Length(), default="1d", show_default=True, metavar="TIME", help="30m, 2h, 3d, 1w."
)
@as_option
def defer(item_ids: tuple[int, ...], length: timedelta, name: str | None) -> None:
    """Put items off: nobody is given them before the time is up. `undo` brings them back at once.

    \b
    Example:
      bearbot review defer 17 --for 2h --as mo
    """
    from review import judging
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.judging import Circumstances
    from review.tables import Channel, VerdictKind

    def settle(session: "Session", reviewer: "Reviewer", item_id: int) -> str:
        until, how = utc_now() + length, Circumstances(channel=Channel.COMMAND)
        judging.settle(session, item_id, reviewer, kind=VerdictKind.DEFER, deferred_until=until, how=how, now=utc_now())
        return f"item {item_id} is put off until {until:%Y-%m-%d %H:%M} UTC"

    with opened() as installation:
        _each(installation, name, item_ids, settle)


@click.command()
@click.argument("item_id", metavar="[ID]", required=False, type=ItemNumber())
@as_option
def undo(item_id: int | None, name: str | None) -> None:
    """Take your last verdict back (or your last on item ID); again for the one before it, without limit.

    The item is open again; if it is settled otherwise, the asker is corrected.

    \b
    Example:
      bearbot review undo --as mo
      bearbot review undo 17 --as mo
    """
    from review import judging, standing_verdicts
    from review.cli.installation import opened, reviewing
    from review.cli.presentation import taken_back
    from review.clock import utc_now

    with opened() as installation:
        with reviewing(installation, reviewer_name(name)) as (session, reviewer):
            last = standing_verdicts.last(session, reviewer, item_id=item_id)
            judging.undo(session, reviewer, item_id=item_id, now=utc_now())
            assert last is not None  # else `undo` refused
            told = taken_back(last.kind, last.label, last.item_id)
        click.echo(told)


@click.command()
@item_argument
@click.option("--because", "why", required=True, metavar="TEXT", help="Why people should look once more.")
@as_option
def reopen(item_id: int, why: str, name: str | None) -> None:
    """Have people look at a settled item once more; what was said of it before settles nothing any more.

    If it is settled otherwise then, the asker is told the correction.

    \b
    Example:
      bearbot review reopen 17 --because "two bears, and it is the other one" --as mo
    """
    from review import gold, judging
    from review.cli.installation import opened, reviewing
    from review.clock import utc_now
    from review.judging import Circumstances
    from review.tables import Channel, ItemStatus

    why = _text("--because", why, _LONGEST_NOTE)
    with opened() as installation:
        with reviewing(installation, reviewer_name(name)) as (session, reviewer):
            was_open = gold.shown(session, item_id, reviewer).status is ItemStatus.OPEN
            judging.reopen(
                session, item_id, reviewer, note=why, how=Circumstances(channel=Channel.COMMAND), now=utc_now()
            )
        click.echo(f"item {item_id} is open {'already' if was_open else 'again'}")


@click.command()
@item_argument
def split(item_id: int) -> None:
    """Judge an item by itself that was taken for a near-duplicate of another; of a shown one, all that it stands for.

    \b
    Example:
      bearbot review split 17
    """
    from review import near_duplicates
    from review.cli.installation import opened

    with opened() as installation:
        with installation.database.write() as session:
            alone = near_duplicates.split(session, item_id)
        if alone:
            numbers = ", ".join(map(str, alone))
            click.echo(f"item{'s' if len(alone) > 1 else ''} {numbers} will be judged alone, and never grouped again")
        else:
            click.echo(f"item {item_id} is in no group: it is judged alone already")


def _each(
    installation: "Installation",
    name: str | None,
    item_ids: Sequence[int],
    say: Callable[["Session", "Reviewer", int], str],
    rows: list[dict[str, object]] | None = None,
) -> None:
    """Each in a transaction of its own; ends the program with status 1 if any was refused. `rows`: print those."""
    from review.cli.installation import one_by_one, reviewing

    def settle(item_id: int) -> None:
        with reviewing(installation, reviewer_name(name)) as (session, reviewer):
            told = say(session, reviewer, item_id)
        if rows is None:
            click.echo(told)
        else:
            print_json(rows.pop())

    one_by_one(item_ids, settle)


def _text(option: str, text: str, longest: int) -> str:
    text = one_line(text)
    if not 1 <= len(text) <= longest:
        raise click.UsageError(f"{option}: expected 1 to {longest} characters, got {len(text)}")
    return text


def _why_open(disagreement: bool) -> str:
    return (
        "reviewers disagree, and a moderator who said nothing of it yet decides"
        if disagreement
        else "more reviewers must say the same"
    )
