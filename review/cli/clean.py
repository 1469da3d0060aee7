"""`bearbot data clean`: find what is filed wrongly in a folder of photos, and decide what becomes of it."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from model.console import WholeNumber, note, print_json, reports_errors

if TYPE_CHECKING:  # imported in the command: `--help` loads neither torch nor a server
    from model.cleaning import Action, CleaningManifest
    from model.suspicion import Ranking

_file = click.Path(path_type=Path)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", type=WholeNumber(0, 65535), help="Of the page; 0 for any free one.  [default: 8713]")
@click.option("--json", "as_json", is_flag=True, help="No page: print the ranking, one JSON object a line.")
@click.option("--all", "also_decided", is_flag=True, help="With --json: also photos that were kept or relabelled.")
@click.option("--keep", type=_file, multiple=True, metavar="PHOTO", help="It is filed rightly. May be repeated.")
@click.option("--remove", type=_file, multiple=True, metavar="PHOTO", help="Not part of the set. May be repeated.")
@click.option(
    "--relabel",
    type=(_file, str),
    multiple=True,
    metavar="PHOTO LABEL",
    help="It shows another label. May be repeated.",
)
@click.option("--undo", is_flag=True, help="Take back what was decided last, on the page or in one call.")
@click.option("--decisions", is_flag=True, help="List what is decided (with --json for machines).")
@click.option("--copy-to", type=_file, metavar="NEWFOLDER", help="Write the cleaned set there, as LABEL/files.")
@reports_errors
def clean(
    folder: Path,
    port: int | None,
    as_json: bool,
    also_decided: bool,
    keep: tuple[Path, ...],
    remove: tuple[Path, ...],
    relabel: tuple[tuple[Path, str], ...],
    undo: bool,
    decisions: bool,
    copy_to: Path | None,
) -> None:
    """Serve a page that shows which photos of FOLDER/LABEL/* are most likely filed wrongly.

    Each is kept, relabelled or removed with a key. Nothing is moved or deleted: decisions go to FOLDER/cleaning.jsonl,
    which `bearbot model train` and `bearbot data check` follow. Ctrl-C ends it.

    For scripts --json prints {"path", "label", "suggested", "suspicion"} of every photo that nothing is decided about,
    the most suspicious first; "suggested" is null for what looks like none of the labels.

    \b
    Example:
      bearbot data clean photos
      bearbot data clean photos --json
      bearbot data clean photos --relabel black/003.jpg grizzly --remove black/007.jpg
    """
    deciding = bool(keep or remove or relabel)
    chosen = [
        name
        for name, given in (
            ("--keep, --remove and --relabel", deciding),
            ("--undo", undo),
            ("--decisions", decisions),
            ("--copy-to", copy_to),
            ("--port", port is not None),
        )
        if given
    ]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} do not go together: one after the other")
    if as_json and chosen not in ([], ["--decisions"]):
        raise click.UsageError(f"--json goes alone, or with --decisions, not with {chosen[0]}")
    if also_decided and (not as_json or decisions):
        raise click.UsageError("--all goes with --json")

    from model.cleaning import Action, CleaningManifest

    manifest = CleaningManifest(folder)
    if deciding:
        wishes: list[tuple[Path, Action, str | None]] = [(path, Action.KEEP, None) for path in keep]
        wishes += [(path, Action.REMOVE, None) for path in remove]
        wishes += [(path, Action.RELABEL, label) for path, label in relabel]
        _decide(manifest, wishes)
    elif undo:
        _undo(manifest)
    elif decisions:
        _list(manifest, as_json=as_json)
    elif copy_to is not None:
        _copy(manifest, copy_to)
    elif as_json:
        _print(manifest, ranking_of(folder), also_decided=also_decided)
    else:
        _serve(manifest, 8713 if port is None else port)


def _decide(manifest: "CleaningManifest", wishes: "list[tuple[Path, Action, str | None]]") -> None:
    from review.cleaning.summary import counted
    from review.cleaning.verdicts import decide_by_name

    decided = decide_by_name(manifest, wishes, by=_me())
    note(f"{counted(decided)}; `bearbot data clean {shlex.quote(str(manifest.folder))} --undo` takes it back")


def _undo(manifest: "CleaningManifest") -> None:
    from review.cleaning.summary import counted

    taken = manifest.undo(by=_me())
    if not taken:
        note(f"nothing is decided about photos in {manifest.folder}, so there is nothing to take back")
        sys.exit(1)
    note(f"taken back: {counted(taken)}")


def _list(manifest: "CleaningManifest", *, as_json: bool) -> None:
    from model.console import aligned

    standing = list(manifest.standing().values())
    if as_json:
        for one in standing:
            print_json({"path": str(manifest.folder / one.path), "action": one.action.value, "label": one.label})
    elif standing:
        rows = [(one.action.value, one.label or "", one.path) for one in standing]
        click.echo(aligned(rows).encode(errors="replace").decode())  # a file's name may be no text
    else:
        note(f"nothing is decided about photos in {manifest.folder}")


def _copy(manifest: "CleaningManifest", target: Path) -> None:
    from model.progress import progress_bars
    from review.cleaning.cleaned_copy import write_cleaned

    written = write_cleaned(manifest, target, progress_bars())
    for path, why in written.left_out:
        note(f"left out: {path}: {why}")
    note(f"wrote {written.photos} photos to {target}")


def _print(manifest: "CleaningManifest", ranking: "Ranking", *, also_decided: bool) -> None:
    for path, why in ranking.left_out:
        note(f"left out: {path}: {why}")
    standing = manifest.standing()
    for suspect in ranking.suspects:
        decision = standing.get(suspect.path.relative_to(manifest.folder).as_posix())
        if not also_decided and decision is not None and decision.sha256 == suspect.sha256:
            continue
        row = {"path": str(suspect.path), "label": suspect.label, "suggested": suspect.suggested}
        print_json({**row, "suspicion": suspect.suspicion})


def _serve(manifest: "CleaningManifest", port: int) -> None:
    from contextlib import closing

    from model.progress import progress_bars
    from review.cleaning.app import application
    from review.cleaning.board import Board
    from review.cleaning.photographs import photographs
    from review.cleaning.summary import changes
    from review.cleaning.verdicts import labels_of
    from review.web.door import Link
    from review.web.entrance import Entrance
    from review.web.server import CannotListen, listen, serve

    before = manifest.standing()  # what is damaged is told before minutes of work, as is a port that cannot be had
    try:
        listening = listen("127.0.0.1", port)
    except CannotListen as error:
        note(f"error: {error}")
        sys.exit(1)
    with closing(listening):
        ranking = ranking_of(manifest.folder)
        board = Board(manifest, photographs(manifest, ranking, progress_bars()), labels_of(manifest), by=_me())
        state = board.state()
        note(f"{state.suspects} of {len(board.photos)} photos may be filed wrongly; {state.looked_at} are decided")
        for path, why in ranking.left_out:
            note(f"left out: {path}: {why}")
        note("the page for you alone; Ctrl-C ends it. Each link works once:")
        bound = listening.getsockname()[1]
        link = Link(_me(), told=lambda token: click.echo(f"  http://127.0.0.1:{bound}/login#{token}"))
        link.tell()
        # Cookies know no ports: two pages on one machine must not take each other's.
        entrance = Entrance(cookie=f"bearbot_{bound}")
        serve(application(entrance, board, link=link, folder=manifest.folder.resolve().name), listening)
    said = changes(before, manifest.standing())
    if said:
        train = f"bearbot model train {shlex.quote(str(manifest.folder))}"
        note(f"ended; {said}. No file was moved or deleted: `{train}` goes by it")
    else:
        note("ended; nothing was decided")


def ranking_of(folder: Path) -> "Ranking":
    import torch

    from model.backbone import DEFAULT_BACKBONE
    from model.errors import ArtifactError, NoChampion, RegistryError
    from model.features import FeatureStore
    from model.network import load_body, torch_device
    from model.progress import progress_bars
    from model.registry import Registry
    from model.serving import Classifier
    from model.settings import ModelSettings
    from model.suspicion import rank

    settings = ModelSettings.load()
    torch.set_num_threads(settings.threads)
    registry, device = Registry(settings.home, settings.labels), torch_device(settings.device)
    champion = None
    try:
        artifact = registry.load(registry.champion())
        weights = registry.stored_weights(artifact.card)
        champion = Classifier.load(artifact, device, registry.feature_store, weights=weights)
    except NoChampion:
        pass  # as it is before a project's first model: the photos judge one another
    except (RegistryError, ArtifactError) as error:
        note(f"no model has a say, the photos judge one another: {error}")
    return rank(
        folder,
        body=champion.body if champion else load_body(DEFAULT_BACKBONE, device),
        store=FeatureStore(settings.home / "dataset_features"),  # not people's: no deletion has to find them
        second=champion,
        progress=progress_bars(),
    )


def _me() -> str:
    """Who decides, for the manifest."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "somebody"
