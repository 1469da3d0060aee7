"""The README's tutorial, command by command as it is written, as a newcomer with an empty home folder would run it.

Two things are put in place of what cannot be had here, and nothing else:
- `make setup` downloads 6 GB: its recipe is asked for, and the environment that runs this test takes its place;
- the image sources are a stand-in on this machine, to which settings in the environment lead. What they call cats and
  dogs are photos of these where there are some beside this checkout, and two kinds of drawings elsewhere.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw

from model.cleaning import Action, CleaningManifest
from model.registry import Registry
from review.web.entrance import CSRF_HEADER
from tests.gathering_stand_in.library import Library
from tests.gathering_stand_in.server import StandIn

ROOT = Path(__file__).parents[2]
PICTURES = ROOT.parent / "shared" / "data" / "ood_far"  # lies beside some checkouts, and is never part of one
HEADING = "## A bot about your own subject"
MOST_COMMANDS = 10
KINDS = {"cat": "cats", "dog": "dogs"}  # label -> folder of PICTURES
DRAWN = 60  # of each kind, where there are no photos
WRONG = 3  # dogs that the sources call cats
LOOKED_AT = 10  # of the most suspicious
HELD_BACK = 4  # of each kind: no source has them
STATEFUL = ("source ", "cd ")
SERVING = ("bearbot data clean ", "bearbot demo")
ANA = 1001  # the asker of the demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # gathering is polite, and other tests may run beside it


def tutorial() -> list[str]:
    """The commands of the first console block under the heading, with their comments."""
    _, _, section = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"\n{HEADING}\n")
    block = re.search(r"```console\n(.*?)```", section, re.DOTALL)
    assert block, f"README.md has no commands under {HEADING!r}"
    return [line.removeprefix("$ ") for line in block[1].splitlines()]


Pictures = dict[str, list[Path]]


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    """Of each kind, those that nobody gathers last."""
    if PICTURES.is_dir():
        return {kind: sorted((PICTURES / folder).iterdir()) for kind, folder in KINDS.items()}
    return {kind: [drawn(kind, number, tmp_path / "drawn") for number in range(DRAWN)] for kind in KINDS}


def drawn(kind: str, number: int, folder: Path) -> Path:
    """A "cat" is a handful of discs, a "dog" a few stripes; colours and places are each one's own."""
    random = np.random.default_rng((number, len(KINDS), kind == "cat"))
    ground, *colours = (tuple(int(part) for part in random.integers(0, 255, 3)) for _ in range(6))
    picture = Image.new("RGB", (320, 240), ground)
    pen = ImageDraw.Draw(picture)
    for colour in colours:
        x, y, size = (int(part) for part in random.integers((0, 0, 20), (320, 240, 60)))
        if kind == "cat":
            pen.ellipse((x - size, y - size, x + size, y + size), fill=colour)
        else:
            pen.line((x, 0, y, 240), fill=colour, width=size // 3)
    folder.mkdir(exist_ok=True)
    picture.save(folder / f"{kind}-{number:02}.jpg")
    return folder / f"{kind}-{number:02}.jpg"


@pytest.fixture
def held_back(pictures: Pictures) -> Pictures:
    """Of each kind, what no source has."""
    return {kind: found[-HELD_BACK:] for kind, found in pictures.items()}


@pytest.fixture
def wrong(pictures: Pictures) -> frozenset[str]:
    """The sha256 of the dogs that the sources call cats."""
    return frozenset(map(sha256_of, pictures["dog"][:WRONG]))


def sha256_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def sources(tmp_path: Path, pictures: Pictures) -> Iterator[dict[str, str]]:
    """The stand-in, and the settings that lead to it."""
    called = {
        "cat": [*pictures["dog"][:WRONG], *pictures["cat"][:-HELD_BACK]],
        "dog": pictures["dog"][WRONG:-HELD_BACK],
    }
    for word, photos in called.items():
        (tmp_path / "library" / word).mkdir(parents=True)
        for photo in photos:
            shutil.copy(photo, tmp_path / "library" / word)
    with StandIn(Library.from_folder(tmp_path / "library")) as stand_in:
        yield stand_in.settings()


class Newcomer:
    """Somebody in a fresh shell, in a folder with nothing but the environment that `make setup` makes."""

    def __init__(self, folder: Path, sources: dict[str, str]) -> None:
        self.folder = folder / "bearbot"
        self.home = folder / "newcomer"
        self.folder.mkdir()
        self.home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
        self._environment = {**kept, "HOME": str(self.home), **sources}
        self._before: list[str] = []  # what a shell remembers: where it is, and what was sourced

    def run(self, command: str, timeout: float = 300) -> str:
        """What it prints, on stdout and stderr; it must end well."""
        ran = subprocess.run(
            self._shell(command),
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}"
        assert "Traceback" not in ran.stdout
        if command.startswith(STATEFUL):
            self._before.append(command)
        return ran.stdout

    @contextmanager
    def serving(self, command: str) -> Iterator["Served"]:
        """While it runs. It is ended as Ctrl-C in a terminal does, which goes to all that the shell started."""
        process = subprocess.Popen(
            self._shell(command),
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        served = Served(process)
        try:
            yield served
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(30) == 0, served.said()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            served.close()

    def _shell(self, command: str) -> list[str]:
        return ["bash", "-ec", "\n".join((*self._before, command))]


class Served:
    """A command that serves a page until it is ended."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._lines: Queue[str] = Queue()
        self._said: list[str] = []
        self._reading = threading.Thread(target=self._read, args=(process,))
        self._reading.start()

    def link(self, timeout: float = 120) -> str:
        """The first address that it prints."""
        while True:
            try:
                line = self._lines.get(timeout=timeout)
            except Empty:
                raise AssertionError(f"no link within {timeout} s:\n{self.said()}") from None
            if found := re.search(r"http://127\.0\.0\.1:\d+\S*", line):
                return found[0]

    def said(self) -> str:
        return "".join(self._said)

    def close(self) -> None:
        self._reading.join(30)

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._said.append(line)
                self._lines.put(line)


def test_the_tutorial_goes_from_nothing_to_a_bot_as_written(
    tmp_path: Path, sources: dict[str, str], held_back: Pictures, wrong: frozenset[str]
) -> None:
    commands = tutorial()
    assert len(commands) <= MOST_COMMANDS
    mo = Newcomer(tmp_path, sources)
    project = mo.home / "pets"
    said: dict[str, str] = {}
    for command in commands:
        words = command.partition("#")[0].strip()
        if words == "make setup":
            recipe = subprocess.run(["make", "-n", "setup"], cwd=ROOT, capture_output=True, text=True, check=True)
            assert "not found" not in recipe.stderr
            (mo.folder / ".venv").symlink_to(sys.prefix)
        elif words.startswith("bearbot data clean "):
            with mo.serving(command) as served:
                clean(served.link(), project / "photos", wrong)
            said[words] = served.said()
        elif words == "bearbot demo":
            with mo.serving(command) as served:
                answers = ask(served.link(), held_back)
            said[words] = served.said()
        else:
            said[words] = mo.run(command)
    told = "\n".join(said.values())
    assert "no model yet" not in told
    assert len(list((project / "photos" / "cat").glob("*.jpg"))) > 30
    assert (project / "photos" / "ATTRIBUTION.md").read_text().count("Ana Example") > 1
    decisions = CleaningManifest(project / "photos").standing().values()
    moved = {one.sha256 for one in decisions if (one.action, one.label) == (Action.RELABEL, "dog")}
    assert moved == wrong
    assert Registry(project / "home" / "models", ("cat", "dog")).champion_card().labels == ("cat", "dog")
    right = [kind in answer for kind, answer in answers]
    assert right.count(True) >= len(right) - 2, answers
    assert any(answer.startswith("I see: ") for _, answer in answers), answers
    assert not (project / "home" / "review.db").exists(), "what is sent in the demo goes when it ends"


def test_every_command_is_one_that_there_is() -> None:
    """Without photos, at least this."""
    for command in tutorial():
        words = command.partition("#")[0].split()
        if words[0] == "bearbot":
            shown = subprocess.run(
                [sys.executable, "-m", "bot", *(word for word in words[1:3] if word.isalpha()), "--help"],
                capture_output=True,
                text=True,
                check=True,
            )
            assert all(option in shown.stdout for option in words if option.startswith("--")), command


def clean(link: str, photos: Path, wrong: frozenset[str]) -> None:
    """As somebody at the page: look through the most suspicious, and call a dog what is one."""
    at = urlsplit(link)
    origin = f"http://{at.netloc}"
    with httpx.Client(base_url=origin, headers={"Origin": origin}, timeout=60) as browser:
        assert browser.get(at.path).status_code == 200
        browser.post("/api/login", json={"token": at.fragment}).raise_for_status()
        browser.headers[CSRF_HEADER] = browser.get("/api/session").json()["csrf"]
        shown = browser.get("/api/photos", params={"group": "suspects", "count": LOOKED_AT}).json()["photos"]
        cats = [card for card in shown if card["filed"] == "cat"]
        dogs = [card for card in cats if sha256_of(photos / "cat" / card["name"]) in wrong]
        assert len(dogs) == WRONG, "what is filed wrongly is among the most suspicious"
        items = [{"id": card["id"], "seen": None} for card in dogs]
        relabelling = {"group": "suspects", "items": items, "action": "relabel", "label": "dog"}
        assert browser.post("/api/decide", json=relabelling).raise_for_status().json()["decided"] == WRONG


def ask(page: str, photos: Pictures) -> list[tuple[str, str]]:
    """As Ana at the chat page: send the photos one after the other; what each shows, and what the bot says of it."""
    answers = []
    with httpx.Client(base_url=page, headers={"Origin": page}, timeout=120) as browser:
        assert browser.get("/").status_code == 200
        with browser.stream("GET", "/api/events", params={"person": ANA}) as events:
            told = (json.loads(line.removeprefix("data: ")) for line in events.iter_lines() if "data: " in line)
            for kind, paths in photos.items():
                for path in paths:
                    given = {"person": str(ANA), "chat": str(ANA)}
                    file = {"files": (path.name, path.read_bytes(), "image/jpeg")}
                    httpx.post(f"{page}/api/say", data=given, files=file, headers={"Origin": page}).raise_for_status()
                    answers.append((kind, next(_answer_of(event) for event in told if _answer_of(event))))
    return answers


def _answer_of(event: dict[str, object]) -> str:
    """The words of the bot, if this is a message of it."""
    message = event.get("message")
    if not isinstance(message, dict) or not message.get("from", {}).get("is_bot"):
        return ""
    return str(message.get("text", ""))
