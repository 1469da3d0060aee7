"""/metrics and /healthz on a port of this machine alone; both answer also while the model has all hands full."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from prometheus_client import ProcessCollector
from prometheus_client.exposition import choose_encoder
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.gauges import Gauges
from bot.listener import Listener
from bot.metrics import Metrics
from bot.settings import Address
from review.database import Database
from review.errors import DatabaseError
from review.tables import InboxUpdate

HOST = "127.0.0.1"
_STOP_SECONDS = 1.0


class Monitor:
    """Serves what `metrics` and the database tell; `problems` says what of the running bot is not as it should be."""

    def __init__(
        self,
        port: int,
        *,
        database: Database,
        metrics: Metrics,
        model_version: Callable[[], str | None],
        problems: Callable[[], Iterable[str]],
        database_seconds: float = 2.0,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._model_version = model_version
        self._problems = problems
        self._database_seconds = database_seconds
        metrics.registry.register(Gauges(database, model_version))
        ProcessCollector(registry=metrics.registry)  # memory, open files, time on the processor
        # Threads of their own: the common ones may all be at work on photos, and a slow scrape must hide no illness.
        self._scraping = ThreadPoolExecutor(1, thread_name_prefix="scrape")
        self._checking = ThreadPoolExecutor(1, thread_name_prefix="health")
        app = Starlette(routes=[Route("/metrics", self._show_metrics), Route("/healthz", self._show_health)])
        self.listener = Listener(app, Address(HOST, port), setting="BOT_METRICS_PORT")

    async def start(self) -> None:
        """Listen; raises `CannotListen`."""
        await self.listener.start()

    async def stop(self) -> None:
        """Stop listening; a scrape that takes long is not waited for."""
        await self.listener.stop(_STOP_SECONDS)
        self._scraping.shutdown(wait=False)
        self._checking.shutdown(wait=False)

    async def _show_metrics(self, request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        text = await asyncio.get_running_loop().run_in_executor(self._scraping, encode, self._metrics.registry)
        return Response(text, headers={"Content-Type": content_type})

    async def _show_health(self, request: Request) -> Response:
        problems = [*self._problems(), *await self._database_problems()]
        return JSONResponse(
            {"healthy": not problems, "model": self._model_version(), "problems": problems},
            status_code=503 if problems else 200,
            headers={"Cache-Control": "no-store"},
        )

    async def _database_problems(self) -> list[str]:
        try:
            async with asyncio.timeout(self._database_seconds):
                await asyncio.get_running_loop().run_in_executor(self._checking, self._ask_database)
        except TimeoutError:
            return [f"the database does not answer within {self._database_seconds:g} s"]
        except DatabaseError as error:
            return [str(error)]
        return []

    def _ask_database(self) -> None:
        with self._database.read() as session:
            session.scalar(select(InboxUpdate.update_id).limit(1))
