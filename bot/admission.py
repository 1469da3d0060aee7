"""The gate before every handler: who may use the bot; and /invite, /block and /unblock, which open and shut it."""

import asyncio
import hashlib
import hmac
import logging
import re
from datetime import timedelta

from telegram import Chat, Message, Update, User

from bot.context import BotContext, Services
from bot.messages import item_on_card
from bot.privacy_keyboard import COMMANDS, PrivacyTap
from bot.settings import BotSettings
from bot.taps import acknowledge
from review import admission, outbox
from review.admission import Access, Entry, Redeemed
from review.clock import utc_now
from review.outbox import OutboxKind, Recipient
from review.people import acquaintance
from review.tables import Role

_log = logging.getLogger(__name__)

_START = re.compile(r"/start(?:@\w+)?\s+([A-Za-z0-9_-]{1,64})\s*")  # as an invitation's link makes Telegram send it
_COMMAND = re.compile(r"/(\w+)(?:@\w+)?(?:\s|$)")
_CODE_LETTERS = 32  # hexadecimal, 128 bits: nobody guesses one
_DEFAULT_USES, _DEFAULT_DAYS = 1, 7


async def passes(update: Update, context: BotContext) -> bool:
    """Whether the handlers see this update. Who is turned away hears how to get in, and never in a group.

    A command is answered each time, once a minute at most: whoever gives one waits for an answer. Anything else is
    answered once an hour: ten photos in a row need no ten refusals.

    Opening an invitation lets in, and then passes as /start does.
    """
    user = update.effective_user
    if user is None:
        return True  # of nobody: a channel's, or an anonymous admin's in a group
    caller, settings = context.caller, context.services.settings
    private = update.effective_chat is None or update.effective_chat.type == Chat.PRIVATE
    found = admission.entry(
        access=settings.access,
        reviews=caller.role is not None,
        blocked=caller.known.blocked,
        allowed=user.id in settings.allowed_askers,
        admitted=caller.known.admitted,
        about_own_data=private and _is_about_own_data(update),
    )
    if found is Entry.PASSES:
        return True
    _log.info("update not let in", extra={"update": update.update_id, "entry": found.value})
    if found is Entry.IGNORED:
        return False
    return await _turn_away(update, user, private, context)


async def invite(update: Update, context: BotContext) -> None:
    """/invite [PEOPLE] [DAYS]: a link that lets people in."""
    message, words, settings = update.effective_message, context.words, context.services.settings
    assert message is not None
    if context.caller.role is not Role.ADMIN:
        await message.reply_text(words("not-an-admin"))
        return
    numbers = [_number(text) for text in context.args or ()]
    uses, days = [*numbers, *(_DEFAULT_USES, _DEFAULT_DAYS)[len(numbers) :]][:2]
    if len(numbers) > 2 or uses is None or days is None or not _may_be(uses, days):
        await message.reply_text(words("invite-usage", uses=admission.MOST_USES, days=admission.LONGEST_DAYS))
        return
    if settings.access is not Access.INVITATION:
        await message.reply_text(words("invitation-not-needed", access=settings.access.value))
        return
    code = _code(settings, message)
    await asyncio.to_thread(_invite, context.services, code, uses, days)
    link = f"https://t.me/{context.bot.username}?start={code}"
    # Said here and nowhere kept: in the outbox anybody who reads the database could use it.
    await message.reply_text(words("invitation", uses=uses, days=days, link=link))


async def block(update: Update, context: BotContext) -> None:
    """/block in reply to a review card, for moderators; /block NUMBER, for admins."""
    await _block(update, context, "block")


async def unblock(update: Update, context: BotContext) -> None:
    """/unblock, as /block."""
    await _block(update, context, "unblock")


async def _block(update: Update, context: BotContext, command: str) -> None:
    message, words, role = update.effective_message, context.words, context.caller.role
    assert message is not None
    if role is None:
        await message.reply_text(words("not-a-moderator"))
        return
    card = message.reply_to_message
    item = item_on_card(card.caption or card.text or "") if card is not None else None
    if item is None and role is not Role.ADMIN and context.args:
        await message.reply_text(words("not-an-admin"))
        return
    named = _number(context.args[0]) if context.args and len(context.args) == 1 else None
    if (item is None) == (named is None):
        await message.reply_text(words("block-usage", command=command))
        return
    done = await asyncio.to_thread(_set_blocked, context.services, item, named, command == "block")
    await message.reply_text(words(f"block-{done}"))


def _set_blocked(services: Services, item: int | None, named: int | None, blocks: bool) -> str:
    """Returns what to say."""
    now = utc_now()
    with services.database.write() as session:
        user_id = named if item is None else admission.sender_of(session, item)
        if user_id is None:
            return "unknown"
        if not blocks:
            admission.unblock(session, user_id)
            return "undone"
        if services.settings.role_of(user_id, acquaintance(session, user_id).chat_access) is not None:
            return "refused"
        admission.block(session, user_id, now)
        return "done"


def _is_about_own_data(update: Update) -> bool:
    if update.callback_query is not None:
        return PrivacyTap.parse(update.callback_query.data) is not None
    found = _COMMAND.match((update.message.text if update.message else None) or "")
    return found is not None and found[1].lower() in COMMANDS


async def _turn_away(update: Update, user: User, private: bool, context: BotContext) -> bool:
    """True if the person is let in after all, by an invitation."""
    settings, words = context.services.settings, context.words
    if update.callback_query is not None:
        await acknowledge(update.callback_query, words(f"not-admitted-{settings.access}", user=str(user.id)))
        return False
    message = update.message
    if message is None or not private:
        return False
    code = _START.fullmatch(message.text or "")
    if code is not None and settings.access is Access.INVITATION:
        redeemed = await asyncio.to_thread(_redeem, context.services, code[1], user)
        if redeemed is not Redeemed.VOID:
            return True
        await message.reply_text(words("invitation-void"))
        return False
    await asyncio.to_thread(_tell, context, user, _span(message))
    context.services.wake_delivery()
    return False


def _redeem(services: Services, code: str, user: User) -> Redeemed:
    with services.database.write() as session:
        return admission.redeem(session, code, user.id, user.language_code, utc_now())


def _tell(context: BotContext, user: User, span: str) -> None:
    now, access = utc_now(), context.services.settings.access
    with context.services.database.write() as session:
        outbox.enqueue(
            session,
            kind=OutboxKind.NOT_ADMITTED,
            parameters={"access": access.value, "user": user.id},
            recipient=Recipient(user.id, language=context.language),
            dedupe_key=f"not_admitted:{user.id}:{span}",
            now=now,
        )


def _span(message: Message) -> str:
    """In which one refusal is enough. By when it was sent: handled again after a crash it comes to the same."""
    if _COMMAND.match(message.text or ""):
        return f"command:{message.date:%Y-%m-%dT%H:%M}"
    return f"{message.date:%Y-%m-%dT%H}"


def _invite(services: Services, code: str, uses: int, days: int) -> None:
    with services.database.write() as session:
        admission.invite(session, code, uses=uses, lasts=timedelta(days=days), now=utc_now())


def _code(settings: BotSettings, message: Message) -> str:
    """The same for the same message: handled twice (after a kill) it makes one invitation, which is told twice."""
    secret = settings.token.get_secret_value().encode()
    text = f"invite:{message.chat_id}:{message.message_id}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[:_CODE_LETTERS]


def _may_be(uses: int, days: int) -> bool:
    return 1 <= uses <= admission.MOST_USES and 1 <= days <= admission.LONGEST_DAYS


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 16 else None
