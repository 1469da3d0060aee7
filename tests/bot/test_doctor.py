"""The doctor: each check finds its illness, names the cure, and tells no secret."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.doctor import _consensus, _disk, doctor
from bot.findings import Finding, Health
from bot.sandbox.server import TOKEN, Sandbox
from bot.server_checks import server
from bot.settings import BotSettings
from model.registry import Registry
from review.clock import utc_now
from review.database import Database
from review.people import reviewer_for_telegram, reviewer_named
from review.schema import upgrade
from review.settings import ReviewSettings
from review.tables import ItemStatus, ReviewItem, Role, Submission


def findings(*, exit_code: int) -> dict[str, Finding]:
    result = CliRunner().invoke(doctor, ["--json"])
    assert result.exit_code == exit_code, result.output
    assert TOKEN not in result.output
    rows = [json.loads(line) for line in result.output.splitlines()]
    return {row["check"]: Finding(**{**row, "health": Health(row["health"])}) for row in rows}


def test_a_fresh_installation_lacks_only_the_token() -> None:
    found = findings(exit_code=1)
    assert found["token"].health is Health.FAILED
    assert "BOT_TOKEN is not set" in found["token"].found
    assert "@BotFather" in (found["token"].mend or "")
    assert found["database"].health is Health.NOTE
    assert found["disk"].health is not Health.FAILED
    assert found["model"].health is Health.OK
    assert "ms a photo" in found["model"].found
    assert found["gpu"].health in (Health.OK, Health.NOTE)


def test_sick_parts_are_named_with_their_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_BASE_URL", "http://127.0.0.1:9")  # nothing listens on the discard port
    (tmp_path / "review.db").write_bytes(b"no database at all" * 100)
    registry = Registry(tmp_path / "models")
    (registry.folder(registry.champion()) / "head.safetensors").unlink()
    found = findings(exit_code=1)
    assert {check for check, finding in found.items() if finding.health is Health.FAILED} == {
        "server",
        "database",
        "model",
    }
    for check in ("server", "database", "model"):
        assert found[check].mend
    assert "http://127.0.0.1:9" in found["server"].found
    assert "head.safetensors" in found["model"].found
    assert found["moderators"].health is Health.NOTE


def test_a_sound_database_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'review.db'}")
    upgrade(database, tmp_path / "backups", keep=1)
    database.dispose()
    assert findings(exit_code=1)["database"].health is Health.OK


def test_a_damaged_database_is_one_finding_and_ends_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    file = tmp_path / "review.db"
    database = Database(f"sqlite:///{file}")
    upgrade(database, tmp_path / "backups", keep=1)
    database.dispose()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'review_items' AND rootpage > 0"
        )
        damaged = [root for (root,) in roots]
    content = bytearray(file.read_bytes())
    for root in damaged:
        content[(root - 1) * size : root * size] = b"\xff" * size
    file.write_bytes(content)
    found = findings(exit_code=1)
    assert found["database"].health is Health.FAILED
    assert "restore" in (found["database"].mend or "")
    assert "disk" in found, "the others are looked at all the same"


@pytest.fixture
def home_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Database]:
    """What the doctor is called to; it is in another's hands as well, like a running bot's."""
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'review.db'}")
    upgrade(database, tmp_path / "backups", keep=1)
    yield database
    database.dispose()


def consensus() -> Finding | None:
    return next(_consensus(ReviewSettings.load()), None)


def test_who_demands_agreement_needs_somebody_who_decides(
    monkeypatch: pytest.MonkeyPatch, home_database: Database
) -> None:
    assert consensus() is None, "one verdict settles everything"
    monkeypatch.setenv("REVIEW_VERDICTS_NEEDED", "audit=1")
    assert consensus() is None
    monkeypatch.setenv("REVIEW_VERDICTS_NEEDED", "audit=2")
    found = findings(exit_code=1)["consensus"]
    assert found == consensus()
    assert found.health is Health.NOTE
    assert found.found == "several reviewers must agree, and nobody may decide where they do not"
    assert "bearbot review who add NAME --role moderator" in (found.mend or "")
    with home_database.write() as session:
        reviewer_named(session, "rita", utc_now())
    assert consensus() is not None, "she is no moderator"
    with home_database.write() as session:
        reviewer_named(session, "rita", utc_now()).role = Role.MODERATOR
    assert consensus() is None


def test_a_moderator_of_the_settings_decides_unless_removed(
    monkeypatch: pytest.MonkeyPatch, home_database: Database
) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("REVIEW_VERDICTS_NEEDED", "disputed=3")
    assert consensus() is not None
    monkeypatch.setenv("BOT_MODERATORS", "77")
    assert consensus() is None, "they wrote nothing yet, and may at any time"
    with home_database.write() as session:
        reviewer_for_telegram(session, 77, name="Mo", now=utc_now()).removed_at = utc_now()
    assert consensus() is not None


def test_items_that_wait_for_somebody_to_decide_are_counted(home_database: Database) -> None:
    with home_database.write() as session:
        submission = Submission(source_key="a", source="test", submitted_at=utc_now())
        session.add(submission)
        session.flush()
        item = ReviewItem(
            submission_id=submission.id,
            status=ItemStatus.OPEN,
            reasons=["audit"],
            reason="audit",
            priority=0.0,
            verdicts_needed=2,
            opened_at=utc_now(),
        )
        session.add(item)
    found = consensus()
    assert found is not None
    assert "several reviewers must agree" in found.found
    with home_database.write() as session:
        session.get_one(ReviewItem, 1).needs_adjudicator = True
    found = consensus()
    assert found is not None
    assert found.found == "reviewers disagree on 1 of the waiting items, and nobody may decide"
    with home_database.write() as session:
        item = session.get_one(ReviewItem, 1)
        item.status, item.final_label, item.needs_adjudicator = ItemStatus.SETTLED, "black", False
    assert consensus() is None


def test_a_home_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    assert _disk(file / "home").health is Health.FAILED


@pytest.mark.anyio
async def test_server_and_token(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_BASE_URL", sandbox.url)
    monkeypatch.setenv("BOT_TOKEN", sandbox.token)
    good = await server(BotSettings.load())
    assert (good.check, good.health) == ("server", Health.OK)
    assert "@bearbot_sandbox_bot" in good.found
    wrong = "99999:" + "x" * 35
    monkeypatch.setenv("BOT_TOKEN", wrong)
    bad = await server(BotSettings.load())
    assert (bad.check, bad.health) == ("token", Health.FAILED)
    assert wrong not in f"{bad}"


def test_a_wrong_setting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "abacus")
    result = CliRunner().invoke(doctor)
    assert result.exit_code == 2
    assert result.output.startswith("error: MODEL_DEVICE: ")
    assert len(result.output.splitlines()) == 1


@pytest.mark.anyio
async def test_an_answer_that_quotes_the_token_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Proxies and wrong servers answer with pages that name the address they did not find."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        page = b"<html>no such page: " + path + b"</html>"
        head = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/html\r\n"
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(page) + page)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        monkeypatch.setenv("BOT_BASE_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("BOT_TOKEN", TOKEN)
        found = await server(BotSettings.load())
    assert found.health is Health.FAILED
    printed = capsys.readouterr()
    assert TOKEN not in f"{found}{printed.out}{printed.err}"
    assert "Traceback" not in printed.err
