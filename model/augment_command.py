"""`bearbot data augment`: what training makes of a photo."""

from pathlib import Path

import click

from model.console import WholeNumber, note, printable, reports_errors


@click.command()
@click.option(
    "--preview",
    "photo",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PHOTO",
    help="The photo to look at.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PNG",
    help="Write the sheet into this file.  [default: PHOTO's name with -augmented.png, in the current folder]",
)
@click.option(
    "--count", type=WholeNumber(1, 60), default=12, show_default=True, help="How many draws of fine-tuning to show."
)
@click.option("--seed", type=WholeNumber(0, 2**32 - 1), default=20, show_default=True, help="Another one draws others.")
@click.option(
    "--backbone",
    default=None,
    help="See it as this pretrained body does; named as in `model train`.  [default: tf_efficientnet_lite2]",
)
@reports_errors
def augment(photo: Path, output: Path | None, count: int, seed: int, backbone: str | None) -> None:
    """Show on one sheet what training does to PHOTO: the views that a head learns from, and what fine-tuning draws.

    Look at it before a long training: what it does must leave the photo what it is. No photo is changed.

    \b
    Example:
      bearbot data augment --preview photos/bears/grizzly/one.jpg -o sheet.png
    """
    target = output or Path(f"{photo.stem}-augmented.png")
    if target.suffix.lower() != ".png":
        raise click.BadParameter(f"expected a name that ends in .png, got {target.name!r}", param_hint="'--output'")
    if not target.parent.is_dir():
        raise click.BadParameter(f"there is no folder {target.parent} to write it into", param_hint="'--output'")
    from model.errors import ImageError
    from model.images import decode, read_photo

    try:
        picture = decode(read_photo(photo))  # before fastai is imported, which takes seconds
    except ImageError as error:
        raise ImageError(error.problem, f"{photo}: {error}") from error
    from model.augmentation_sheet import augmentation_sheet
    from model.backbone import DEFAULT_BACKBONE
    from model.network import backbone_named

    body = backbone_named(backbone or DEFAULT_BACKBONE)
    target.write_bytes(augmentation_sheet(picture, printable(photo.name), body, count=count, seed=seed))
    note(f"wrote {printable(str(target))}")
