"""Versions and aliases: every move is in the ledger, atomic, and can be taken back."""

import json
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from model.artifact import Artifact, load_card, save
from model.errors import ArtifactError, ChampionChanged, NoChampion, RegistryError
from model.registry import Alias, Registry, bundled_folder

Make = Callable[..., Artifact]
BUNDLED = load_card(bundled_folder()).version


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


def test_a_fresh_installation_answers_with_the_bundled_model(registry: Registry) -> None:
    assert registry.champion() == BUNDLED
    assert registry.versions() == [BUNDLED]
    assert registry.champion_card().version == BUNDLED
    assert [(entry.event, entry.version) for entry in registry.ledger()] == [("installed", BUNDLED)]


def test_folders_that_it_makes_are_private_and_others_keep_their_mode(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        (tmp_path / "operators").mkdir()
        Registry(tmp_path / "operators" / "bearbot" / "models").champion()
    finally:
        os.umask(before)
    assert (tmp_path / "operators").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "operators" / "bearbot").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "operators" / "bearbot" / "models").stat().st_mode & 0o777 == 0o700


@pytest.mark.timeout(20)
def test_on_a_fresh_installation_there_is_nothing_to_roll_back_to(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="no previous model"):
        registry.rollback(reason="test")


def test_a_registered_version_serves_nobody_until_promoted(registry: Registry, make_artifact: Make) -> None:
    assert registry.champion() == BUNDLED
    registry.register(make_artifact("small-1"), reason="test", plots={"matrix.png": b"picture"})
    assert registry.champion() == BUNDLED
    assert (registry.folder("small-1") / "report" / "matrix.png").read_bytes() == b"picture"
    registry.promote("small-1", reason="better")
    assert registry.aliases() == {Alias.CHAMPION: "small-1", Alias.PREVIOUS: BUNDLED}
    assert registry.rollback(reason="worse") == BUNDLED
    assert registry.aliases() == {Alias.CHAMPION: BUNDLED, Alias.PREVIOUS: "small-1"}
    events = [(entry.event, entry.version, entry.reason) for entry in registry.ledger()]
    assert events[-3:] == [
        ("registered", "small-1", "test"),
        ("promoted", "small-1", "better"),
        ("rolled back", BUNDLED, "worse"),
    ]


def test_what_is_refused_changes_nothing(registry: Registry, make_artifact: Make) -> None:
    registry.register(make_artifact("small-1"), reason="test")
    before, entries = registry.aliases(), list(registry.ledger())
    with pytest.raises(RegistryError, match="exists already"):
        registry.register(make_artifact("small-1"), reason="again")
    with pytest.raises(RegistryError, match="champion already"):
        registry.promote(BUNDLED, reason="again")
    (registry.folder("small-1") / "head.safetensors").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="checksum"):
        registry.promote("small-1", reason="test")
    assert registry.aliases() == before
    assert list(registry.ledger()) == entries


def test_a_damaged_previous_version_is_not_rolled_back_to(registry: Registry, make_artifact: Make) -> None:
    registry.register(make_artifact("small-1"), reason="test")
    registry.promote("small-1", reason="test")
    (registry.folder(BUNDLED) / "head.safetensors").unlink()
    with pytest.raises(ArtifactError):
        registry.rollback(reason="test")
    assert registry.champion() == "small-1"


@pytest.mark.parametrize("bundled", [True, False])
def test_a_version_is_on_disk_before_it_has_its_name(
    registry: Registry, make_artifact: Make, monkeypatch: pytest.MonkeyPatch, bundled: bool
) -> None:
    """Or an alias that survives a power cut would name a torn version."""
    if not bundled:
        registry.aliases()
    synced: set[int] = set()
    unsynced: list[Path] = []
    renamed: list[Path] = []
    fsync, rename = os.fsync, Path.rename

    def note_sync(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def note_rename(draft: Path, target: Path) -> Path:
        unsynced.extend(path for path in (draft, *draft.rglob("*")) if path.stat().st_ino not in synced)
        synced.clear()
        renamed.append(target)
        return rename(draft, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "rename", note_rename)
    if bundled:
        registry.aliases()
    else:
        registry.register(make_artifact("small-1"), reason="test", plots={"matrix.png": b"picture"})
    assert unsynced == []
    assert renamed == [registry.folder(BUNDLED if bundled else "small-1")]
    assert (registry.home / "versions").stat().st_ino in synced, "the name itself is on disk too"


@pytest.mark.parametrize(
    "version", ["", ".", "..", "../versions", "a/b", "/etc", "x" * 5000, "nul\0", ".new-1", "none"]
)
def test_names_that_are_no_version_are_refused(registry: Registry, version: str) -> None:
    registry.aliases()
    # Even where a card lies, a name must not lead out of the folder of versions.
    shutil.copy(bundled_folder() / "card.json", registry.home / "card.json")
    with pytest.raises(RegistryError, match="no model version"):
        registry.load(version)
    with pytest.raises(RegistryError, match="no model version"):
        registry.promote(version, reason="test")


@pytest.mark.parametrize("version", ["", "../evil", ".hidden", "a/b", "a b", "x" * 300])
def test_no_version_is_registered_under_such_a_name(registry: Registry, make_artifact: Make, version: str) -> None:
    with pytest.raises(RegistryError, match="no name of a version"):
        registry.register(make_artifact(version), reason="test")


def test_a_version_under_another_name_is_refused(registry: Registry, make_artifact: Make) -> None:
    """Or its answers would be recorded under a version that did not give them."""
    registry.register(make_artifact("small-1"), reason="test")
    shutil.copytree(registry.folder("small-1"), registry.home / "versions" / "small-2")
    with pytest.raises(ArtifactError, match="small-1"):
        registry.promote("small-2", reason="test")
    assert registry.champion() == BUNDLED


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"emperor": "x"}', b"\xff\xfe"])
def test_a_damaged_alias_file_is_named(registry: Registry, content: bytes) -> None:
    registry.aliases()
    registry.alias_file.write_bytes(content)
    with pytest.raises(RegistryError, match=r"aliases\.json"):
        registry.champion()


def test_without_a_champion_the_way_out_is_told(registry: Registry) -> None:
    registry.aliases()
    registry.alias_file.write_text("{}")
    with pytest.raises(RegistryError, match="bearbot model promote"):
        registry.champion()
    registry.promote(BUNDLED, reason="mended by hand")
    assert registry.champion() == BUNDLED


def test_rolling_back_without_a_champion_works(registry: Registry) -> None:
    registry.aliases()
    registry.alias_file.write_text(json.dumps({"previous": BUNDLED}))
    assert registry.rollback(reason="mended by hand") == BUNDLED
    assert registry.aliases() == {Alias.CHAMPION: BUNDLED}


def test_a_ledger_keeps_any_reason_as_one_entry(registry: Registry, make_artifact: Make) -> None:
    reason = 'two\nlines, a separator \u2028\x85, "quotes" and bytes that are no text \udcff'
    registry.register(make_artifact("small-1"), reason=reason)
    assert [entry.reason for entry in registry.ledger()][-1] == reason


def test_a_cut_off_line_costs_the_ledger_no_other(registry: Registry, make_artifact: Make) -> None:
    registry.aliases()
    with (registry.home / "ledger.jsonl").open("a") as file:
        file.write('{"at": "2026-')  # killed, or the disk was full
    registry.register(make_artifact("small-1"), reason="test")
    assert [entry.event for entry in registry.ledger()] == ["installed", "registered"]


def test_drafts_that_a_crash_left_are_no_versions(registry: Registry) -> None:
    registry.aliases()
    shutil.copytree(registry.folder(BUNDLED), registry.home / "versions" / ".new-crashed" / "version")
    (registry.home / "versions" / "half").mkdir()
    assert registry.versions() == [BUNDLED]


def test_an_installation_cut_off_before_its_alias_is_finished_by_the_next(registry: Registry) -> None:
    shutil.copytree(bundled_folder(), registry.home / "versions" / BUNDLED)
    assert registry.champion() == BUNDLED


def _install(home: Path) -> str:
    return Registry(home).champion()


def _swap(home: Path, version: str) -> None:
    registry = Registry(home)
    for _ in range(10):
        try:
            registry.promote(version, reason="race")
        except RegistryError as error:
            assert "champion already" in str(error)  # noqa: PT017 - the other errors must be raised
        registry.rollback(reason="race")


def test_processes_that_start_together_install_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert pool.map(_install, [tmp_path / "models"] * 8) == [BUNDLED] * 8
    assert [entry.event for entry in Registry(tmp_path / "models").ledger()] == ["installed"]


def test_processes_that_promote_at_once_lose_no_move(registry: Registry, make_artifact: Make) -> None:
    for name in ("small-1", "small-2"):
        registry.register(make_artifact(name), reason="test")
    registry.promote("small-1", reason="so that there is something to roll back to")
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.starmap(_swap, [(registry.home, "small-1"), (registry.home, "small-2")])
    champion = None
    for entry in registry.ledger():  # replaying the ledger gives what the alias file says
        if entry.event != "registered":
            champion = entry.version
    assert registry.champion() == champion
    assert sum(entry.event == "rolled back" for entry in registry.ledger()) == 20


class Moves(RuleBasedStateMachine):
    """Any order of moves: aliases are what a simple model of them says, and the ledger tells each once."""

    def __init__(self, make: Make) -> None:
        super().__init__()
        self.make = make
        self.folder = tempfile.TemporaryDirectory()
        self.registry = Registry(Path(self.folder.name))
        self.champion, self.previous = BUNDLED, None
        self.known = [BUNDLED]
        self.moves = 1  # the installation

    @rule()
    def register(self) -> None:
        self.registry.aliases()
        version = f"small-{len(self.known)}"
        self.registry.register(self.make(version), reason="test")
        self.known.append(version)
        self.moves += 1

    @rule(choice=st.integers(0, 20))
    def promote(self, choice: int) -> None:
        version = self.known[choice % len(self.known)]
        if version == self.champion:
            with pytest.raises(RegistryError):
                self.registry.promote(version, reason="test")
            return
        self.registry.promote(version, reason="test")
        self.champion, self.previous = version, self.champion
        self.moves += 1

    @rule()
    def rollback(self) -> None:
        if self.previous is None:
            with pytest.raises(RegistryError):
                self.registry.rollback(reason="test")
            return
        assert self.registry.rollback(reason="test") == self.previous
        self.champion, self.previous = self.previous, self.champion
        self.moves += 1

    @invariant()
    def aliases_are_as_told(self) -> None:
        aliases = self.registry.aliases()
        assert aliases.get(Alias.CHAMPION) == self.champion
        assert aliases.get(Alias.PREVIOUS) == self.previous
        assert len(list(self.registry.ledger())) == self.moves
        assert sorted(self.registry.versions()) == sorted(self.known)

    def teardown(self) -> None:
        self.folder.cleanup()


def test_any_order_of_moves(make_artifact: Make) -> None:
    run_state_machine_as_test(
        lambda: Moves(make_artifact), settings=settings(max_examples=15, stateful_step_count=10, deadline=None)
    )


def test_one_file_is_replaced_at_once(registry: Registry, make_artifact: Make) -> None:
    """A reader never sees half an alias file, however often it is replaced."""
    import threading

    registry.register(make_artifact("small-1"), reason="test")
    done = threading.Event()
    seen: set[str] = set()

    def watch() -> None:
        while not done.is_set():
            seen.add(registry.champion())

    watcher = threading.Thread(target=watch)
    watcher.start()
    registry.promote("small-1", reason="test")
    for _ in range(30):
        registry.rollback(reason="test")
    done.set()
    watcher.join()
    assert seen <= {BUNDLED, "small-1"}


def test_the_bundled_model_has_numbers(registry: Registry) -> None:
    assert np.isfinite(registry.load(registry.champion()).head.weight).all()


def old_champion(home: Path, labels: tuple[str, ...]) -> str:
    """A home folder as an earlier bearbot left it: its champion is of a format that is no longer read."""
    folder = home / "versions" / "old-1"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps({"format": 1, "version": "old-1", "labels": labels}))
    (home / "aliases.json").write_text(json.dumps({"champion": "old-1", "previous": "older-1"}))
    return "old-1"


def test_an_update_that_no_longer_reads_the_champion_lets_the_bundled_model_answer(tmp_path: Path) -> None:
    old_champion(tmp_path, ("black", "grizzly", "teddy"))
    registry = Registry(tmp_path)
    assert registry.champion() == BUNDLED
    assert Alias.PREVIOUS not in registry.aliases()
    (entry,) = registry.ledger()
    assert (entry.event, entry.version) == ("installed", BUNDLED)
    assert "old-1 is no longer read" in entry.reason
    assert (tmp_path / "versions" / "old-1").exists()


def test_a_model_of_other_labels_is_never_replaced_by_one_of_bears(tmp_path: Path) -> None:
    old = old_champion(tmp_path, ("cat", "dog"))
    registry = Registry(tmp_path)
    assert registry.champion() == old
    with pytest.raises(ArtifactError, match="train it again"):
        registry.champion_card()
    assert BUNDLED in registry.versions()  # there to be promoted, and no more


def test_a_newer_bundled_model_is_there_to_be_promoted(make_artifact: Make, tmp_path: Path) -> None:
    """An update brings another bundled model; the champion that is readable goes on answering."""
    (tmp_path / "aliases.json").write_text(json.dumps({"champion": "small-1"}))
    save(make_artifact(), tmp_path / "versions" / "small-1")
    registry = Registry(tmp_path)
    assert registry.champion() == "small-1"
    assert registry.versions() == sorted([BUNDLED, "small-1"])
    assert list(registry.ledger()) == []


def test_a_move_that_names_another_champion_is_refused(registry: Registry, make_artifact: Make) -> None:
    for version in ("small-1", "small-2"):
        registry.register(make_artifact(version), reason="test")
    registry.promote("small-1", reason="test", replacing=BUNDLED)
    before = list(registry.ledger())
    with pytest.raises(ChampionChanged, match="small-1 is champion now"):
        registry.promote("small-2", reason="test", replacing=BUNDLED)
    with pytest.raises(ChampionChanged):
        registry.rollback(reason="test", replacing=BUNDLED)
    assert (registry.champion(), list(registry.ledger())) == ("small-1", before)
    assert registry.rollback(reason="test", replacing="small-1") == BUNDLED


PROJECT = ("kettle", "teapot")


@pytest.fixture
def project(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models", PROJECT)


def test_in_a_project_of_other_labels_no_model_answers_before_it_has_its_own(project: Registry) -> None:
    with pytest.raises(
        NoChampion, match=r"kettle, teapot: .*bearbot data gather.*bearbot model train photos --promote"
    ):
        project.champion()
    assert project.labels() == PROJECT
    assert (project.versions(), dict(project.aliases())) == ([], {})
    assert not project.home.exists(), "to look changes nothing"


def test_a_model_of_the_project_answers_once_it_is_promoted(project: Registry, make_artifact: Make) -> None:
    project.register(make_artifact("small-1"), reason="test")
    with pytest.raises(NoChampion, match="bearbot model promote VERSION"):
        project.champion()
    project.promote("small-1", reason="test")
    assert project.champion() == "small-1"
    assert project.labels() == make_artifact().card.labels, "what the champion knows is what people can say"
    with pytest.raises(RegistryError, match="no previous model"):
        project.rollback(reason="test")


def test_bears_that_were_there_before_do_not_answer_in_a_project(project: Registry, make_artifact: Make) -> None:
    """Somebody ran a command without the project's .env, say, or named labels for a home that was in use."""
    before = Registry(project.home)
    assert before.champion() == BUNDLED
    with pytest.raises(NoChampion, match="model train photos --promote"):
        project.champion()
    with pytest.raises(RegistryError, match=r"tells black, grizzly, teddy.*about kettle, teapot"):
        project.promote(BUNDLED, reason="test")
    before.register(make_artifact("small-1"), reason="test")
    before.promote("small-1", reason="test")
    assert project.champion() == "small-1"
    with pytest.raises(RegistryError, match="no previous model"):
        project.rollback(reason="test")


def test_a_project_about_the_bundled_models_labels_has_it(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models", ("teddy", "black", "grizzly"))
    assert registry.champion() == BUNDLED
    assert registry.labels() == ("black", "grizzly", "teddy")


def test_without_a_champion_and_a_project_there_are_no_labels(registry: Registry) -> None:
    registry.aliases()
    registry.alias_file.write_text("{}")
    with pytest.raises(NoChampion, match="promote"):
        registry.labels()
