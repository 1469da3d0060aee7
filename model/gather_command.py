"""`bearbot data gather`: from a search word to a folder of photos that `bearbot model train` reads."""

import shlex
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from model.console import WholeNumber, note, print_json, reports_errors

if TYPE_CHECKING:  # imported in the command: `--help` loads neither requests nor pydantic
    from model.gathering.folder import GatheredFolder
    from model.gathering.gatherer import Wish
    from model.gathering.held_out import HeldOut
    from model.gathering.ledger import Row
    from model.gathering.licences import Licence
    from model.gathering.report import Report
    from model.gathering.settings import GatheringSettings

_SOURCES = ("openverse", "wikimedia", "inaturalist", "gbif", "bing")  # a test holds them to the classes
_LONGEST_QUERY = 200


@click.command()
@click.argument("query")
@click.option("--label", required=True, help="File the photos under this label, in FOLDER/LABEL.")
@click.option(
    "--count",
    type=WholeNumber(1, 10_000),
    default=150,
    show_default=True,
    help="How many photos of QUERY with such a licence are to lie there in the end; those of earlier runs count.",
)
@click.option(
    "--into",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("photos"),
    show_default=True,
    metavar="FOLDER",
    help="The data set's folder. What lies there already is not gathered again.",
)
@click.option(
    "--source",
    "names",
    multiple=True,
    type=click.Choice(_SOURCES),
    help="Ask this source. May be repeated.  [default: all; bing if AZURE_SEARCH_ENDPOINT and _KEY are set]",
)
@click.option(
    "--licence",
    "licences",
    default="reuse",
    show_default=True,
    help="reuse (may be changed and passed on by anybody), any, or a list such as cc0,by,by-sa.",
)
@click.option(
    "--against",
    "test_folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="A folder of test photos: none that looks like them is gathered. May be repeated.",
)
@click.option(
    "--min-side", type=WholeNumber(8, 10_000), default=100, show_default=True, help="Pixels of the shorter side."
)
@click.option("--retry-dropped", is_flag=True, help="Try again what earlier runs dropped.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a photo, kept or dropped.")
@reports_errors
def gather(
    query: str,
    label: str,
    count: int,
    folder: Path,
    names: tuple[str, ...],
    licences: str,
    test_folders: tuple[Path, ...],
    min_side: int,
    retry_dropped: bool,
    as_json: bool,
) -> None:
    """Search for photos of QUERY and keep them, with licence and author, in FOLDER/LABEL.

    Photos are kept as they came. Broken ones are dropped, and so are those that look like one of the folder (under any
    label) or like a test photo of the model that answers. FOLDER/ATTRIBUTION.md names the authors, and
    FOLDER/gathered.jsonl tells what became of every photo that was found. Ctrl-C ends it; the same command goes on.

    \b
    Example:
      bearbot data gather "grizzly bear" --label grizzly --count 150
      bearbot data gather "american black bear" --label black --source inaturalist --licence any
    """
    query, label, allowed = _checked_query(query), _checked_label(label), _allowed(licences)
    from model.gathering.attribution import attribution, write_attribution
    from model.gathering.folder import GatheredFolder
    from model.gathering.gatherer import Wish
    from model.gathering.report import Report
    from model.gathering.settings import GatheringSettings
    from model.gathering.sources import usual_sources
    from model.progress import file_bar

    settings = GatheringSettings.load()
    chosen = tuple(dict.fromkeys(names)) or usual_sources(settings)
    if not names and settings.azure_search_key and not settings.azure_search_endpoint:
        note("bing is left out: Microsoft closed its own search, so AZURE_SEARCH_ENDPOINT must name a gateway like it")
    wish, report = Wish(query, label, count, allowed, min_side), Report()
    with GatheredFolder(folder, file_bar("looking at what is there")) as opened:
        rows = _rows(opened, wish, report, settings, chosen, test_folders, retry_dropped=retry_dropped)
        ended = False
        try:
            with closing(rows):
                for row in _counted(rows, wish, report):
                    if as_json:
                        print_json({**row.to_json(), **({"path": str(folder / row.file)} if row.file else {})})
            ended = True
        finally:  # at Ctrl-C too, and when the disk is full
            if opened.files():
                write_attribution(folder, attribution(opened.ledger.kept(), opened.files()))
            if ended or report.offered:
                _tell(report, wish, folder, chosen, ended=ended)
    if report.already + report.kept < count and report.failures:
        sys.exit(1)


def _rows(
    opened: "GatheredFolder",
    wish: "Wish",
    report: "Report",
    settings: "GatheringSettings",
    names: Sequence[str],
    test_folders: Iterable[Path],
    *,
    retry_dropped: bool,
) -> "Generator[Row, None, None]":
    """Put the parts together, and gather. Nothing is asked for when all is there."""
    from model.gathering.download import Downloader
    from model.gathering.gatherer import Gatherer
    from model.gathering.held_out import HeldOut
    from model.gathering.http import Http
    from model.gathering.sources import source_named

    stop = Event()
    # Sources may be wherever an operator says that they are; pictures, whose addresses strangers choose, may not.
    with (
        Http(contact=settings.contact, exempt=settings.own_hosts(), stop=stop) as to_sources,
        Http(contact=settings.contact, private_addresses=settings.private_addresses, stop=stop) as to_pictures,
    ):
        sources = [source_named(name, to_sources, settings) for name in names]
        held_out = HeldOut()
        gatherer = Gatherer(
            opened, Downloader(to_pictures), held_out, downloads=settings.downloads, retry_dropped=retry_dropped
        )
        report.already = gatherer.already(wish)
        if report.already >= wish.count:
            return
        _learn_test_photos(held_out, wish.label, test_folders)
        try:
            yield from gatherer.gather(wish, sources, report)
        finally:
            stop.set()


def _learn_test_photos(held_out: "HeldOut", label: str, folders: Iterable[Path]) -> None:
    from model.errors import ModelError, NoChampion
    from model.progress import file_bar
    from model.registry import Registry
    from model.settings import ModelSettings

    for folder in folders:
        read, files = held_out.add_folder(folder, file_bar(f"looking at {folder}"))
        if not read:
            note(f"--against {folder}: there is no photo in it that can be read, so nothing is left out for it")
        elif read < files:
            note(f"--against {folder}: {files - read} of {files} photos cannot be read and are not recognised")
    settings = ModelSettings.load()
    if settings.labels and label not in settings.labels:
        note(
            f"{label!r} is none of this project's labels (MODEL_LABELS: {', '.join(settings.labels)}), and training "
            "refuses it: if it is misspelt, end this with Ctrl-C, delete its folder and begin again"
        )
    try:
        held_out.add_champion(Registry(settings.home, settings.labels), label, settings.device)
    except NoChampion:
        pass  # then nothing was tested with anything
    except (ModelError, OSError) as error:
        note(f"test photos of the model that answers are not recognised: {error}")


def _counted(rows: "Iterable[Row]", wish: "Wish", report: "Report") -> "Iterator[Row]":
    """The rows, with a progress bar on stderr where that is a terminal."""
    from tqdm import tqdm

    with tqdm(total=wish.count, desc=wish.label, unit="photo", disable=None, leave=False) as bar:
        for row in rows:
            bar.update(report.already + report.kept - bar.n)
            bar.set_postfix(dropped=report.dropped_of.total(), refresh=False)
            yield row


def _tell(report: "Report", wish: "Wish", folder: Path, names: Sequence[str], *, ended: bool) -> None:
    """What came of asking these sources, for people; `ended`: by itself."""
    have = report.already + report.kept
    if not report.offered and set(report.failures) == set(names):
        unreachable = all(error.status is None for error in report.failures.values())
        why = f"no source {'can be reached' if unreachable else 'answers'} ({', '.join(names)})"
        note(f"error: {why}: {report.failures[names[0]]}")
        return
    if report.offered:
        note(report.table() + "\n")
    for stranger in report.strangers.values():
        note(str(stranger))
    for name, error in report.failures.items():
        note(f"failed: {name}: {error}")
    before = f", {report.already} of them from earlier runs" if report.already else ""
    note(f"{have} of {wish.count} photos of {wish.query!r} are in {folder / wish.label}{before}")
    if not ended:
        note("the same command goes on from here")
        return
    if have < wish.count and not report.failures:
        note("the sources have no more: try other words, other sources, or --licence any if that may be")
    if report.kept:
        note(f"look at them: bearbot data check {shlex.quote(str(folder))}")
    elif have >= wish.count:
        note("there was nothing to do: a higher --count gathers more")


def _checked_query(query: str) -> str:
    words = " ".join(query.split())
    if not words or not words.isprintable() or len(words) > _LONGEST_QUERY:
        raise click.BadParameter(
            f"expected words to search for, at most {_LONGEST_QUERY} characters", param_hint="'QUERY'"
        )
    return words


def _checked_label(label: str) -> str:
    from model.cleaning import MANIFEST
    from model.errors import DatasetError
    from model.gathering.attribution import ATTRIBUTION
    from model.gathering.ledger import LEDGER
    from model.labels import check_label

    if label.strip().casefold() in (ATTRIBUTION.casefold(), LEDGER, MANIFEST):
        raise click.BadParameter(f"{label.strip()} is a file of the data set: name the photos", param_hint="'--label'")
    try:
        check_label(label.strip())
    except DatasetError as error:
        raise click.BadParameter(str(error), param_hint="'--label'") from None
    return label.strip()


def _allowed(text: str) -> "frozenset[Licence]":
    from model.gathering.licences import REUSABLE, Licence

    named = {"reuse": REUSABLE, "any": frozenset(Licence)}
    if text.strip().casefold() in named:
        return named[text.strip().casefold()]
    try:
        allowed = frozenset(Licence(part.strip().casefold()) for part in text.split(",") if part.strip())
    except ValueError:
        allowed = frozenset()
    if not allowed:
        raise click.BadParameter(
            f"expected reuse, any, or a comma-separated list of {', '.join(Licence)}; got {text!r}",
            param_hint="'--licence'",
        )
    return allowed
