"""`bearbot review gold`: items with known answers, by which reviewers are measured."""

from typing import TYPE_CHECKING

import click

from model.console import aligned, note, print_json
from review.cli.options import items_argument, json_option

if TYPE_CHECKING:  # imported in the commands: `--help` loads neither SQLAlchemy nor pydantic
    from collections.abc import Sequence

    from review.gold import GoldItem


@click.group()
def gold() -> None:
    """Items with known answers, given to reviewers now and then as if they were open.

    REVIEW_GOLD_RATE says how often. Nobody gets one twice, or one that they judged before; what is said of it changes
    nothing but what `bearbot review who reliability` says of the reviewer.

    \b
    Example:
      bearbot review gold add 17 18
    """


@gold.command()
@items_argument
def add(item_ids: tuple[int, ...]) -> None:
    """Measure reviewers by these items: settled ones, of whose answer you are sure.

    Each by itself: what cannot be is named, and the exit status is then 1.

    \b
    Example:
      bearbot review gold add 17 18
    """
    from review import gold, items
    from review.cli.installation import one_by_one, opened
    from review.clock import utc_now
    from review.settings import ReviewSettings

    with opened() as installation:

        def measure_by(item_id: int) -> None:
            with installation.database.write() as session:
                gold.add(session, item_id, utc_now())
                label = items.view(session, item_id).final_label
            added.append(item_id)
            click.echo(f"item {item_id} measures reviewers: it is {label}")

        added: list[int] = []
        try:
            one_by_one(item_ids, measure_by)
        finally:
            if added and ReviewSettings.load().gold_rate == 0:
                note("no reviewer is given one as long as REVIEW_GOLD_RATE is 0: 0.05 makes it one in twenty")


@gold.command()
@items_argument
def remove(item_ids: tuple[int, ...]) -> None:
    """Measure nobody by these items any more; each by itself, as `add` does.

    \b
    Example:
      bearbot review gold remove 17
    """
    from review import gold
    from review.cli.installation import one_by_one, opened

    with opened() as installation:

        def leave(item_id: int) -> None:
            with installation.database.write() as session:
                gold.remove(session, item_id)
            click.echo(f"item {item_id} measures nobody any more")

        one_by_one(item_ids, leave)


@gold.command("list")
@json_option
def list_gold(as_json: bool) -> None:
    """All of them, how many reviewers were measured by each, and how many were right.

    What hardly anybody gets right may be settled wrongly.

    \b
    Example:
      bearbot review gold list --json | jq .item_id
    """
    from review import gold
    from review.cli.installation import nothing_yet, opened

    if (sentence := nothing_yet()) is not None:  # no item is gold, which is no failure
        note(sentence)
        return
    with opened() as installation:
        with installation.database.read() as session:
            found = gold.listed(session)
        if as_json:
            for one in found:
                print_json(one.to_json())
        elif found:
            click.echo(_table(found))
        else:
            note("there are no gold items: `bearbot review gold add ID` makes a settled item one")


def _table(found: "Sequence[GoldItem]") -> str:
    rows = [("ITEM", "LABEL", "SINCE", "CHECKED", "RIGHT")]
    rows += [(str(one.item_id), one.label, f"{one.since:%Y-%m-%d}", str(one.checks), str(one.right)) for one in found]
    return aligned(rows)
