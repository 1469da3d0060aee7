"""`bearbot review ...`: what waits for people, and what they say of it."""

import shlex
import sys
from typing import TYPE_CHECKING

import click

from model.console import note, print_json
from review.cli.export import export
from review.cli.gold import gold
from review.cli.import_verdicts import import_verdicts
from review.cli.items import list_items, show
from review.cli.options import as_option, json_option, reviewer_name
from review.cli.serve import serve
from review.cli.stats import stats
from review.cli.verdicts import defer, label, reopen, skip, split, undo
from review.cli.who import who

if TYPE_CHECKING:  # imported in the commands: `--help` loads neither SQLAlchemy nor pydantic
    from review.cli.installation import Installation
    from review.items import ItemView


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
    from review.cli.installation import introduced, opened
    from review.cli.presentation import card
    from review.clock import utc_now

    with opened() as installation:
        if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            from review.cli.dialogue import converse

            try:
                converse(installation, introduced(installation, reviewer_name(name)))
            except click.Abort as ended:
                if isinstance(ended.__context__, KeyboardInterrupt):  # as elsewhere; a prompt makes an Abort of it
                    raise KeyboardInterrupt from None
                raise
            return
        item = _claimed(installation, reviewer_name(name))
        if item is None:
            note("nothing waits for review")
        elif as_json:
            _print(installation, item)
        else:
            click.echo(card(item, utc_now(), installation.images))
            click.echo(f"settle it    bearbot review label {item.id} LABEL --as {shlex.quote(reviewer_name(name))}")
            click.echo(f"LABEL is     {', '.join(installation.labels)}, none or cant_tell")


for command in (list_items, show, label, skip, defer, undo, reopen, split):
    review.add_command(command)
for command in (stats, export, import_verdicts, who, gold, serve):
    review.add_command(command)


def _claimed(installation: "Installation", name: str) -> "ItemView | None":
    from review import gold, queue
    from review.cli.installation import reviewing
    from review.clock import utc_now
    from review.slate import Slate
    from review.tables import Channel

    first = Slate.of(installation.database, installation.registry).refresh()
    with reviewing(installation, name) as (session, reviewer):
        claim = queue.claim_next(
            session,
            reviewer,
            lease=installation.lease,
            now=utc_now(),
            first=first,
            gold_rate=installation.gold_rate,
            at=Channel.COMMAND,
        )
        return gold.shown(session, claim.item_id, reviewer) if claim else None


def _print(installation: "Installation", item: "ItemView") -> None:
    from review.cli.presentation import item_row
    from review.clock import utc_now

    print_json(item_row(item, utc_now(), installation.images))
