"""What a project calls its labels: in every language, whatever is in the file, and from the greeting to the answer."""

import logging
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bot import messages
from bot.catalogue import LANGUAGES, Catalogues, catalogue_for
from bot.doctor import doctor
from bot.label_names import FILE, LabelNames, parse_names, read_names
from bot.runner import Runner
from bot.sandbox.server import Sandbox
from review.outbox import OutboxKind

POTS = """
[en]
black = "black pot"
"tea pot" = "teapot"

[de]
black = { name = "schwarzer Topf", a = "ein schwarzer Topf" }
"tea pot" = { name = "Teekanne", a = "eine Teekanne" }

[es]
"tea pot" = { name = "tetera", a = "una tetera" }

[zh]
"tea pot" = "茶壶"
"""


def test_names_are_read_with_their_forms() -> None:
    names = parse_names(POTS, LANGUAGES)
    assert names.problems == ()
    assert names.by_language["de"]["tea pot"] == {"name": "Teekanne", "a": "eine Teekanne"}
    assert names.by_language["zh"] == {"tea pot": {"name": "茶壶"}}
    assert names.labels == {"black", "tea pot"}


@pytest.mark.parametrize(
    ("text", "problem", "left"),
    [
        ("[en", "expected TOML", {}),
        ("[" * 5000, "expected TOML", {}),
        ('[fr]\ncat = "chat"', r"\[fr\]: expected one of \[en\], \[es\], \[de\], \[zh\]", {}),
        ('de = "Katze"', r"de: expected \[de\], and a line for each label", {}),
        ('[de]\ncat = 3\ndog = "Hund"', r"'cat' in \[de\]: expected a name in quotes", {"dog"}),
        ('[de]\ncat = { a = "eine Katze" }', "'cat'", set()),
        ('[de]\ncat = { name = "Katze", b = "x" }', "'cat'", set()),
        ('[de]\ncat = "  "', "'cat'", set()),
        (f'[de]\ncat = "{"n" * 41}"', "'cat'.*1 to 40 letters", set()),
        ('[de]\ncat = "two\\nlines"', "'cat'.*on one line", set()),
        ('[de]\ncat = "\\u202egnp"', "'cat'", set()),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_is_used(text: str, problem: str, left: set[str] | dict[str, str]) -> None:
    names = parse_names(text, LANGUAGES)
    assert names.labels == set(left)
    (said,) = names.problems
    assert re.search(problem, said), said


@given(st.text())
def test_any_text_is_read_without_a_crash(text: str) -> None:
    assert isinstance(parse_names(text, LANGUAGES), LabelNames)


def test_a_file_is_named_with_its_problem(tmp_path: Path) -> None:
    assert read_names(tmp_path, LANGUAGES) is None
    assert read_names(tmp_path / "nowhere", LANGUAGES) is None
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    names = read_names(tmp_path, LANGUAGES)
    assert names is not None
    assert str(tmp_path / FILE) in names.problems[0]
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    names = read_names(tmp_path, LANGUAGES)
    assert names is not None
    assert "expected a readable file" in names.problems[0]


def test_labels_have_the_projects_names_in_every_language() -> None:
    catalogues = Catalogues(parse_names(POTS, LANGUAGES))
    said = {
        language: messages.render(
            catalogues.of(language),
            OutboxKind.ANSWERED,
            {"label": "tea pot", "confidence": 0.97, "runner_up": "black", "runner_up_confidence": 0.02},
        )
        for language in LANGUAGES
    }
    assert said == {
        "en": "I see: teapot (97 % sure). It might also be: black pot (2 %).",
        "es": "Veo: una tetera. Lo digo con un 97 % de seguridad. También podría ser: black pot (2 %).",
        "de": "Auf dem Foto: eine Teekanne. Da bin ich mir zu 97 % sicher. Vielleicht auch: ein schwarzer Topf (2 %).",
        "zh": "这是茶壶，我有 97% 的把握。也可能是black pot（2%）。",  # noqa: RUF001 - Chinese marks are meant
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_project_that_names_its_labels_has_none_of_bearbots_names(language: str) -> None:
    """Or a black cat would be called a black bear."""
    words = Catalogues(parse_names('[en]\ncat = "cat"', LANGUAGES)).of(language)
    assert words.label("black", "a") == "black"
    assert words.label("cat", "a") == "cat"
    assert catalogue_for("de").label("black") == "Schwarzbär", "where nobody names any, all is as ever"


async def _project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_runner: Callable[..., Runner], **more: str
) -> Runner:
    monkeypatch.setenv("MODEL_LABELS", "black,tea pot")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / FILE).write_text(POTS, encoding="utf-8")
    return make_runner(**more)


@pytest.mark.anyio
async def test_before_a_project_has_a_model_people_answer_with_its_labels(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_runner: Callable[..., Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    photo: Callable[[str], bytes],
) -> None:
    runner = await _project(tmp_path, monkeypatch, make_runner)
    async with serve(runner):
        lena, mo = sandbox.person("Lena", language="de"), sandbox.moderator
        await lena.send_text("/start")
        await lena.expect("schwarzer Topf oder Teekanne")
        await lena.send_photo(photo("grizzly_katmai_131"))
        await lena.expect("Ich kann gerade keine Fotos beurteilen")
        await mo.send_text("/model")
        await mo.expect("No model answers yet: every photo goes to people.")
        await mo.send_text("/review")
        card = await mo.expect("#1")
        await mo.press(card, "teapot")
        await lena.expect("eine Teekanne")
    assert not (tmp_path / "home" / "models" / "versions").exists(), "no bears were installed"


@pytest.mark.anyio
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_project_has_a_command_of_its_own_in_groups(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_runner: Callable[..., Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    photo: Callable[[str], bytes],
    language: str,
) -> None:
    async with serve(await _project(tmp_path, monkeypatch, make_runner, group_command="pot")):
        person = sandbox.person("Kim", language=language)
        group = sandbox.group("Pots", [person, sandbox.asker])
        kim, ana = person.at(group), sandbox.asker.at(group)
        await kim.send_text("/bear")
        await kim.expect_silence(0.5)
        await kim.send_text("/pot")
        assert "/pot" in (await kim.expect()).words
        sent = await ana.send_photo(photo("black_dod"))
        await kim.send_text("/pot", reply_to=sent)
        said = await kim.expect(catalogue_for(language)("in-review-no-model").partition(",")[0])
        assert said.reply_to is not None
        menu = sandbox.world.menu(group, person.user)
        assert [(line.command, line.description) for line in menu] == [
            ("pot", catalogue_for(language)("menu-in-groups"))
        ]


@pytest.mark.anyio
async def test_a_broken_file_is_logged_and_labels_are_shown_as_they_are(
    sandbox: Sandbox,
    tmp_path: Path,
    make_runner: Callable[..., Runner],
    serve: Callable[[Runner], AbstractAsyncContextManager[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "bot.runner")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / FILE).write_text("[de\n")
    async with serve(make_runner()):
        lena = sandbox.person("Lena", language="de")
        await lena.send_text("/start")
        await lena.expect("black, grizzly oder teddy")
    assert FILE in caplog.text
    assert "expected TOML" in caplog.text


@pytest.mark.parametrize(
    ("text", "health", "said"),
    [
        (POTS, "ok", "names in English, Español, Deutsch, 中文"),
        ("", "ok", "names in no language yet"),
        ('[de]\ncta = "Katze"', "note", "names for cta, which is no label here"),
        ("[de", "note", "expected TOML"),
    ],
)
def test_the_doctor_looks_at_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, health: str, said: str
) -> None:
    monkeypatch.setenv("BEARBOT_HOME", str(tmp_path))
    monkeypatch.setenv("MODEL_LABELS", "black,tea pot")
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    lines = CliRunner().invoke(doctor, []).output.splitlines()
    (line,) = [line for line in lines if line.split()[1] == "names"]
    assert line.startswith(health)
    assert said in line
    (line,) = [line for line in lines if line.split()[1] == "model"]
    assert line.startswith("note")
    assert "no model yet that tells black, tea pot" in line
