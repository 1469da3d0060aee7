"""`bearbot model ...`: train, evaluate, list, show, promote, roll back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from model.console import WholeNumber, note, print_json, reports_errors

if TYPE_CHECKING:  # imported in the commands that need them: `--help` loads neither torch nor pydantic
    from model.artifact import ModelCard
    from model.registry import Registry
    from model.settings import ModelSettings


@click.group()
def model() -> None:
    """Train, measure, compare and roll out models.

    \b
    Example:
      bearbot model show
    """


@model.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--near",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Pictures that look like the subject and show none of the labels.",
)
@click.option(
    "--far",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Pictures of anything else.",
)
@click.option("--description", default="", help="What the photos are and where they come from; goes into the card.")
@click.option(
    "--backbone",
    default=None,
    help="Pretrained body by timm's name, or torchvision:NAME.  [default: tf_efficientnet_lite2]",
)
@click.option(
    "--weights",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The body's weights from this file (.safetensors, .pth) instead; it is copied.",
)
@click.option(
    "--fine-tune/--head-only",
    default=None,
    help="Train the whole network, or a head on features computed once.  [default: the whole on a GPU]",
)
@click.option(
    "--seed", type=WholeNumber(0, 2**32 - 1), default=20, show_default=True, help="Of the split and of the training."
)
@click.option("--promote", is_flag=True, help="Let it answer from now on, whatever its figures.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=None, help="Write the model here instead of registering it."
)
@click.option("--no-photos", is_flag=True, help="Leave the sheet of top losses out of the report: it shows photos.")
@reports_errors
def train(
    folder: Path,
    near: Path | None,
    far: Path | None,
    description: str,
    backbone: str | None,
    weights: Path | None,
    fine_tune: bool | None,
    seed: int,
    promote: bool,
    output: Path | None,
    no_photos: bool,
) -> None:
    """Train a model on FOLDER/LABEL/*.jpg and register it.

    A fifth of the photos, near-duplicates kept together, is held back as the model's frozen test set. With --near and
    --far it also learns what to leave to people, and its threshold bounds the errors on a mix of all three. Folders in
    those name what sort of thing their pictures show; the more sorts, the better.

    In a project of your own (MODEL_LABELS) there must be photos of each of its labels, and of no others.

    \b
    Example:
      bearbot model train photos/bears --near photos/pandas-and-plush --far photos/anything --promote
    """
    if promote and output:
        raise click.UsageError("--promote needs a registered model: leave out --output")
    from model.artifact import save
    from model.backbone import DEFAULT_BACKBONE
    from model.errors import ArtifactError
    from model.gathering.photo_licences import licences_of
    from model.network import torch_device
    from model.pipeline import train as run_training
    from model.plots import report_plots
    from model.progress import progress_bars
    from model.scanning import paths_by_key
    from model.top_losses import top_losses
    from model.weights import StoredWeights

    if output:
        if output.exists():
            raise ArtifactError(f"{output} exists already: name a folder that does not")
        output.parent.mkdir(parents=True, exist_ok=True)  # better now than after the training
    settings, registry = _opened()
    device = torch_device(settings.device)
    stored = None
    if weights:
        stored = StoredWeights(folder=registry.weights_folder, sha256=registry.weights_folder.adopt(weights))
    candidate = run_training(
        folder,
        device=device,
        description=description or f"{folder.resolve().name}, trained by hand",
        fine_tune=device.type == "cuda" if fine_tune is None else fine_tune,
        near=near,
        far=far,
        backbone=backbone or DEFAULT_BACKBONE,
        weights=stored,
        labels=settings.labels,
        licences=licences_of(root for root in (folder, near, far) if root is not None),
        seed=seed,
        progress=progress_bars(),
    )
    for what, why in candidate.left_out:
        note(f"left out: {what}: {why}")
    plots = dict(report_plots(candidate.artifact, candidate.report))
    if not no_photos:
        plots["top_losses.png"] = top_losses(candidate.artifact, paths_by_key([folder]))
    card = candidate.artifact.card
    if output:
        save(candidate.artifact, output, plots)
        note(f"wrote {card.version} to {output}")
    else:
        registry.register(candidate.artifact, reason=f"trained on {folder}", plots=plots)
        note(f"registered {card.version} in {registry.folder(card.version)}")
    if promote:
        registry.promote(card.version, reason="trained with --promote")
        note(f"{card.version} answers now")
    _print(card)


@model.command()
@click.argument("version", required=False)
@click.option("--plots", type=click.Path(file_okay=False, path_type=Path), help="Write plots into this folder.")
@click.option(
    "--photos",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder the model was trained on, for the sheet of top losses among --plots. May be repeated.",
)
@click.option("--report", "as_markdown", is_flag=True, help="Print the table in Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@reports_errors
def evaluate(
    version: str | None, plots: Path | None, photos: tuple[Path, ...], as_markdown: bool, as_json: bool
) -> None:
    """Figures of VERSION (default: the champion) on its frozen test set, with 95 % intervals.

    They are computed from the features that travel in the model: no photo is needed.

    \b
    Example:
      bearbot model evaluate --plots figures --photos photos/bears
    """
    if photos and not plots:
        raise click.UsageError("--photos needs --plots, the folder that the sheet is written into")
    if as_markdown and as_json:
        raise click.UsageError("--report and --json: choose one")
    from model.candidate import report_of
    from model.plots import report_plots
    from model.scanning import paths_by_key
    from model.table import markdown, text
    from model.top_losses import top_losses

    _, registry = _opened()
    artifact = registry.load(version or registry.champion())
    report = report_of(artifact)
    if plots:
        plots.mkdir(parents=True, exist_ok=True)
        drawn = dict(report_plots(artifact, report))
        if photos:
            drawn["top_losses.png"] = top_losses(artifact, paths_by_key(photos))
        for name, content in drawn.items():
            (plots / name).write_bytes(content)
            note(f"wrote {plots / name}")
    if as_json:
        print_json({"version": artifact.card.version, **report.to_json()})
    elif as_markdown:
        click.echo(markdown(report), nl=False)
    else:
        click.echo(f"{artifact.card.version} on photos it was not trained on (95 % intervals)")
        click.echo(text(report), nl=False)


@model.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@reports_errors
def list_versions(as_json: bool) -> None:
    """Registered versions, oldest first, and which one answers.

    \b
    Example:
      bearbot model list
    """
    from model.errors import ArtifactError, NoChampion

    _, registry = _opened()
    aliases = registry.aliases()
    try:
        registry.champion()
    except NoChampion as error:
        note(str(error))
    for version in registry.versions():
        roles = [alias.value for alias, name in aliases.items() if name == version]
        try:
            card = registry.card(version)
        except ArtifactError as error:  # one that cannot be read does not hide the others
            if as_json:
                print_json({"version": version, "aliases": roles, "error": str(error)})
            else:
                click.echo(f"{version}  {error}  {' '.join(roles)}".rstrip())
            continue
        accuracy = card.metrics["accuracy"]
        if as_json:
            print_json({"version": version, "aliases": roles, "created_at": card.created_at, "accuracy": accuracy})
        else:
            figure = f"{accuracy['value']:.1%} of {accuracy['total']} test photos right"
            click.echo(f"{version}  {card.created_at}  {figure}  {' '.join(roles)}".rstrip())


@model.command()
@click.argument("version", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the whole card as one JSON object.")
@reports_errors
def show(version: str | None, as_json: bool) -> None:
    """The card of VERSION (default: the champion, which answers now).

    \b
    Example:
      bearbot model show --json
    """
    _, registry = _opened()
    card = registry.card(version or registry.champion())
    if as_json:
        print_json(card.to_json())
    else:
        _print(card)


@model.command()
@click.argument("version")
@click.option("--reason", default="by hand", show_default=True, help="Goes into the ledger.")
@reports_errors
def promote(version: str, reason: str) -> None:
    """Let VERSION answer. A running bot takes it up within a second or so, without a restart.

    \b
    Example:
      bearbot model promote 20261124-101500-ab12cd --reason "better on winter photos"
    """
    _, registry = _opened()
    registry.promote(version, reason=reason)
    note(f"{version} answers now; `bearbot model rollback` takes it back")


@model.command()
@click.option("--reason", default="by hand", show_default=True, help="Goes into the ledger.")
@reports_errors
def rollback(reason: str) -> None:
    """Let the previous model answer again.

    \b
    Example:
      bearbot model rollback --reason "confuses cubs"
    """
    _, registry = _opened()
    note(f"{registry.rollback(reason=reason)} answers again")


def _opened() -> "tuple[ModelSettings, Registry]":
    from model.registry import Registry
    from model.settings import ModelSettings

    settings = ModelSettings.load()
    return settings, Registry(settings.home, settings.labels)


def _print(card: "ModelCard") -> None:
    from model.card_words import card_words

    click.echo("\n".join(card_words(card)))
