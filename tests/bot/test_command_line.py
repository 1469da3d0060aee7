"""`bearbot` itself: instant help, every command explained with an example, wrong usage named."""

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from bot.cli import bearbot

HEAVY = ("torch", "fastai", "timm", "telegram", "sqlalchemy", "alembic", "pydantic", "numpy", "PIL")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(bearbot))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["review", "--help"], ["model", "train", "--help"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = f"""
import sys
from bot.cli import bearbot
try:
    bearbot.main({arguments!r}, prog_name="bearbot")
finally:
    print("loaded:", sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Usage: bearbot" in run.stdout
    assert run.stdout.endswith("loaded: []\n")


def test_the_commands_others_script_against_are_there() -> None:
    names = {" ".join(path) for path in ALL}
    assert {"demo", "run", "doctor", "classify", "retrain"} <= names
    assert {f"review {name}" for name in ("next", "show", "list", "label", "skip", "undo", "stats")} <= names
    assert {f"model {name}" for name in ("train", "evaluate", "list", "show", "promote", "rollback")} <= names
    assert {f"db {name}" for name in ("upgrade", "check", "backup", "restore")} <= names


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(bearbot, [*path, "--help"])
    assert result.exit_code == 0
    assert "Example:\n" in result.output
    assert f"bearbot {' '.join(path)}" in result.output.partition("Example:")[2]


@pytest.mark.parametrize("arguments", [["nonsense"], ["classify"], ["--nonsense"], ["review", "label", "x", "y"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    result = CliRunner().invoke(bearbot, arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output


def test_a_misspelt_command_is_guessed() -> None:
    result = CliRunner().invoke(bearbot, ["clasify"])
    assert result.exit_code == 2
    assert "Did you mean 'classify'?" in result.output


@pytest.mark.parametrize("module", ["click", "pydantic", "telegram", "bot.runner"])
def test_ctrl_c_ends_it_with_a_word_from_the_first_instant(module: str) -> None:
    """As if somebody pressed it while this module is imported, which would make nothing of an exception."""
    program = f"""
import os, signal, sys

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                if name == "click":
                    raise

sys.meta_path.insert(0, Impatient())
sys.argv = ["bearbot", "run"]
from bot.__main__ import main
main()
"""
    settings = {"BOT_TOKEN": "123456789:" + "x" * 35, "BOT_BASE_URL": "http://127.0.0.1:9"}
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "\nstopped\n")


def test_ctrl_c_in_a_command_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: click.Context) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ALL[("classify",)], "invoke", interrupted)
    result = CliRunner().invoke(bearbot, ["classify", "x.jpg"])
    assert (result.exit_code, result.stderr) == (130, "\nstopped\n")


@pytest.mark.parametrize(
    ("key", "arguments"),
    [
        ("MODEL_THREADS", ["model", "list"]),
        ("MODEL_THREADS", ["doctor"]),
        ("REVIEW_LEASE_SECONDS", ["review", "list"]),
        ("REVIEW_LEASE_SECONDS", ["bot", "inbox", "retry", "--all"]),
        ("BOT_LOG_FORMAT", ["run"]),
    ],
)
def test_a_wrong_setting_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, key: str, arguments: list[str]) -> None:
    monkeypatch.setenv("BOT_TOKEN", "123456789:" + "x" * 35)
    monkeypatch.setenv(key, "many")
    result = CliRunner().invoke(bearbot, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {key}: expected ")
    assert len(result.stderr.splitlines()) == 1


def test_run_without_a_token_says_what_to_do() -> None:
    result = CliRunner().invoke(bearbot, ["run"])
    assert result.exit_code == 2
    assert "error: BOT_TOKEN is not set" in result.output
    assert "Traceback" not in result.output


def test_python_m_bot_is_bearbot() -> None:
    run = subprocess.run([sys.executable, "-m", "bot", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("bearbot, version ")
