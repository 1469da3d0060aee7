"""The running bot: what works side by side, begun in order and ended so that nothing in hand is lost."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot import menus
from bot.application import build_application, handle
from bot.catalogue import LANGUAGES, Catalogues
from bot.connection import build_bot, wait_of
from bot.context import Services
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.errors import InvalidTokenError, ServerError
from bot.inbox import Line
from bot.label_names import read_names
from bot.metrics import Metrics
from bot.monitor import Monitor
from bot.observation import ObservedIntake, ObservedUpdates
from bot.polling import Patience, Poller
from bot.reception import Reception
from bot.reminders import Reminders
from bot.retrainer import COMMAND, Retrainer
from bot.settings import BotSettings
from bot.upkeep import Upkeep
from bot.webhook import Webhook
from model.champion import Champion
from model.errors import ModelError
from model.registry import Registry
from model.settings import ModelSettings
from review.database import Database
from review.explanations import Explanations
from review.intake import Intake
from review.limits import Limits
from review.retention import retention_of
from review.schema import upgrade
from review.settings import ReviewSettings
from review.slate import Slate
from review.storage import LocalImageStore

_log = logging.getLogger(__name__)

_LONGEST_PAUSE = 30.0
_THREADS = 8
_HANGS_SECONDS = 60.0  # loops look for work at least every second, but wait for a database that is locked


class Runner:
    """One bot. `serve` runs it until it is told to stop."""

    def __init__(
        self,
        settings: BotSettings,
        review_settings: ReviewSettings,
        model_settings: ModelSettings,
        *,
        patience: Patience | None = None,
        retrain_command: Sequence[str] = COMMAND,
    ) -> None:
        self._settings = settings
        self.metrics = Metrics(CollectorRegistry())
        self._review_settings = review_settings
        names = read_names(review_settings.home_folder(), LANGUAGES)
        for problem in names.problems if names is not None else ():
            _log.warning("what labels are called in the chat: %s", problem)
        self.catalogues = Catalogues(names)
        registry = Registry(model_settings.home, model_settings.labels)
        images = LocalImageStore(review_settings.image_store)
        self.database = Database(review_settings.database_url)
        self._bot = build_bot(settings.token, settings.base_url)
        self.registry = registry
        self.champion = Champion(registry, model_settings)
        explanations = Explanations(
            database=self.database, images=images, model=self.champion, model_home=model_settings.home
        )
        self._delivery = Delivery(
            self._bot, self.database, images, explanations.explain, self.metrics, catalogues=self.catalogues
        )
        intake = Intake(
            database=self.database,
            images=images,
            features=registry.feature_store,
            predictor=self.champion,
            audit_rate=review_settings.audit_rate,
            quorum=review_settings.quorum,
            limits=Limits(per_minute=settings.rate_limit_per_minute, per_day=settings.daily_quota),
            min_free_bytes=review_settings.min_free_megabytes * 1_000_000,
            stage=self.metrics.stage,
        )
        self.retrainer = Retrainer(
            self.database,
            registry,
            settings={
                "REVIEW_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
                "REVIEW_IMAGE_STORE": str(review_settings.image_store),
                "MODEL_HOME": str(model_settings.home),
                "MODEL_LABELS": ",".join(model_settings.labels),
                "MODEL_DEVICE": model_settings.device.value,
            },
            told=self._delivery.work.wake,
            command=retrain_command,
        )
        self._application = build_application(
            self._bot,
            Services(
                settings=settings,
                review_settings=review_settings,
                catalogues=self.catalogues,
                database=self.database,
                images=images,
                slate=Slate.of(self.database, registry),
                registry=registry,
                champion=self.champion,
                intake=ObservedIntake(intake, self.metrics),
                wake_delivery=self._delivery.work.wake,
                retrainer=self.retrainer,
                metrics=self.metrics,
            ),
        )
        self._dispatcher = Dispatcher(
            self.database,
            lambda payload: handle(self._application, payload),
            told=self._delivery.work.wake,
            observed=ObservedUpdates(self.metrics),
        )
        self._upkeep = Upkeep(
            self.database,
            images,
            registry.feature_store,
            retention_of(review_settings),
            overdue_after=timedelta(hours=settings.overdue_hours) if settings.overdue_hours else None,
            told=self._delivery.work.wake,
        )
        self._reminders = Reminders(
            self.database,
            settings,
            lease=timedelta(seconds=review_settings.lease_seconds),
            told=self._delivery.work.wake,
        )
        self._reception = Reception(
            self.database,
            stored=self._dispatcher.work.wake,
            metrics=self.metrics,
            line=Line(busy_from=settings.busy_from, longest=settings.max_waiting),
        )
        self._poller = Poller(
            self._bot,
            self._reception,
            timeout_seconds=settings.poll_timeout_seconds,
            metrics=self.metrics,
            patience=patience or Patience(),
        )
        self._working = False
        self._monitor = (
            Monitor(
                settings.metrics_port,
                database=self.database,
                metrics=self.metrics,
                model_version=lambda: self.champion.version,
                problems=self._problems,
            )
            if settings.metrics_port is not None
            else None
        )
        self._webhook = Webhook(settings, self._reception, self.metrics) if settings.webhook_url else None

    async def serve(self, stop: asyncio.Event, *, ready: Callable[[str], None] = lambda name: None) -> None:
        """Run until `stop` is set; `ready` is told the bot's user name once it listens.

        Raises `BotError`, `ReviewError` or `ModelError` when it cannot start or go on.
        """
        # As many as wait side by side for the database, the disk and decoders; for two cores the default is six.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="bot"))
        try:
            if self._monitor is not None:
                await self._monitor.start()  # first, so that it tells what a start that takes long waits for
            await asyncio.to_thread(
                upgrade, self.database, self._review_settings.backup_folder, keep=self._review_settings.backups_kept
            )
            if self._webhook is not None:
                await self._webhook.listener.start()  # before Telegram is told that it may come
            if not await self._connect(stop):
                return
            await self._work(stop, ready)
        finally:
            if self._webhook is not None:
                await self._webhook.listener.stop(self._settings.shutdown_seconds)
            await self._bot.shutdown()
            if self._monitor is not None:
                await self._monitor.stop()
            self.database.dispose()

    async def _work(self, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        champion, dispatching, delivering = tasks = [
            asyncio.create_task(part.run()) for part in (self.champion, self._dispatcher, self._delivery)
        ]
        tasks += [asyncio.create_task(part.run()) for part in (self._upkeep, self._reminders)]
        if self._webhook is None:
            tasks.append(asyncio.create_task(self._poller.run()))
        menu = asyncio.create_task(menus.set_all(self._bot, self._application.bot_data["services"]))
        told = asyncio.create_task(stop.wait())
        resuming = asyncio.create_task(self.retrainer.resume())
        # What is loaded stays: to look through all of torch for garbage stopped everything for 0.2 s, now and then.
        gc.freeze()
        self._working = True
        ready(self._bot.username)
        receives = "polling" if self._webhook is None else "webhook"
        about = {"version": version("bearbot"), "model": await asyncio.to_thread(self._champion), "receives": receives}
        _log.info("started", extra={"bot": self._bot.username, **about})
        began = time.monotonic()
        try:
            ended, _ = await asyncio.wait([told, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()  # raises what ended it, if it was not told to
        finally:
            self._working = False
            until = time.monotonic() + self._settings.shutdown_seconds  # all together
            if self._webhook is not None:
                await self._webhook.listener.stop(_left(until))  # nothing new comes in ...
            await _cancelled(told, menu, resuming, *tasks[3:], dispatching)
            await self._dispatcher.work.finish(_left(until))  # ... what is in hand is finished ...
            await self.retrainer.stop(_left(until))
            await _cancelled(delivering)
            await self._delivery.work.finish(_left(until))  # ... and what is being sent is recorded.
            await _cancelled(champion)
            _log.info("stopped", extra={"after_seconds": round(time.monotonic() - began)})

    def _champion(self) -> str | None:
        try:
            return self.registry.champion()
        except (ModelError, OSError):  # `Champion` logs what is wrong
            return None

    def _problems(self) -> Iterator[str]:
        """What keeps the bot from working, as sentences for operators."""
        if not self._working:
            yield "the bot is starting or stopping"
            return
        for name, work in (("handling", self._dispatcher.work), ("delivery", self._delivery.work)):
            if work.idle_seconds() > _HANGS_SECONDS:
                yield f"the {name} of messages has hung for {work.idle_seconds():.0f} s"
        if (problem := self._reception.problem()) is not None:
            yield problem
        if self._webhook is None and (problem := self._poller.problem()) is not None:
            yield problem

    async def _connect(self, stop: asyncio.Event) -> bool:
        """Ask the server who we are, patiently: at boot the network may come later. False if told to stop meanwhile."""
        failures = 0
        while not stop.is_set():
            try:
                await self._bot.initialize()
                await (self._webhook.announce(self._bot) if self._webhook else _leave_webhook(self._bot))
                return True
            except InvalidToken:
                raise InvalidTokenError(
                    f"{self._settings.base_url} does not know this BOT_TOKEN: copy it again from @BotFather, "
                    "or correct BOT_BASE_URL"
                ) from None  # the cause repeats the token
            except (NetworkError, RetryAfter) as error:
                failures += 1
                pause = min(2.0 ** (failures - 1), _LONGEST_PAUSE)
                if isinstance(error, RetryAfter):
                    pause = wait_of(error).total_seconds()
                _log.warning(
                    "%s does not answer as it should (%s): trying again in %.0f s",
                    self._settings.base_url,
                    error,
                    pause,
                )
                try:
                    async with asyncio.timeout(pause):
                        await stop.wait()
                except TimeoutError:
                    continue
            except TelegramError as error:
                raise ServerError(
                    f"{self._settings.base_url} answers, but not like a Bot API server: {error}"
                ) from error
        return False


async def _leave_webhook(bot: ExtBot[None]) -> None:
    """While a webhook is set, Telegram gives nothing to long polling."""
    try:
        await bot.delete_webhook()
    except (BadRequest, InvalidToken) as error:  # a server without webhooks has nothing to delete
        _log.info("no webhook was removed: %s", type(error).__name__)


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.0)


async def _cancelled(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
