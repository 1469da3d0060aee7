"""`bearbot review who`: the people who review, one identity each in terminal, page and chat."""

from typing import TYPE_CHECKING

import click

from model.console import WholeNumber, aligned, note, print_json
from review.cli.options import json_option

if TYPE_CHECKING:  # imported in the commands: `--help` loads neither SQLAlchemy nor pydantic
    from collections.abc import Sequence

    from review.roster import Entry

_ROLES = ("reviewer", "moderator", "admin")
_LARGEST_ID = 2**52  # Telegram's ids have at most 52 bits

name_argument = click.argument("name")
telegram_option = click.option(
    "--telegram",
    "telegram_user_id",
    metavar="ID",
    type=WholeNumber(1, _LARGEST_ID, "@userinfobot in Telegram tells it"),
    help="Their number in Telegram.",
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def who(context: click.Context, as_json: bool) -> None:
    """Who reviews: roles, other names, how much they said, how reliable they are; without a command, everybody.

    A person who reviews in the chat, on the page and in the terminal is one reviewer once `link` says so.

    \b
    Example:
      bearbot review who
    """
    if context.invoked_subcommand is None:
        _list(as_json)
    elif as_json:
        raise click.UsageError(f"--json comes last: `bearbot review who {context.invoked_subcommand} --json`")


@who.command("list")
@json_option
def list_people(as_json: bool) -> None:
    """Everybody who may review, and who may no more.

    \b
    Example:
      bearbot review who list --json | jq -r .name
    """
    _list(as_json)


@who.command()
@name_argument
@click.option(
    "--role",
    type=click.Choice(_ROLES),
    help="Moderators and admins decide what others disagree on.  [default: as it was; reviewer]",
)
@telegram_option
@json_option
def add(name: str, role: str | None, telegram_user_id: int | None, as_json: bool) -> None:
    """NAME may review; brings back who was removed.

    Whoever reviews under a name that is new (--as NAME) is added by that. With --telegram a moderator may review in
    the chat, too.

    \b
    Example:
      bearbot review who add mo --role moderator --telegram 123456789
    """
    from review import roster
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.tables import Role

    with opened() as installation:
        with installation.database.write() as session:
            reviewer = roster.add(
                session,
                name,
                role=Role(role) if role else None,
                telegram_user_id=telegram_user_id,
                now=utc_now(),
            )
            entry = roster.entry(session, reviewer)
        _tell(entry, as_json, f"{entry.name} may review, as {entry.role}")


@who.command()
@name_argument
@telegram_option
@click.option("--same-as", "other", metavar="OTHER", help="Another name that NAME goes by.")
@json_option
def link(name: str, telegram_user_id: int | None, other: str | None, as_json: bool) -> None:
    """Make two identities one: NAME stays, and what the other said, and says, is NAME's.

    The higher of both roles stays.

    \b
    Example:
      bearbot review who link mo --telegram 123456789
      bearbot review who link mo --same-as mo-laptop
    """
    from review import roster
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.people import known_reviewer

    if (telegram_user_id is None) == (other is None):
        raise click.UsageError("expected one of --telegram ID and --same-as OTHER")
    with opened() as installation:
        with installation.database.write() as session:
            reviewer = known_reviewer(session, name)
            if telegram_user_id is not None:
                roster.link_telegram(session, reviewer, telegram_user_id, now=utc_now())
            else:
                roster.link(session, reviewer, known_reviewer(session, other or ""), now=utc_now())
            entry = roster.entry(session, reviewer)
        telegram = [f"Telegram's {user_id}" for user_id in entry.telegram_user_ids]
        _tell(entry, as_json, f"{entry.name} is also known as {', '.join([*entry.aliases, *telegram])}")


@who.command()
@name_argument
@json_option
def remove(name: str, as_json: bool) -> None:
    """NAME may review no more, anywhere: what they hold goes back to the queue; what they said stays.

    \b
    Example:
      bearbot review who remove mo
    """
    from review import roster
    from review.cli.installation import opened
    from review.clock import utc_now
    from review.people import known_reviewer

    with opened() as installation:
        with installation.database.write() as session:
            reviewer = known_reviewer(session, name)
            roster.remove(session, reviewer, utc_now())
            entry = roster.entry(session, reviewer)
        _tell(entry, as_json, f"{entry.name} may review no more; their verdicts stay")


@who.command()
@name_argument
@json_option
def login(name: str, as_json: bool) -> None:
    """Print, this once, the token with which NAME logs in at the page; the one before opens nothing any more.

    \b
    Example:
      bearbot review who login mo
    """
    from review import roster
    from review.cli.installation import opened

    with opened() as installation:
        with installation.database.write() as session:
            token = roster.login(session, name)
        if as_json:
            print_json({"name": name, "token": token})
        else:
            note(f"{name} logs in with this at the page of `bearbot review serve --host`; it is not shown again:")
            click.echo(token)


@who.command()
@json_option
def reliability(as_json: bool) -> None:
    """Measure anew how often each reviewer is right, and weigh their votes by it; the running bot does so daily.

    By gold items (`bearbot review gold`), and by what others say of the same items without seeing it (Dawid & Skene
    1979). Nothing is said of who judged fewer than 20 of these: their votes count in full.

    \b
    Example:
      bearbot review who reliability
    """
    from review import reliability, roster
    from review.cli.installation import opened
    from review.consensus import weight
    from review.phrases import percent

    with opened() as installation:
        with installation.database.read() as session:
            measured = reliability.measure(session)
        with installation.database.write() as session:
            reliability.record(session, measured)
            people = roster.named(session, measured)
        rows = [("NAME", "JUDGED", "RELIABLE", "A VOTE WEIGHS")]
        for name, found in people.items():
            if as_json:
                print_json({"name": name, "judged": found.judged, "reliability": found.chance})
            shown = "not known yet" if found.chance is None else percent(found.chance)
            rows.append((name, str(found.judged), shown, f"{weight(found.chance):.2f}"))
        if not people:
            note("nobody can be measured yet: that takes gold items, or items that several judge blindly")
        elif not as_json:
            click.echo(aligned(rows))


def _list(as_json: bool) -> None:
    from review import roster
    from review.cli.installation import nothing_yet, opened

    if (sentence := nothing_yet()) is not None:  # nobody reviews, which is no failure
        note(sentence)
        return
    with opened() as installation:
        with installation.database.read() as session:
            people = roster.entries(session)
        if as_json:
            for one in people:
                print_json(one.to_json())
        elif people:
            click.echo(_table(people))
        else:
            note("nobody reviewed yet: `bearbot review --as NAME` begins")


def _tell(entry: "Entry", as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(entry.to_json())
    else:
        click.echo(sentence)


def _table(people: "Sequence[Entry]") -> str:
    from review.phrases import percent

    rows = [("NAME", "ROLE", "VERDICTS", "LAST", "RELIABLE", "ALSO")]
    for one in people:
        telegram = [f"Telegram's {user_id}" for user_id in one.telegram_user_ids]
        rows.append(
            (
                one.name,
                one.role.value if one.removed_at is None else "removed",
                str(one.verdicts),
                f"{one.last_verdict_at:%Y-%m-%d}" if one.last_verdict_at else "-",
                "-" if one.reliability is None else percent(one.reliability),
                ", ".join([*one.aliases, *telegram]) or "-",
            )
        )
    return aligned(rows)
