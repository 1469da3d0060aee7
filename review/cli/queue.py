"""`bearbot review ...`: what waits for people, and what they say of it."""

import sys
from typing import TYPE_CHECKING

import click

from model.console import note, print_json
from review.cli.serve import serve

if TYPE_CHECKING:  # imported in the commands: `--help` loads neither SQLAlchemy nor pydantic
    from review.cli.installation import Installation
    from review.items import ItemView

# What the database can hold; anything else was never an item.
item_argument = click.argument("item_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
as_option = click.option("--as", "name", metavar="NAME", help="Who you are.  [default: your login name]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")


@click.group(invoke_without_command=True)
@as_option
@click.option("--hide-answer", is_flag=True, help="Hide the model's answer: nobody is led by it.")
@click.option(
    "--graphics",
    type=click.Choice(["kitty", "sixel", "blocks"]),
    help="How photos are drawn.  [default: the best that the terminal can]",
)
@click.option("--dark/--light", "dark", default=None, help="Its colours.  [default: as the terminal's background]")
@click.pass_context
def review(
    context: click.Context, name: str | None, hide_answer: bool, graphics: str | None, dark: bool | None
) -> None:
    """See what waits for a person, and settle it: without a command, on a screen with one key a photo.

    The screen works over ssh and in tmux; `?` shows its keys. The commands are for scripts.

    \b
    Example:
      bearbot review --as mo
      bearbot review next --as mo
    """
    if context.invoked_subcommand is not None:
        if name is not None or hide_answer or graphics is not None or dark is not None:
            # Else `review --as mo label 17 grizzly` would be said by whoever is logged in, not by mo.
            raise click.UsageError(
                f"these options are the screen's; those of `{context.invoked_subcommand}` come after it, as in "
                f"`bearbot review {context.invoked_subcommand} --help`"
            )
        return
    from review.cli.screen import open_screen

    open_screen(reviewer_name(name), graphics=graphics, dark=dark, hide_answer=hide_answer)


@review.command("next")
@as_option
@json_option
def next_item(name: str | None, as_json: bool) -> None:
    """Claim the item that should be looked at first, and show it; on a terminal, go on with a key and Enter an item.

    A claimed item is yours until its lease ends (REVIEW_LEASE_SECONDS); nobody else is given it meanwhile.

    \b
    Example:
      bearbot review next --as mo
    """
    from review.cli.installation import opened
    from review.cli.presentation import card
    from review.clock import utc_now

    with opened() as installation:
        if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            from review.cli.dialogue import converse

            converse(installation, reviewer_name(name))
            return
        item = _claimed(installation, reviewer_name(name))
        if item is None:
            note("nothing waits for review")
        elif as_json:
            _print(installation, item)
        else:
            click.echo(card(item, utc_now(), installation.images))
            click.echo(f"settle it    bearbot review label {item.id} LABEL --as {reviewer_name(name)}")
            click.echo(f"LABEL is     {', '.join(installation.labels)}, none or cant_tell")


@review.command("list")
@click.option("--all", "everything", is_flag=True, help="Also what is settled.")
@json_option
def list_items(everything: bool, as_json: bool) -> None:
    """What waits, in the order in which it should be looked at.

    \b
    Example:
      bearbot review list --json | jq .id
    """
    from review import items
    from review.cli.installation import nothing_yet, opened
    from review.cli.presentation import table
    from review.clock import utc_now

    if (sentence := nothing_yet()) is not None:  # what waits is nothing, which is no failure
        note(sentence)
        return
    with opened() as installation:
        with installation.database.read() as session:  # closed before printing: a pager may stay open overnight
            found = items.list_items(session, everything=everything)
        if as_json:
            for item in found:
                _print(installation, item)
        elif found:
            click.echo(table(found, utc_now()))
        else:
            note("nothing waits for review" if not everything else "nothing was ever sent to review")


@review.command()
@item_argument
@json_option
def show(item_id: int, as_json: bool) -> None:
    """One item: its photo, what the model thought, what became of it.

    \b
    Example:
      bearbot review show 17
    """
    from review import items
    from review.cli.installation import opened
    from review.cli.presentation import card
    from review.clock import utc_now

    with opened() as installation:
        with installation.database.read() as session:
            item = items.view(session, item_id)
        if as_json:
            _print(installation, item)
        else:
            click.echo(card(item, utc_now(), installation.images))


@review.command()
@item_argument
@click.argument("label")
@as_option
@json_option
def label(item_id: int, label: str, name: str | None, as_json: bool) -> None:
    """Settle item ID: a LABEL of the model, "none" for none of these, "cant_tell" to leave it to others.

    The asker is told by the running bot. Refused while somebody else holds the item.

    \b
    Example:
      bearbot review label 17 grizzly --as mo
    """
    from review import items, judging
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.people import reviewer_named
    from review.verdicts import parse_verdict

    with opened() as installation:
        kind, wanted = parse_verdict(label, installation.labels)
        with installation.database.write() as session:
            reviewer = reviewer_named(session, reviewer_name(name), utc_now())
            final = judging.settle(session, item_id, reviewer, kind=kind, label=wanted, now=utc_now())
            item = items.view(session, item_id)
        if as_json:
            _print(installation, item)
        elif final is None:
            click.echo(f"item {item_id} stays open, for others to tell")
        else:
            click.echo(f"item {item_id} is settled: {final}, said {item.settled_by}")


@review.command()
@item_argument
@as_option
def skip(item_id: int, name: str | None) -> None:
    """Leave item ID to others: you get it again only when nothing else waits.

    \b
    Example:
      bearbot review skip 17 --as mo
    """
    from review import judging
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.people import reviewer_named
    from review.tables import VerdictKind

    with opened() as installation:
        with installation.database.write() as session:
            reviewer = reviewer_named(session, reviewer_name(name), utc_now())
            judging.settle(session, item_id, reviewer, kind=VerdictKind.SKIP, now=utc_now())
        click.echo(f"item {item_id} is left to others")


@review.command()
@as_option
def undo(name: str | None) -> None:
    """Take your last verdict back. The item is open again; if it is settled otherwise, the asker is corrected.

    \b
    Example:
      bearbot review undo --as mo
    """
    from review import judging
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.people import reviewer_named

    with opened() as installation:
        with installation.database.write() as session:
            item_id = judging.undo(session, reviewer_named(session, reviewer_name(name), utc_now()), now=utc_now())
        click.echo(f"your verdict on item {item_id} is taken back")


@review.command()
@json_option
def stats(as_json: bool) -> None:
    """How much waits and why, who settled how much, how often people agreed with the model.

    The last lines are from the model's card: what it promises of its answers, or that it promises nothing and why.

    \b
    Example:
      bearbot review stats
    """
    from review.cli.installation import opened
    from review.cli.presentation import figures
    from review.clock import utc_now
    from review.statistics import gather, promise_of

    with opened() as installation:
        with installation.database.read() as session:
            found = gather(session, utc_now())
        promise = promise_of(installation.registry)
        if as_json:
            print_json({**found.to_json(), "model": promise.to_json()})
        else:
            click.echo(figures(found, promise))


review.add_command(serve)


def _claimed(installation: "Installation", name: str) -> "ItemView | None":
    from review import items, queue
    from review.clock import utc_now
    from review.people import reviewer_named
    from review.slate import Slate

    first = Slate.of(installation.database, installation.registry).refresh()
    with installation.database.write() as session:
        reviewer = reviewer_named(session, name, utc_now())
        claim = queue.claim_next(session, reviewer, lease=installation.lease, now=utc_now(), first=first)
        return items.view(session, claim.item_id) if claim else None


def _print(installation: "Installation", item: "ItemView") -> None:
    from review.cli.presentation import item_row
    from review.clock import utc_now

    print_json(item_row(item, utc_now(), installation.images))


def reviewer_name(given: str | None) -> str:
    """Who reviews; the login name unless told otherwise."""
    import getpass

    if given is not None:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise click.UsageError("your login name is unknown here: say who you are with --as NAME") from None
