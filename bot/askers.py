"""`bearbot bot askers ...`: who asks, who is let in or kept out, and whose data goes, from outside the chat."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from model.console import WholeNumber, note, one_line_errors, print_json

if TYPE_CHECKING:  # imported in the commands: `--help` loads neither SQLAlchemy nor pydantic
    from review.database import Database
    from review.settings import ReviewSettings

_ID = WholeNumber(1, 2**52, "`bearbot bot askers list` shows them")  # Telegram's own bound of a user's number
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
_PAGE = 500


@click.group()
def askers() -> None:
    """See who asks, let people in, keep them out, and delete what they gave.

    People are named by their number in Telegram, which `list` and, to somebody who is not let in, the bot tells.

    \b
    Example:
      bearbot bot askers list --blocked
      bearbot bot askers block 730000017
    """


@askers.command("list")
@click.option("--blocked", is_flag=True, help="Only those who are blocked.")
@_json
def list_askers(blocked: bool, as_json: bool) -> None:
    """Who asks, with the number of their photos, in the order of their numbers.

    \b
    Example:
      bearbot bot askers list --json | jq 'select(.photos > 100)'
    """
    from review.admission import known_askers
    from review.cli.installation import nothing_yet

    if (sentence := nothing_yet()) is not None:  # nobody has asked, which is no failure
        note(sentence)
        return
    after, any_yet = 0, False
    with _opened() as (_, database):
        while True:
            with database.read() as session:
                page = known_askers(session, blocked_only=blocked, after=after, limit=_PAGE)
            for one in page:
                if as_json:
                    print_json(
                        {
                            "id": one.telegram_user_id,
                            "photos": one.photos,
                            "known_since": one.known_since.isoformat(),
                            "admitted_at": one.admitted_at.isoformat() if one.admitted_at else None,
                            "blocked_at": one.blocked_at.isoformat() if one.blocked_at else None,
                        }
                    )
                    continue
                if not any_yet:
                    click.echo(f"{'ID':>16}  {'PHOTOS':>6}  {'KNOWN SINCE':<11}  STATE")
                any_yet = True
                state = "blocked" if one.blocked_at else "invited" if one.admitted_at else ""
                click.echo(
                    f"{one.telegram_user_id:>16}  {one.photos:>6}  {one.known_since:%Y-%m-%d}   {state}".rstrip()
                )
            if len(page) < _PAGE:
                break
            after = page[-1].telegram_user_id
    if not any_yet and not as_json:
        note("nobody is blocked" if blocked else "nobody has asked yet")


@askers.command()
@click.argument("id", type=_ID)
@_json
def block(id: int, as_json: bool) -> None:
    """Hear nothing from a person any more: what they send is dropped, and they hear nothing either.

    \b
    Example:
      bearbot bot askers block 730000017
    """
    from review.admission import block as run_block
    from review.clock import utc_now

    with _opened() as (_, database), database.write() as session:
        run_block(session, id, utc_now())
    _report({"id": id, "blocked": True}, f"{id} is blocked (moderators and admins pass all the same)", as_json)


@askers.command()
@click.argument("id", type=_ID)
@_json
def unblock(id: int, as_json: bool) -> None:
    """Hear from a person again. The exit status is 1 if they were not blocked.

    \b
    Example:
      bearbot bot askers unblock 730000017
    """
    from review.admission import unblock as run_unblock

    with _opened() as (_, database), database.write() as session:
        was_blocked = run_unblock(session, id)
    if was_blocked:
        _report({"id": id, "blocked": False}, f"{id} is no longer blocked", as_json)
        return
    if as_json:
        print_json({"id": id, "blocked": False, "error": "was not blocked"})
    note(f"error: {id} was not blocked: `bearbot bot askers list --blocked` shows who is")
    sys.exit(1)


@askers.command()
@click.option("--uses", type=WholeNumber(1, 1000), default=1, show_default=True, help="How many people it lets in.")
@click.option("--days", type=WholeNumber(1, 365), default=7, show_default=True, help="How long it holds.")
@click.option("--bot", "bot_name", help="The bot's user name, for a link that opens it.")
@_json
def invite(uses: int, days: int, bot_name: str | None, as_json: bool) -> None:
    """Print an invitation, for a bot with BOT_ACCESS=invitation. It is told once: only its sha256 is kept.

    \b
    Example:
      bearbot bot askers invite --uses 5 --bot my_bear_bot
    """
    import secrets
    from datetime import timedelta

    from review.admission import invite as run_invite
    from review.clock import utc_now

    code = secrets.token_hex(16)
    now = utc_now()
    with _opened() as (_, database), database.write() as session:
        run_invite(session, code, uses=uses, lasts=timedelta(days=days), now=now)
    link = f"https://t.me/{bot_name.removeprefix('@')}?start={code}" if bot_name else None
    expires = now + timedelta(days=days)
    row: dict[str, object] = {"code": code, "link": link, "uses": uses, "expires_at": expires.isoformat()}
    _report(row, link or f"/start {code}", as_json)
    if not as_json:  # stdout has what is to be handed on, and nothing else
        who = "whoever first" if uses == 1 else f"each of the first {uses} who"
        note(
            f"Hand this on: {who} {'opens the link and presses Start' if link else 'sends this line to the bot'} "
            f"until {expires:%Y-%m-%d %H:%M} UTC may use it."
            + ("" if link else " With --bot NAME you get a link instead.")
        )


@askers.command()
@click.argument("id", type=_ID)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_json
def erase(id: int, yes: bool, as_json: bool) -> None:
    """Delete everything that a person gave, as their own /delete_my_data does.

    \b
    Example:
      bearbot bot askers erase 730000017 --yes
    """
    from model.features import FeatureStore
    from model.settings import ModelSettings
    from review.erasure import erase_person, remove_photos
    from review.scrubbing import fold_log
    from review.storage import LocalImageStore

    with _opened() as (settings, database):
        if not yes:
            click.confirm(f"Delete all photos of {id} and all about them, for good?", abort=True, err=True)
        with database.write() as session:
            erased = erase_person(session, id)
        features = FeatureStore(ModelSettings.load().home / "features")
        remove_photos(database, LocalImageStore(settings.image_store), features, erased.photos)
        fold_log(database)
    count = f"{erased.submissions} photo{'' if erased.submissions == 1 else 's'}"
    _report({"id": id, "photos": erased.submissions}, f"{count} and all about {id} are deleted", as_json)


def _report(row: dict[str, object], sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(row)
    else:
        click.echo(sentence)


@contextmanager
def _opened() -> "Iterator[tuple[ReviewSettings, Database]]":
    """The database, up to date. Expected failures end the program in one line, with status 1."""
    from model.errors import ModelError
    from review.database import Database
    from review.errors import ReviewError
    from review.schema import require_current
    from review.settings import ReviewSettings

    with one_line_errors(ReviewError, ModelError, OSError):
        settings = ReviewSettings.load()
        database = Database(settings.database_url)
        try:
            require_current(database)
            yield settings, database
        finally:
            database.dispose()
