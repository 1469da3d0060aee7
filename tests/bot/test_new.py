"""`bearbot new`: what it makes, what it refuses, and that no bear answers in a project about something else."""

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogue import LANGUAGES
from bot.cli import bearbot
from bot.demo.loan import borrow
from bot.demo.stage import stage
from bot.label_names import FILE, parse_names
from bot.project import Project
from bot.settings import COMMANDS, BotSettings
from model.artifact import load
from model.errors import DatasetError, NoChampion
from model.labels import Vocabulary
from model.registry import Registry, bundled_folder
from model.settings import ModelSettings
from review.settings import ReviewSettings

TOKEN = "123456789:AAEhBP0av28jAk9bBhvJ1pr0dLzQ-abcdef"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`bearbot ARGUMENTS`, started in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BEARBOT_HOME")
    return lambda *arguments: CliRunner().invoke(bearbot, [str(argument) for argument in arguments])


def everything(folder: Path) -> dict[str, str | None]:
    """Path -> text; of a folder None."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_text() for path in paths}


def test_a_project_has_its_settings_its_home_and_a_folder_a_label(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("new", "kitchen", "--labels", "teapot, polar bear")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 3
    assert "bearbot data gather teapot --label teapot" in result.stdout
    made = Path("kitchen")
    assert everything(made).keys() == {
        ".env",
        ".gitignore",
        "home",
        f"home/{FILE}",
        "photos",
        "photos/polar bear",
        "photos/teapot",
    }
    assert (made / ".env").stat().st_mode & 0o777 == 0o600, "the token will be in it"
    assert (made / "home").stat().st_mode & 0o777 == 0o700, "people's photos will be in it"
    monkeypatch.chdir(made)
    assert ModelSettings.load().labels == ("teapot", "polar bear")
    assert ModelSettings.load().home == Path("home/models")
    assert ReviewSettings.load().home_folder() == Path("home")
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    settings = BotSettings.load()
    assert (settings.group_command, settings.moderators, settings.admins) == ("kitchen", (), ())


def test_no_bear_answers_in_a_project_about_something_else(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("new", "kitchen", "--labels", "teapot,kettle").exit_code == 0
    monkeypatch.chdir("kitchen")
    before = everything(Path())
    photo = next((Path(__file__).parents[2] / "bot" / "demo" / "photos").glob("black_dod*"))
    for arguments in (["classify", photo], ["model", "show"], ["model", "evaluate"], ["explain", photo]):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (1, ""), arguments
        assert "no model yet that tells teapot, kettle" in result.stderr
        assert "bearbot model train photos --promote" in result.stderr
    assert re.search(r"note +model +no model yet that tells teapot, kettle", run("doctor").stdout)
    assert everything(Path()) == before, "looking changes nothing"


def test_reviewers_may_say_the_labels_of_the_project(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("new", "kitchen", "--labels", "teapot,kettle")
    monkeypatch.chdir("kitchen")
    assert run("db", "upgrade").exit_code == 0
    refused = run("review", "label", "1", "grizzly", "--as", "mo")
    assert refused.exit_code == 1
    assert "teapot" in refused.stderr
    unknown = run("review", "label", "1", "teapot", "--as", "mo")
    assert "grizzly" not in unknown.stderr
    assert "item 1" in unknown.stderr, "the label is known, and the item is not"


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ("teapot", "expected two labels or more, separated by commas, as in cat,dog; got 'teapot'"),
        ("", "expected two labels or more"),
        (",,", "expected two labels or more"),
        ("teapot,kettle,teapot", "expected each label once, got 'teapot' twice"),
        ("teapot,Teapot", "expected each label once"),
        ("teapot,none", "'none' is reserved for verdicts"),
        ("teapot,../kettle", "'../kettle': expected letters"),
        ('teapot,"kettle"', "expected letters"),
        ("teapot," + "k" * 41, "at most 40 bytes"),
    ],
)
def test_labels_that_cannot_be_are_wrong_usage_and_nothing_is_made(
    run: Callable[..., Result], listed: str, why: str
) -> None:
    result = run("new", "kitchen", "--labels", listed)
    assert result.exit_code == 2
    assert "Invalid value for '--labels'" in result.stderr
    assert why in result.stderr
    assert not Path("kitchen").exists()


def test_labels_are_needed(run: Callable[..., Result]) -> None:
    assert run("new", "kitchen").exit_code == 2
    assert run("new", "--labels", "a,b").exit_code == 2


@pytest.mark.parametrize("sign", [".env", "home/models/x", "home/review.db"])
def test_a_folder_that_holds_a_project_is_left_as_it_is(run: Callable[..., Result], sign: str) -> None:
    there = Path("kitchen") / sign
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    before = everything(Path("kitchen"))
    result = run("new", "kitchen", "--labels", "a,b")
    assert result.exit_code == 1
    assert "holds a project already" in result.stderr
    assert result.stderr.count("\n") == 1
    assert everything(Path("kitchen")) == before


def test_photos_and_notes_that_are_there_stay(run: Callable[..., Result]) -> None:
    (Path("kitchen") / "photos" / "teapot").mkdir(parents=True)
    (Path("kitchen") / "photos" / "teapot" / "1.jpg").write_text("photo")
    (Path("kitchen") / ".gitignore").write_text("*.pyc\n")
    assert run("new", "kitchen", "--labels", "teapot,kettle").exit_code == 0
    made = everything(Path("kitchen"))
    assert (made["photos/teapot/1.jpg"], made[".gitignore"]) == ("photo", "*.pyc\n")


def test_a_folder_that_cannot_be_written_is_told_in_one_line(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("")
    for folder in ("file/kitchen", "k" * 300):
        result = run("new", folder, "--labels", "a,b")
        assert result.exit_code == 1
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1


def test_what_a_full_disk_cut_off_is_gone_on_with(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    fdopen = os.fdopen
    left = [2]  # files that still fit

    class Full:
        def __init__(self, handle: int) -> None:
            self._file = fdopen(handle, "w")

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, text: str) -> None:
            self._file.write(text[:10])
            raise OSError(28, "No space left on device")

    def filling(handle: int, *arguments: object, **options: object) -> object:
        left[0] -= 1
        return Full(handle) if left[0] < 0 else fdopen(handle, *arguments, **options)  # type: ignore[call-overload] # passed on

    with monkeypatch.context() as full:
        full.setattr("bot.project.os.fdopen", filling)
        result = run("new", "kitchen", "--labels", "teapot,kettle")
    assert result.exit_code == 1
    assert "No space left" in result.stderr
    assert not [name for name in everything(Path("kitchen")) if ".env" in name], "nothing half-written stays"
    assert run("new", "kitchen", "--labels", "teapot,kettle").exit_code == 0
    assert ".env" in everything(Path("kitchen"))


@pytest.mark.parametrize(
    ("folder", "options", "command"),
    [
        ("kitchen", [], "kitchen"),
        ("Kitchen_2", [], "kitchen_2"),
        ("my kitchen", [], "photo"),
        ("review", [], "photo"),
        ("kitchen", ["--command", "/pot"], "pot"),
    ],
)
def test_the_command_of_groups_is_the_folders_name_or_what_is_said(
    run: Callable[..., Result], folder: str, options: list[str], command: str
) -> None:
    assert run("new", folder, "--labels", "a,b", *options).exit_code == 0
    assert dotenv_values(Path(folder) / ".env")["BOT_GROUP_COMMAND"] == command


@pytest.mark.parametrize("command", ["Pot!", "help", ""])
def test_a_command_that_cannot_be_is_wrong_usage(run: Callable[..., Result], command: str) -> None:
    result = run("new", "kitchen", "--labels", "a,b", "--command", command)
    assert result.exit_code == 2
    assert "Invalid value for '--command'" in result.stderr
    assert repr(command) in result.stderr
    assert not Path("kitchen").exists()


def test_what_the_environment_says_otherwise_is_named(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the home of the demo that somebody tried before, as the README has it."""
    monkeypatch.setenv("BEARBOT_HOME", "/home/mo/bears")
    result = run("new", "kitchen", "--labels", "a,b")
    assert result.exit_code == 0
    assert "BEARBOT_HOME is set in your environment" in result.stderr
    assert "unset BEARBOT_HOME" in result.stderr


def _fits(labels: list[str]) -> bool:
    try:
        Vocabulary(tuple(labels))
    except DatasetError:
        return False
    return all(label == label.strip() for label in labels)


_ODD = st.sampled_from(["polar bear", "it's", "Löwe", "灰熊", "a.b", "x_-y", "7 dwarfs", "O'Brien's #1"])
_LABELS = st.lists(
    st.text(st.characters(categories=("L", "N"), include_characters=" '._-"), min_size=1, max_size=12) | _ODD,
    min_size=2,
    max_size=5,
).filter(_fits)


@given(labels=_LABELS, data=st.data())
def test_any_labels_come_back_from_the_files(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str], data: st.DataObject
) -> None:
    command = data.draw(st.from_regex(r"[a-z0-9_]{1,32}", fullmatch=True).filter(lambda name: name not in COMMANDS))
    project = Project(tuple(labels), command)
    env = tmp_path_factory.mktemp("project") / ".env"
    env.write_text(project.settings(), encoding="utf-8")
    assert ModelSettings(_env_file=env).labels == tuple(labels)  # type: ignore[call-arg] # pydantic-settings' own
    assert dotenv_values(env)["BOT_GROUP_COMMAND"] == command
    names = parse_names(project.names(), LANGUAGES)
    assert names.problems == ()
    assert names.by_language["en"] == {label: {"name": label} for label in labels}
    filled = parse_names(re.sub(r"(?m)^#(?=.*=)", "", project.names()), LANGUAGES)
    assert filled.problems == ()
    assert [set(filled.by_language[language]) for language in LANGUAGES] == [set(labels)] * len(LANGUAGES)
    assert list(tomllib.loads(project.names())) == list(LANGUAGES)


@pytest.fixture
def project(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without a model, and the working folder."""
    run("new", "kitchen", "--labels", "kettle,pan,teapot")
    monkeypatch.chdir("kitchen")
    return Path.cwd()


def with_a_model(project: Path) -> str:
    """The bundled one, as if it knew the project's labels."""
    artifact = load(bundled_folder())
    renamed = dict(zip(artifact.card.labels, ("kettle", "pan", "teapot"), strict=True))
    photos = tuple(replace(one, label=renamed.get(one.label, one.label)) for one in artifact.manifest.photos)
    registry = Registry(project / "home" / "models", ("kettle", "pan", "teapot"))
    registry.register(
        replace(
            artifact,
            card=replace(artifact.card, version="kitchen-1", labels=("kettle", "pan", "teapot")),
            manifest=replace(artifact.manifest, photos=photos),
        ),
        reason="test",
    )
    registry.promote("kitchen-1", reason="test")
    return "kitchen-1"


def test_the_demo_borrows_the_model_and_the_names_of_a_project(project: Path, tmp_path: Path) -> None:
    guest = tmp_path / "guest"
    guest.mkdir()
    with pytest.raises(NoChampion):
        borrow(ModelSettings.load(), guest)
    assert (guest / FILE).read_text() == (project / "home" / FILE).read_text()
    version = with_a_model(project)
    before = sorted((project / "home").rglob("*"))
    assert borrow(ModelSettings.load(), guest) == version
    borrowed = Registry(guest / "models", ("kettle", "pan", "teapot"))
    assert borrowed.champion_card().labels == ("kettle", "pan", "teapot")
    assert sorted((project / "home").rglob("*")) == before


def test_a_project_of_bears_lends_the_bundled_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result]
) -> None:
    run("new", "bears", "--labels", "black,grizzly,teddy")
    monkeypatch.chdir("bears")
    guest = tmp_path / "guest"
    guest.mkdir()
    version = borrow(ModelSettings.load(), guest)
    assert Registry(guest / "models").champion() == version


@pytest.mark.anyio
async def test_in_a_project_the_chat_page_has_its_model_and_its_command(
    project: Path, tmp_path: Path, photo: Callable[[str], bytes]
) -> None:
    with_a_model(project)
    guest = tmp_path / "guest"
    guest.mkdir()
    borrow(ModelSettings.load(), guest)
    async with stage(guest, port=0, audit_rate=0.0) as playing:
        ana = playing.sandbox.asker
        await ana.send_text("/start")
        await ana.expect("kettle, pan or teapot")
        await ana.send_photo(photo("black_dod"))
        await ana.expect("I see: kettle", timeout=30)
        group = playing.sandbox.group("Kitchen", [ana])
        await ana.at(group).send_text("/kitchen")
        await ana.at(group).expect("Reply to a photo with /kitchen")
