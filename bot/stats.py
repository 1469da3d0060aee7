"""/stats: figures of the queue and of the model that answers, for moderators."""

import asyncio

from telegram import Update

from bot import stats_words
from bot.catalogue import Catalogue
from bot.context import BotContext, Services
from review.clock import utc_now
from review.production import production
from review.statistics import gather, promise_of


async def stats(update: Update, context: BotContext) -> None:
    """/stats"""
    message = update.effective_message
    assert message is not None
    if context.caller.role is None:
        await message.reply_text(context.words("not-a-moderator"))
        return
    await message.reply_text(await asyncio.to_thread(_text, context.services, context.words))


def _text(services: Services, words: Catalogue) -> str:
    """Counts in the database and reads a card: nothing for the event loop."""
    with services.database.read() as session:
        figures = gather(session, utc_now())
        accuracy = production(session).accuracy
    # Who answers is the model in memory, whatever became of the registry since; at the start it is the champion to be.
    version, problem = services.champion.version, services.champion.problem
    promise = None if version is None and problem is not None else promise_of(services.registry, version)
    return stats_words.stats(words, figures, accuracy, promise, stranded=version is not None and problem is not None)
