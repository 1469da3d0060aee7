"""`bearbot model ...`: what it prints, where, and its exit status; and what importing it costs."""

import ast
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import model as package
from bot.demo import __file__ as demo_module
from model import cli
from model.artifact import Artifact, load, load_card
from model.dataset import Split
from model.registry import Registry, bundled_folder
from model.top_losses import top_losses

DEMO_PHOTOS = Path(demo_module).parent / "photos"

BUNDLED = load_card(bundled_folder()).version
RIGHT = "{count} of {total}".format(**load_card(bundled_folder()).metrics["accuracy"])
SOURCES = sorted(Path(package.__file__).parent.rglob("*.py"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODEL_HOME", str(tmp_path / "models"))
    monkeypatch.setenv("MODEL_DEVICE", "cpu")
    return tmp_path / "models"


@pytest.fixture
def run(home: Path) -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(cli.model, [str(argument) for argument in arguments])


def failed(result: Result, *named: str, status: int = 1) -> None:
    """The exit status, one line on stderr that names what failed, nothing on stdout."""
    assert result.exit_code == status, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    for name in named:
        assert name in result.stderr


def test_show_as_json_is_the_whole_card(run: Callable[..., Result]) -> None:
    result = run("show", "--json")
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    card = json.loads(line)
    assert (card["version"], card["backbone"]) == (BUNDLED, "tf_efficientnet_lite2")
    assert card["created_at"].startswith("20")
    assert 0.9 < card["metrics"]["accuracy"]["value"] <= 1
    assert result.stderr == ""


def test_show_is_readable(run: Callable[..., Result]) -> None:
    result = run("show")
    assert result.exit_code == 0
    for part in (BUNDLED, "black, grizzly, teddy", "tf_efficientnet_lite2", RIGHT, "with 95% confidence"):
        assert part in result.stdout


def test_versions_are_listed_with_their_roles(
    run: Callable[..., Result], home: Path, make_artifact: Callable[..., Artifact]
) -> None:
    assert BUNDLED in run("list").stdout
    Registry(home).register(make_artifact("small-1"), reason="test")
    assert run("promote", "small-1", "--reason", "why not").exit_code == 0
    rows = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert [(row["version"], row["aliases"]) for row in rows] == [(BUNDLED, ["previous"]), ("small-1", ["champion"])]
    assert [entry.reason for entry in Registry(home).ledger()][-1] == "why not"


def test_promotion_and_rollback_speak_on_stderr(
    run: Callable[..., Result], home: Path, make_artifact: Callable[..., Artifact]
) -> None:
    Registry(home).register(make_artifact("small-1"), reason="test")
    promoted = run("promote", "small-1")
    assert (promoted.exit_code, promoted.stdout) == (0, "")
    assert "small-1 answers now" in promoted.stderr
    back = run("rollback")
    assert (back.exit_code, back.stdout) == (0, "")
    assert f"{BUNDLED} answers again" in back.stderr


@pytest.mark.timeout(60)
def test_what_is_refused_is_named_in_one_line(run: Callable[..., Result], home: Path) -> None:
    failed(run("rollback"), "no previous model")
    failed(run("promote", "nonsense"), "nonsense", BUNDLED)
    failed(run("promote", BUNDLED), "champion already")
    failed(run("show", "../../etc"), "../../etc")
    failed(run("show", "x" * 5000), "no model version")
    failed(run("evaluate", "nonsense"), "nonsense")
    (home / "versions" / BUNDLED / "head.safetensors").write_bytes(b"damaged")
    failed(run("evaluate"), "head.safetensors", "damaged")
    (home / "aliases.json").write_text("{")
    failed(run("show"), "aliases.json")


def test_a_home_that_is_no_folder_is_named(run: Callable[..., Result], home: Path) -> None:
    home.write_text("a file")
    failed(run("show"), str(home))


def test_a_wrong_setting_is_named(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_DEVICE", "gpu")
    failed(run("show"), "MODEL_DEVICE", "'gpu'", status=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["show", "--nonsense"],
        ["promote"],
        ["show", "a", "b"],
        ["train"],
        ["train", "no-such-folder"],
        ["train", "--seed", "many", "."],
        ["train", "--promote", "--output", "x", "."],
    ],
)
def test_wrong_usage_is_exit_status_2(run: Callable[..., Result], arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert result.stdout == ""


def test_a_seed_that_is_none_is_told_what_it_may_be(run: Callable[..., Result]) -> None:
    for value in ("many", "-1", str(2**32)):
        said = run("train", "--seed", value, ".").stderr
        assert f"expected a whole number from 0 to {2**32 - 1}, got '{value}'" in said


def test_every_command_has_help_with_an_example() -> None:
    for command in [cli.model, *cli.model.commands.values()]:
        text = command.get_help(click.Context(command))
        assert "Example:" in text
        assert "bearbot model" in text


def test_training_what_cannot_be_trained_on_registers_nothing(
    run: Callable[..., Result], home: Path, tmp_path: Path
) -> None:
    (tmp_path / "photos" / "black").mkdir(parents=True)
    failed(run("train", tmp_path / "photos"), "found no photo")
    existing = tmp_path / "existing"
    existing.mkdir()
    failed(run("train", tmp_path / "photos", "--output", existing), "existing", "exists already")
    assert not home.exists()


def trained(monkeypatch: pytest.MonkeyPatch, outcome: Callable[..., object]) -> None:
    from model import pipeline

    monkeypatch.setattr(pipeline, "train", outcome)


@pytest.fixture
def candidate(bundled: Artifact) -> object:
    from dataclasses import replace

    from model.candidate import Candidate, report_of

    fresh = replace(bundled, card=replace(bundled.card, version="fresh-1"))
    return Candidate(fresh, report_of(fresh), (("photos/black/bad.jpg", "no picture"),))


def test_a_trained_model_is_registered_and_promoted_on_request(
    run: Callable[..., Result], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, candidate: object
) -> None:
    trained(monkeypatch, lambda *args, **options: candidate)
    result = run("train", tmp_path, "--promote")
    assert result.exit_code == 0
    assert "left out: photos/black/bad.jpg: no picture" in result.stderr
    assert "fresh-1" in result.stdout
    assert Registry(home).champion() == "fresh-1"
    plots = {path.name: path.read_bytes()[:4] for path in (home / "versions" / "fresh-1" / "report").iterdir()}
    names = ["confusion_matrix.png", "out_of_domain.png", "reliability.png", "risk_coverage.png", "top_losses.png"]
    assert plots == dict.fromkeys(names, b"\x89PNG")


def test_a_trained_model_is_written_where_told(
    run: Callable[..., Result], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, candidate: object
) -> None:
    trained(monkeypatch, lambda *args, **options: candidate)
    output = tmp_path / "deep" / "model"
    assert run("train", tmp_path, "--output", output, "--no-photos").exit_code == 0
    assert load(output).card.version == "fresh-1"
    assert not (output / "report" / "top_losses.png").exists()
    assert (output / "report" / "reliability.png").is_file()
    assert [path.name for path in output.parent.iterdir()] == ["model"]
    assert not home.exists()


def test_an_interrupted_training_leaves_nothing(
    run: Callable[..., Result], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **options: object) -> object:
        raise KeyboardInterrupt

    trained(monkeypatch, interrupted)
    result = run("train", tmp_path, "--output", tmp_path / "model")
    assert result.exit_code == 1
    assert "Aborted!" in result.stderr
    assert not home.exists()
    assert not (tmp_path / "model").exists()


def test_evaluate_prints_figures_and_writes_plots(run: Callable[..., Result], tmp_path: Path) -> None:
    as_json = run("evaluate", "--json", "--plots", tmp_path / "plots")
    assert as_json.exit_code == 0
    row = json.loads(as_json.stdout)
    assert (row["version"], row["photos"]) == (BUNDLED, 156)
    assert len(list((tmp_path / "plots").glob("*.png"))) == 4
    text = run("evaluate").stdout
    assert "answered without a person" in text
    assert RIGHT in text
    table = run("evaluate", "--report").stdout.splitlines()
    assert table[1] == "|---|---|"
    assert all(line.startswith("| ") and line.endswith(" |") and line.count("|") == 3 for line in table[2:])
    assert sum("AUROC" in line for line in table) == 2


def test_a_version_of_an_earlier_format_hides_no_other(run: Callable[..., Result], home: Path) -> None:
    (home / "versions" / "old-1").mkdir(parents=True)
    (home / "versions" / "old-1" / "card.json").write_text('{"format": 1, "labels": ["black"]}')
    listed = run("list")
    assert listed.exit_code == 0
    assert BUNDLED in listed.stdout
    assert "old-1  model format 1" in listed.stdout
    rows = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert {row["version"]: "error" in row for row in rows} == {BUNDLED: False, "old-1": True}


@pytest.mark.parametrize("wrong", [("--report", "--json"), ("--photos", ".")])
def test_what_evaluate_cannot_do_at_once_is_wrong_usage(run: Callable[..., Result], wrong: tuple[str, ...]) -> None:
    assert run("evaluate", *wrong).exit_code == 2


def test_top_losses_show_the_photos_that_are_at_hand(
    run: Callable[..., Result], tmp_path: Path, bundled: Artifact
) -> None:
    """None of the bundled model's photos may be shipped, so all twelve places stay gaps; the sheet is drawn anyway."""
    (tmp_path / "photos").mkdir()
    result = run("evaluate", "--plots", tmp_path / "plots", "--photos", tmp_path / "photos")
    assert result.exit_code == 0
    with Image.open(tmp_path / "plots" / "top_losses.png") as empty:
        white = np.asarray(empty.convert("L")).mean()
    worst = {photo.sha256: DEMO_PHOTOS / "teddy_earlgray.jpg" for photo in bundled.manifest.of(Split.TEST)}
    with Image.open(io.BytesIO(top_losses(bundled, worst))) as full:
        assert np.asarray(full.convert("L")).mean() < white - 20


def test_results_for_machines_survive_any_encoding(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    from model.console import print_json

    row = {"path": "b\udcff.jpg", "label": "熊", "separator": "\u2028"}
    print_json(row)
    written = capsysbinary.readouterr().out
    assert written.count(b"\n") == 1
    assert json.loads(written.decode("ascii")) == row
    with pytest.raises(ValueError, match="JSON"):
        print_json({"score": float("nan")})


@pytest.mark.parametrize("module", ["model.registry", "model.cli", "model.champion", "model.images"])
def test_importing_costs_none_of_the_heavy_libraries(module: str) -> None:
    program = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"torch", "timm", "fastai", "sklearn", "scipy", "matplotlib", "torchvision"} & set(loaded)


def test_help_loads_not_even_numpy() -> None:
    program = (
        "import sys, click.testing, model.cli as c\n"
        "assert click.testing.CliRunner().invoke(c.model, ['--help']).exit_code == 0\n"
        "print(*sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"numpy", "pydantic", "PIL", "torch"} & set(loaded)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_nothing_is_ever_unpickled(source: Path) -> None:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            assert not {"pickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"} & {
                name.split(".")[0] for name in names
            }
            assert not {"load_learner", "read_pickle"} & set(names)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
            options = {option.arg: ast.literal_eval(option.value) for option in node.keywords if option.arg in SAFE}
            owner = ast.unparse(node.func.value)
            if owner == "torch":
                assert options.get("weights_only") is True, ast.unparse(node)
            if owner in ("np", "numpy"):
                assert options.get("allow_pickle") is False, ast.unparse(node)


SAFE = ("weights_only", "allow_pickle")


def test_in_a_project_there_is_no_model_before_its_own(
    run: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_LABELS", "kettle,teapot")
    failed(run("show"), "no model yet that tells kettle, teapot", "bearbot model train photos --promote")
    listed = run("list")
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert "no model yet" in listed.stderr
    assert not home.exists()


def test_a_folder_of_other_labels_is_refused_before_anything_is_trained(
    run: Callable[..., Result], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_LABELS", "kettle,teapot")
    for number, label in enumerate(("kettle", "tea pot")):
        (tmp_path / "photos" / label).mkdir(parents=True)
        Image.new("RGB", (64, 64), (number, 0, 0)).save(tmp_path / "photos" / label / "1.png")
    result = run("train", tmp_path / "photos", "--promote")
    failed(result, "expected photos of kettle, teapot (MODEL_LABELS)", "has no photo in", "has photos in", "tea pot")
    assert not home.exists()
