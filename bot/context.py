"""What handlers are given: the services of the running bot, typed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telegram import Update
from telegram.ext import CallbackContext, ExtBot

from bot.catalogue import Catalogue, Catalogues
from bot.metrics import Metrics
from bot.observation import ObservedIntake
from bot.retrainer import Retrainer
from bot.settings import BotSettings
from model.champion import Champion
from model.errors import ModelError
from model.registry import Registry
from review.database import Database
from review.people import Acquaintance, acquaintance
from review.settings import ReviewSettings
from review.slate import Slate
from review.storage import ImageStore
from review.tables import Role


@dataclass(frozen=True)
class Services:
    """What the composition root made; `wake_delivery` is called after something was put into the outbox."""

    settings: BotSettings
    review_settings: ReviewSettings
    catalogues: Catalogues
    database: Database
    images: ImageStore
    slate: Slate
    registry: Registry
    champion: Champion
    intake: ObservedIntake
    wake_delivery: Callable[[], None]
    retrainer: Retrainer
    metrics: Metrics

    def labels(self) -> tuple[str, ...]:
        """The labels of the model that answers, or that a project is about before it has one; none while no model can
        be read: people are answered all the same.
        """
        try:
            return self.registry.labels()
        except (ModelError, OSError):  # `Champion` logs what is wrong, and goes on with the model in memory
            return self.champion.labels


@dataclass(frozen=True)
class Caller:
    """Who an update is from, as settings and database know them at this moment."""

    role: Role | None = None
    known: Acquaintance = field(default_factory=Acquaintance)


class BotContext(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[str, Services]]):
    """`context.services` is what `application.build_application` put into the application's bot_data."""

    caller = Caller()  # of nobody, until `look_up`
    language: str | None = None  # IETF tag; what `caller` chose, else what their Telegram says now, else what it said

    @property
    def services(self) -> Services:
        """The services of the running bot."""
        return self.bot_data["services"]

    @property
    def words(self) -> Catalogue:
        """What the bot says, in the caller's language."""
        return self.services.catalogues.of(self.language)

    async def look_up(self, update: Update) -> None:
        """Find out who the update is from, anew each time: who was a moderator yesterday may not be one now."""
        user = update.effective_user
        if user is not None:
            known = await asyncio.to_thread(self._known, user.id)
            self.caller = Caller(self.services.settings.role_of(user.id, known.chat_access), known)
            self.language = known.language if known.chose_language else user.language_code or known.language

    def _known(self, user_id: int) -> Acquaintance:
        with self.services.database.read() as session:
            return acquaintance(session, user_id)
