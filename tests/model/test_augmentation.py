"""What training does to photos: the preview draws what fine-tuning draws, and the sheet shows it."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from model.augment_command import augment
from model.images import decode


@pytest.fixture
def bear(demo_photos: dict[str, bytes]) -> Image.Image:
    return decode(demo_photos["grizzly_katmai_131.jpg"], shrink_to=300)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(augment, [str(argument) for argument in arguments])


def test_a_seed_draws_the_same_and_another_one_others(bear: Image.Image) -> None:
    from model.augmentation import augmented

    one, again, other = (augmented(bear, 96, 4, seed) for seed in (3, 3, 4))
    assert [picture.tobytes() for picture in one] == [picture.tobytes() for picture in again]
    assert len({picture.tobytes() for picture in [*one, *other]}) == 8
    assert {(picture.size, picture.mode) for picture in [*one, *other]} == {((96, 96), "RGB")}


def test_what_is_drawn_still_shows_the_photo(bear: Image.Image) -> None:
    """Mirrored or not, it resembles the photo far more than another photo's draws do."""
    from model.augmentation import augmented

    plain = np.asarray(bear.resize((24, 24)).convert("L"), dtype=np.float64)
    for picture in augmented(bear, 96, 8, 1):
        drawn = np.asarray(picture.resize((24, 24)).convert("L"), dtype=np.float64)
        likeness = max(np.corrcoef(plain.ravel(), side.ravel())[0, 1] for side in (drawn, drawn[:, ::-1]))
        assert likeness > 0.4


@pytest.mark.parametrize("part", ["of_each_photo", "of_each_batch"])
def test_fine_tuning_uses_the_same_transforms(part: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    from model import fine_tuning
    from model.backbone import EFFICIENTNET_LITE0

    class Asked(Exception):
        """It was."""

    def asked(*_: object) -> None:
        raise Asked

    monkeypatch.setattr(fine_tuning, part, asked)
    with pytest.raises(Asked):
        fine_tuning.fine_tune_network(
            [(tmp_path / "one.jpg", "a")], ["a"], EFFICIENTNET_LITE0, device=torch.device("cpu")
        )


def test_the_sheet_is_written(run: Callable[..., Result], tmp_path: Path, demo_photos: dict[str, bytes]) -> None:
    (tmp_path / "bear.jpg").write_bytes(demo_photos["grizzly_katmai_131.jpg"])
    result = run("--preview", "bear.jpg", "--count", "2")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "wrote bear-augmented.png\n"), result.output
    few = (tmp_path / "bear-augmented.png").read_bytes()
    assert run("--preview", "bear.jpg", "--count", "13", "-o", "many.png").exit_code == 0
    with Image.open(io.BytesIO(few)) as one, Image.open(tmp_path / "many.png") as other:
        assert one.width == other.width
        assert other.height > one.height + 400  # thirteen take three rows


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ([], 2, "Missing option '--preview'"),
        (["--preview", "nowhere.jpg"], 2, "does not exist"),
        (["--preview", "page.jpg"], 1, "error: page.jpg: the file is no picture of a known format\n"),
        (["--preview", "page.jpg", "-o", "sheet.jpg"], 2, "expected a name that ends in .png, got 'sheet.jpg'"),
        (["--preview", "page.jpg", "-o", "nowhere/sheet.png"], 2, "there is no folder nowhere to write it into"),
        (["--preview", "page.jpg", "--count", "0"], 2, "expected a whole number from 1 to 60, got '0'"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(
    run: Callable[..., Result], tmp_path: Path, arguments: list[str], status: int, told: str
) -> None:
    (tmp_path / "page.jpg").write_bytes(b"<html>")
    result = run(*arguments)
    assert result.exit_code == status
    assert told in result.stderr
    assert result.stdout == ""
