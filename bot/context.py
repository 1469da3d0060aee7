"""What handlers are given: the services of the running bot, typed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telegram.ext import CallbackContext, ExtBot

from bot.settings import BotSettings
from model.champion import Champion
from model.errors import ModelError
from model.registry import Registry
from review.database import Database
from review.intake import Intake
from review.settings import ReviewSettings
from review.storage import ImageStore


@dataclass(frozen=True)
class Services:
    """What the composition root made; `wake_delivery` is called after something was put into the outbox."""

    settings: BotSettings
    review_settings: ReviewSettings
    database: Database
    images: ImageStore
    registry: Registry
    champion: Champion
    intake: Intake
    wake_delivery: Callable[[], None]

    def labels(self) -> tuple[str, ...]:
        """The labels of the model that answers; none while no model can be read: people are answered all the same."""
        try:
            return self.registry.champion_card().labels
        except (ModelError, OSError):  # `Champion` logs what is wrong, and goes on with the model in memory
            return self.champion.labels


class BotContext(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[str, Services]]):
    """`context.services` is what `application.build_application` put into the application's bot_data."""

    @property
    def services(self) -> Services:
        """The services of the running bot."""
        return self.bot_data["services"]
