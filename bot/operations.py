"""`bearbot bot ...`: looking after a running bot from outside it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bot.askers import askers
from model.console import WholeNumber, note, one_line_errors, print_json

if TYPE_CHECKING:  # imported in the commands: `--help` loads neither SQLAlchemy nor pydantic
    from bot.unhandled import Unhandled
    from review.database import Database

# What the database can hold; anything else was never an update.
_ID = WholeNumber(0, 2**63 - 1, "`bearbot bot inbox list` shows them")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")


@click.group("bot")
def bot_group() -> None:
    """Look after the bot, also while it runs.

    \b
    Example:
      bearbot bot inbox list
    """


bot_group.add_command(askers)


@bot_group.group()
def inbox() -> None:
    """See what people sent and the bot could not handle yet, try it again, or give it up.

    An update (a message, a tap on a button) is set aside when handling it fails again and again.

    \b
    Example:
      bearbot bot inbox list
      bearbot bot inbox retry --all
    """


@inbox.command("list")
@click.option("--payload", "with_payload", is_flag=True, help="Also what people wrote, with their names.")
@json_option
def list_updates(with_payload: bool, as_json: bool) -> None:
    """What waits to be handled or was set aside, the oldest first.

    \b
    Example:
      bearbot bot inbox list --json | jq 'select(.state == "set_aside") | .update_id'
    """
    from bot.unhandled import unhandled
    from review.cli.installation import nothing_yet
    from review.clock import utc_now
    from review.phrases import duration

    if (sentence := nothing_yet()) is not None:  # what waits is nothing, which is no failure
        note(sentence)
        return
    with _opened() as database, database.read() as session:  # closed before printing: a pager may stay open overnight
        found = unhandled(session)
    now = utc_now()

    def age(update: "Unhandled") -> float:
        return max((now - update.received_at).total_seconds(), 0.0)

    if not found and not as_json:
        note("nothing waits, and nothing was set aside")
    elif not as_json:
        click.echo(f"{'ID':>12}  {'STATE':<9}  {'KIND':<13}  {'WAITS':<18}  {'ATTEMPTS':>8}  ERROR")
    for update in found:
        row = _row(update, age(update))
        if as_json:
            print_json({**row, "payload": update.payload} if with_payload else row)
            continue
        click.echo(
            f"{update.update_id:>12}  {row['state']:<9}  {row['kind']:<13}  {duration(age(update)):<18}  "
            f"{update.attempts:>8}  {update.error or ''}".rstrip()
        )
        if with_payload:
            click.echo(f"{'':>12}  {_escaped(update.payload)}")


@inbox.command()
@click.argument("ids", metavar="[ID]...", nargs=-1, type=_ID)
@click.option("--all", "everything", is_flag=True, help="All that was set aside.")
@json_option
def retry(ids: tuple[int, ...], everything: bool, as_json: bool) -> None:
    """Have updates that were set aside handled at once, with as many attempts as new ones.

    A running bot begins within a second, another at its next start. The exit status is 1 if an ID was not set aside.

    \b
    Example:
      bearbot bot inbox retry 730000017 730000018
    """
    from bot.unhandled import retry as run_retry
    from review.clock import utc_now

    if bool(ids) == everything:
        raise click.UsageError("name the IDs (`bearbot bot inbox list` shows them), or --all")
    with _opened() as database, database.write() as session:
        done = run_retry(session, None if everything else ids, utc_now())
    _report(done, ids, "retried", "is tried again", "was not set aside", as_json)
    if everything and not done and not as_json:
        note("nothing was set aside")


@inbox.command()
@click.argument("ids", metavar="ID...", nargs=-1, type=_ID)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def drop(ids: tuple[int, ...], yes: bool, as_json: bool) -> None:
    """Give updates up for good: what people sent with them is deleted, and nobody is told.

    The exit status is 1 if an ID is unknown or was handled before.

    \b
    Example:
      bearbot bot inbox drop 730000017 --yes
    """
    from bot.unhandled import drop as run_drop
    from review.clock import utc_now

    if not ids:
        raise click.UsageError("name the IDs: `bearbot bot inbox list` shows them")
    with _opened() as database:
        if not yes:
            what = "update" if len(ids) == 1 else f"{len(ids)} updates"
            click.confirm(f"Delete what people sent with the {what}, for good?", abort=True, err=True)
        with database.write() as session:
            done = run_drop(session, ids, utc_now())
    _report(done, ids, "dropped", "is dropped", "is unknown or was handled before", as_json)


def _report(done: list[int], ids: tuple[int, ...], key: str, good: str, bad: str, as_json: bool) -> None:
    for update_id in done:
        if as_json:
            print_json({"update_id": update_id, key: True})
        else:
            click.echo(f"{update_id} {good}")
    failed = [update_id for update_id in dict.fromkeys(ids) if update_id not in done]
    for update_id in failed:
        if as_json:
            print_json({"update_id": update_id, key: False, "error": bad})
        else:
            note(f"error: {update_id} {bad}")
    if failed:
        sys.exit(1)


def _row(update: "Unhandled", age: float) -> dict[str, object]:
    from bot.updates import kind_of

    return {
        "update_id": update.update_id,
        "state": "set_aside" if update.is_set_aside else "pending",
        "kind": kind_of(update.payload).value,
        "received_at": update.received_at.isoformat(),
        "age_seconds": round(age),
        "attempts": update.attempts,
        "next_attempt_at": None if update.is_set_aside else update.next_attempt_at.isoformat(),
        "error": update.error,
    }


def _escaped(payload: object) -> str:
    """As JSON in plain ASCII: nothing that people wrote reaches the terminal as a command."""
    import json

    return json.dumps(payload)


@contextmanager
def _opened() -> "Iterator[Database]":
    """The database, up to date. Expected failures end the program in one line, with status 1."""
    from model.errors import ModelError
    from review.database import Database
    from review.errors import ReviewError
    from review.schema import require_current
    from review.settings import ReviewSettings

    with one_line_errors(ReviewError, ModelError, OSError):
        database = Database(ReviewSettings.load().database_url)
        try:
            require_current(database)
            yield database
        finally:
            database.dispose()
