"""`bearbot doctor`: what works, what does not, and how to mend it."""

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.findings import Finding, Health
from bot.server_checks import moderators_of_settings, token_and_server
from model.console import one_line_errors, print_json

if TYPE_CHECKING:  # imported where they are needed: `--help` loads neither telegram nor pydantic
    from model.settings import ModelSettings
    from review.settings import ReviewSettings

_LITTLE_SPACE = 2_000_000_000  # bytes: some thousand photos
_NO_SPACE = 100_000_000


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a check.")
def doctor(as_json: bool) -> None:
    """Check token, server, database, disk, model and GPU, and say how to mend what is wrong.

    The exit status is 1 if anything would keep the bot from working.

    \b
    Example:
      bearbot doctor
    """
    from model.errors import SettingsError
    from model.settings import ModelSettings
    from review.settings import ReviewSettings

    failed = False
    with one_line_errors(SettingsError):
        review_settings, model_settings = ReviewSettings.load(), ModelSettings.load()
    for finding in _findings(review_settings, model_settings):
        failed = failed or finding.health is Health.FAILED
        if as_json:
            print_json(asdict(finding))
        else:
            click.echo(f"{finding.health.value:<7} {finding.check:<10} {finding.found}")
            if finding.mend:
                click.echo(f"{'':<19}-> {finding.mend}")
    if failed:
        sys.exit(1)


def _findings(review_settings: "ReviewSettings", model_settings: "ModelSettings") -> Iterator[Finding]:
    yield from token_and_server()
    yield _database(review_settings)
    yield from _consensus(review_settings)
    yield _disk(review_settings.home_folder())
    yield from _model_and_gpu(model_settings)
    yield from _names_of_labels(model_settings)


def _database(settings: "ReviewSettings") -> Finding:
    from bot.unhandled import count_set_aside
    from review.database import Database
    from review.errors import NoDatabase, ReviewError
    from review.schema import problems, require_current

    database = Database(settings.database_url)
    where = str(database.file or database.url.render_as_string(hide_password=True))
    try:
        require_current(database)
    except NoDatabase:
        return Finding("database", Health.NOTE, f"none yet at {where}", "`bearbot run` makes it at its first start")
    except ReviewError as error:
        return Finding(
            "database", Health.FAILED, str(error), "`bearbot db restore` puts the newest backup in its place"
        )
    found = problems(database)
    with database.read() as session:
        given_up = count_set_aside(session)
    database.dispose()
    if not found and given_up:
        mend = "the log says why; their senders were asked to send them once more"
        return Finding("database", Health.NOTE, f"{given_up} messages could not be handled and were set aside", mend)
    if found:
        mend = "`bearbot db restore` puts a backup in its place"
        return Finding("database", Health.FAILED, f"{where}: {found[0]}", mend)
    return Finding("database", Health.OK, f"{where} is sound and up to date")


def _consensus(settings: "ReviewSettings") -> Iterator[Finding]:
    """A note if reviewers may disagree and there is nobody who could decide: such items would wait for ever."""
    from review.database import Database
    from review.errors import ReviewError
    from review.items import count_disagreed, several_must_agree
    from review.people import acquaintance, adjudicators
    from review.schema import require_current
    from review.tables import ChatAccess

    database = Database(settings.database_url)
    try:
        require_current(database)
        with database.read() as session:
            several = several_must_agree(session) or any(most > 1 for most in settings.quorum.by_reason.values())
            disagreed = count_disagreed(session)
            deciding = adjudicators(session) or any(
                acquaintance(session, one).chat_access is not ChatAccess.REVOKED for one in moderators_of_settings()
            )
    except ReviewError:  # the check of the database tells of it
        return
    finally:
        database.dispose()
    if deciding or not (several or disagreed):
        return
    found = "several reviewers must agree, and nobody may decide where they do not"
    if disagreed:
        found = f"reviewers disagree on {disagreed} of the waiting items, and nobody may decide"
    mend = "`bearbot review who add NAME --role moderator`, who decides what they said nothing of yet"
    yield Finding("consensus", Health.NOTE, found, mend)


def _disk(home: Path) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    found = f"{free / 1e9:.1f} GB free for {home}"
    if not _writable(there):
        return Finding("disk", Health.FAILED, f"{there} cannot be written to", "set BEARBOT_HOME to a folder of yours")
    if free < _NO_SPACE:
        return Finding("disk", Health.FAILED, found, "make room, or set BEARBOT_HOME to a folder on another disk")
    if free < _LITTLE_SPACE:
        return Finding("disk", Health.NOTE, found, "make room before it is full")
    return Finding("disk", Health.OK, found)


def _writable(folder: Path) -> bool:
    from tempfile import TemporaryFile

    try:
        with TemporaryFile(dir=folder):  # asking the mode bits is no proof: read-only mounts, quotas
            return True
    except OSError:
        return False


def _names_of_labels(settings: "ModelSettings") -> Iterator[Finding]:
    """Nothing where a project does not name its labels."""
    from bot.catalogue import LANGUAGES
    from bot.label_names import read_names
    from model.errors import ModelError
    from model.registry import Registry

    names = read_names(settings.home_folder(), LANGUAGES)
    if names is None:
        return
    for problem in names.problems:
        yield Finding("names", Health.NOTE, problem, "until then the bot shows such labels as they are")
    try:
        strange = sorted(names.labels - set(Registry(settings.home, settings.labels).labels()))
    except (ModelError, OSError):  # the check of the model tells of it
        return
    if strange:
        yield Finding("names", Health.NOTE, f"names for {', '.join(strange)}, which is no label here")
    elif not names.problems:
        named = ", ".join(LANGUAGES[language] for language in LANGUAGES if names.by_language.get(language))
        yield Finding("names", Health.OK, f"labels have names in {named or 'no language yet'}")


def _model_and_gpu(settings: "ModelSettings") -> Iterator[Finding]:
    import torch
    from PIL import Image

    from model.errors import ModelError, NoChampion
    from model.network import torch_device
    from model.registry import Registry
    from model.serving import Classifier

    try:
        device = torch_device(settings.device)
    except ModelError as error:
        yield Finding("gpu", Health.FAILED, str(error))
        return
    if device.type == "cuda":
        yield Finding("gpu", Health.OK, f"{torch.cuda.get_device_name(device)} is used")
    else:
        yield Finding("gpu", Health.NOTE, "none is used: photos are judged, and heads trained, on the CPU")
    registry = Registry(settings.home, settings.labels)
    try:
        torch.set_num_threads(settings.threads)
        version = registry.champion()
        artifact = registry.load(version)
        weights = registry.stored_weights(artifact.card)
        classifier = Classifier.load(artifact, device, registry.feature_store, weights=weights)
        picture = Image.new("RGB", (640, 480), "grey")
        classifier.predict_batch([picture])  # the first call also builds what later ones reuse
        began = time.perf_counter()
        classifier.predict_batch([picture])
        took = (time.perf_counter() - began) * 1000
    except NoChampion as error:
        yield Finding("model", Health.NOTE, str(error), "until then the bot runs and sends every photo to people")
        return
    except (ModelError, OSError, RuntimeError) as error:
        mend = "`bearbot model rollback`, or reinstall; until then the bot runs and sends every photo to people"
        yield Finding("model", Health.FAILED, str(error), mend)
        return
    accuracy = registry.card(version).metrics["accuracy"]
    yield Finding(
        "model",
        Health.OK,
        f"{version} ({accuracy['value']:.1%} of {accuracy['total']} test photos right), {took:.0f} ms a photo",
    )
