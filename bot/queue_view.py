"""/queue: what waits for people, by reason and by age, for moderators."""

import asyncio

from telegram import Update

from bot.catalogue import Catalogue
from bot.context import BotContext, Services
from review.clock import utc_now
from review.waiting import Waiting, waiting


async def queue(update: Update, context: BotContext) -> None:
    """/queue"""
    message = update.effective_message
    assert message is not None
    if context.caller.role is None:
        await message.reply_text(context.words("not-a-moderator"))
        return
    await message.reply_text(queue_words(context.words, await asyncio.to_thread(_count, context.services)))


def queue_words(words: Catalogue, found: Waiting) -> str:
    """A paragraph by reason, one by age, one about the oldest and what is in hands; of a single photo a sentence."""
    if not found.items:
        return words("nothing-waits")
    if found.items == 1:
        named = words.in_a_row([words(f"reason-{reason}") for reason in found.by_reason])
        return words("queue-one", reasons=named, seconds=found.oldest_seconds or 0, held=found.in_hands)
    reasons = [words("queue-waiting", count=found.items)]
    reasons += [
        words("stats-reason", reason=words(f"reason-{reason}"), count=count)
        for reason, count in found.by_reason.items()
    ]
    ages = [words("queue-ages")]
    ages += [
        words("stats-reason", reason=words(f"age-{age}"), count=count) for age, count in found.by_age.items() if count
    ]
    last = [words("queue-in-hands", count=found.in_hands)]
    if found.oldest_seconds is not None:
        last.insert(0, words("stats-longest-wait", seconds=found.oldest_seconds))
    return "\n\n".join("\n".join(lines) for lines in (reasons, ages, [*last, words("queue-hint")]))


def _count(services: Services) -> Waiting:
    """Counts in the database: nothing for the event loop."""
    with services.database.read() as session:
        return waiting(session, utc_now())
