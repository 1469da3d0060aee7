"""Metrics and health: figures that are true, an illness that is named, an answer also when all hands are full."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session

from bot import inbox, unhandled
from bot.gauges import Gauges
from bot.metrics import Metrics, Stage
from bot.monitor import Monitor
from bot.runner import Runner
from bot.sandbox.server import Sandbox
from review import outbox
from review.database import Database
from review.errors import DatabaseError
from review.outbox import OutboxKind, Recipient, Sent

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class SickDatabase(Database):
    """Damaged, or so slow that nobody should wait, when told so."""

    error: DatabaseError | None = None
    seconds = 0.0

    @contextmanager
    def read(self) -> Iterator[Session]:
        time.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        with super().read() as session:
            yield session


@pytest.fixture
def sick(database: Database) -> Iterator[SickDatabase]:
    sick = SickDatabase(database.url)
    yield sick
    sick.dispose()


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
async def monitor(anyio_backend: str, sick: SickDatabase, problems: list[str]) -> AsyncIterator[Monitor]:
    monitor = Monitor(
        0,
        database=sick,
        metrics=Metrics(CollectorRegistry()),
        model_version=lambda: "bear-7",
        problems=lambda: problems,
        database_seconds=0.2,
    )
    await monitor.start()
    yield monitor
    await monitor.stop()


@pytest.fixture
async def client(monitor: Monitor) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{monitor.listener.address}", trust_env=False) as client:
        yield client


def samples(text: str) -> dict[tuple[str, str], float]:
    """By name and the values of the labels."""
    return {
        (sample.name, ",".join(value for name, value in sorted(sample.labels.items()) if name != "le")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_health_names_what_is_wrong(client: httpx.AsyncClient, problems: list[str], sick: SickDatabase) -> None:
    well = await client.get("/healthz")
    assert (well.status_code, well.json()) == (200, {"healthy": True, "model": "bear-7", "problems": []})
    problems.append("no request for updates has succeeded for 300 s")
    ill = await client.get("/healthz")
    assert (ill.status_code, ill.json()["problems"]) == (503, problems)
    problems.clear()
    sick.error = DatabaseError("the database is damaged")
    assert (await client.get("/healthz")).json()["problems"] == ["the database is damaged"]
    sick.error, sick.seconds = None, 0.5
    slow = await client.get("/healthz")
    assert (slow.status_code, slow.json()["problems"]) == (503, ["the database does not answer within 0.2 s"])


async def test_it_answers_while_all_threads_are_at_work(client: httpx.AsyncClient) -> None:
    loop = asyncio.get_running_loop()
    busy = [loop.run_in_executor(None, time.sleep, 1.0) for _ in range(64)]
    began = time.monotonic()
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/metrics")).status_code == 200
    assert time.monotonic() - began < 0.8
    for waiting in busy:
        waiting.cancel()
    await asyncio.gather(*busy, return_exceptions=True)


async def test_metrics_are_there_without_the_database(client: httpx.AsyncClient, sick: SickDatabase) -> None:
    assert samples((await client.get("/metrics")).text)["bearbot_database_up", ""] == 1
    sick.error = DatabaseError("the database is damaged")
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    found = samples(answer.text)
    assert found["bearbot_database_up", ""] == 0
    assert found["bearbot_model_info", "bear-7"] == 1
    assert ("bearbot_outbox_messages", "") not in found


async def test_the_openmetrics_form_is_given_to_who_asks_for_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_what_waits_is_counted(database: Database) -> None:
    with database.write() as session:
        inbox.store(session, [{"update_id": number, "message": {"chat": {"id": number}}} for number in range(3)], NOW)
        unhandled.set_aside(session, 9, "{}", "KeyError", NOW)
        inbox.mark_handled(session, [0], NOW)
        for key, sent in (("a", True), ("b", False), ("c", False)):
            at = NOW + timedelta(seconds=len(key) + ord(key))
            outbox.enqueue(
                session, kind=OutboxKind.FAILED, parameters={}, recipient=Recipient(1), dedupe_key=key, now=at
            )
            if sent:
                outbox.mark_sent(session, [Sent(1, 1, NOW)])
    registry = CollectorRegistry()
    registry.register(Gauges(database, lambda: None, clock=lambda: NOW + timedelta(seconds=1 + ord("b") + 60)))
    assert registry.get_sample_value("bearbot_inbox_updates", {"state": "pending"}) == 2
    assert registry.get_sample_value("bearbot_inbox_updates", {"state": "set_aside"}) == 1
    assert registry.get_sample_value("bearbot_outbox_messages") == 2
    assert registry.get_sample_value("bearbot_outbox_oldest_seconds") == 60
    assert registry.get_sample_value("bearbot_review_items_open") == 0
    assert registry.get_sample_value("bearbot_model_info", {"version": "none"}) == 1


def test_the_whole_way_is_timed_once_a_photo() -> None:
    metrics = Metrics(CollectorRegistry())

    def count() -> float | None:
        return metrics.registry.get_sample_value("bearbot_stage_seconds_count", {"stage": "whole"})

    metrics.begun(5, 7, NOW)
    metrics.begun(5, 7, NOW + timedelta(seconds=9))  # tried again
    metrics.replied(5, 8, NOW)
    metrics.replied(5, None, NOW)
    assert count() == 0
    metrics.replied(5, 7, NOW + timedelta(seconds=12))
    metrics.replied(5, 7, NOW + timedelta(seconds=50))  # a human answer, later
    assert count() == 1
    assert metrics.registry.get_sample_value("bearbot_stage_seconds_sum", {"stage": "whole"}) == 12


def test_photos_that_are_never_answered_take_no_memory_for_ever() -> None:
    metrics = Metrics(CollectorRegistry())
    for number in range(30_000):
        metrics.begun(1, number, NOW)
    assert len(metrics._on_their_way) == 20_000
    metrics.replied(1, 29_999, NOW)
    assert len(metrics._on_their_way) == 19_999


def test_a_stage_that_fails_is_timed_and_an_unknown_one_is_a_mistake() -> None:
    metrics = Metrics(CollectorRegistry())
    with pytest.raises(RuntimeError), metrics.stage("download"):
        raise RuntimeError
    assert metrics.registry.get_sample_value("bearbot_stage_seconds_count", {"stage": "download"}) == 1
    metrics.took(Stage.INBOX, timedelta(seconds=-5))
    assert metrics.registry.get_sample_value("bearbot_stage_seconds_sum", {"stage": "inbox"}) == 0
    with pytest.raises(ValueError, match="lunch"), metrics.stage("lunch"):
        pass


async def test_a_running_bot_tells_of_its_photos(
    sandbox: Sandbox,
    make_runner: Callable[..., Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    photo: Callable[[str], bytes],
    free_port: int,
) -> None:
    runner = make_runner(metrics_port=free_port)
    url = f"http://127.0.0.1:{free_port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        async with serve(runner):
            await sandbox.asker.send_photo(photo("grizzly_katmai_131"))
            await sandbox.asker.expect()
            await sandbox.asker.send_text("/help")
            await sandbox.asker.expect("Send a photo")
            health = await client.get("/healthz")
            assert (health.status_code, health.json()["problems"]) == (200, [])
            assert health.json()["model"] == runner.champion.version
            async with asyncio.timeout(5):
                while (found := await scraped(client))["bearbot_inbox_updates", "pending"] or not found[
                    "bearbot_messages_total", "delivered"
                ]:
                    await asyncio.sleep(0.05)
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")
    assert found["bearbot_updates_total", "photo"] == 1
    assert found["bearbot_updates_total", "command"] == 1
    assert sum(found["bearbot_photos_total", outcome] for outcome in ("answered", "in_review")) == 1
    assert found["bearbot_model_info", str(runner.champion.version)] == 1
    assert found["bearbot_polls_total", "updates"] >= 1
    assert found["bearbot_messages_total", "delivered"] == 1
    assert found["process_open_fds", ""] > 0
    assert found["bearbot_stage_seconds_count", "whole"] == 1
    for stage in ("commit", "inbox", "download", "decode", "model", "record", "delivery"):
        assert found["bearbot_stage_seconds_count", stage] >= 1, stage


async def scraped(client: httpx.AsyncClient) -> dict[tuple[str, str], float]:
    return samples((await client.get("/metrics")).text)


async def test_a_bot_that_hears_nothing_says_so(
    sandbox: Sandbox, make_runner: Callable[..., Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    runner: Any = make_runner()
    assert list(runner._problems()) == ["the bot is starting or stopping"]
    runner._working = True
    assert list(runner._problems()) == []
    later = time.monotonic() + 1000
    monkeypatch.setattr(time, "monotonic", lambda: later)
    found = list(runner._problems())
    assert len(found) == 3
    assert "no request for updates has succeeded for 1000 s" in found[2]
    runner.database.dispose()
