"""`bearbot review stats`: the queue, its people, and how good the answers are."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from model.console import print_json
from review.cli.options import Moment, json_option

if TYPE_CHECKING:  # imported in the command: `--help` loads neither SQLAlchemy nor pydantic
    from review.agreement import Agreement
    from review.estimate import Estimate
    from review.pace import Pace
    from review.production import Production
    from review.statistics import ModelPromise, QueueStatistics

_ROUNDING = 0.0005  # of a share that is shown
_WIDTH = 100  # columns, of the sentences that may be long


@click.command()
@click.option(
    "--since",
    type=Moment(),
    metavar="TIME",
    help="Judge answers to photos sent from TIME on: 2026-11-24, 2026-11-24T12:00 (UTC), or 7d ago.",
)
@click.option("--until", type=Moment(), metavar="TIME", help="Judge answers to photos sent before TIME.")
@click.option(
    "--plot",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also draw the dashboard's figures: SVG files in FOLDER.",
)
@json_option
def stats(since: datetime | None, until: datetime | None, folder: Path | None, as_json: bool) -> None:
    """How much waits and why, who settled how much, how good the answers are.

    A few answers, drawn at random, are looked at by people as well: what they say, by the chance of each to be drawn,
    tells how many of all answers are right, as an interval. Other agreement misleads, since people are shown what the
    model doubts. --since and --until choose which photos and verdicts are judged; what waits and is settled is counted
    as it is now.

    The last lines are from the model's card: what it promises of its answers, or that it promises nothing and why.

    \b
    Example:
      bearbot review stats --since 7d
      bearbot review stats --since 2026-11-01 --until 2026-12-01 --json
      bearbot review stats --since 30d --plot figures
    """
    from review.agreement import among_reviewers
    from review.cli.installation import opened
    from review.cli.plots import write_plots
    from review.clock import utc_now
    from review.items import count_disagreed
    from review.pace import pace_by_reviewer
    from review.people import adjudicators
    from review.production import Window, production
    from review.statistics import gather, promise_of

    if since is not None and until is not None and since >= until:
        raise click.UsageError(f"--since {since:%Y-%m-%dT%H:%M} must be before --until {until:%Y-%m-%dT%H:%M}")
    if folder is not None and until is not None:
        raise click.UsageError("--plot draws all until now: leave --until out")
    with opened() as installation:
        if folder is not None:
            write_plots(installation, folder, since)
        with installation.database.read() as session:
            found = gather(session, utc_now())
            judged = production(session, Window(since, until))
            pace = pace_by_reviewer(session, since=since, until=until)
            agreed = among_reviewers(session)
            disagreed, deciding = count_disagreed(session), adjudicators(session)
        promise = promise_of(installation.registry)
        if as_json:
            paces = {name: one.to_json() for name, one in pace.items()}
            print_json(
                {
                    **found.to_json(),
                    "reviewers": paces,
                    "reviewer_agreement": agreed.to_json(),
                    "disagreed": disagreed,
                    "adjudicators": deciding,
                    "production": judged.to_json(),
                    "model": promise.to_json(),
                }
            )
        else:
            people = _reviewers(agreed, disagreed, deciding)
            click.echo("\n".join([*_queue(found, pace), *people, *_answers(found, judged), *_promises(promise)]))


def _queue(found: "QueueStatistics", pace: "Mapping[str, Pace]") -> list[str]:
    from review.phrases import duration

    lines = [
        _line("photos sent", found.submissions),
        _line("answered alone", found.answered_alone),
        _line("waiting", found.open_items),
    ]
    lines += [_line(f"  {reason.replace('_', ' ')}", count) for reason, count in found.open_by_reason.items()]
    if found.oldest_waiting_seconds is not None:
        lines.append(_line("oldest waits", duration(found.oldest_waiting_seconds)))
    lines.append(_line("settled", found.settled_items))
    names = dict.fromkeys([*found.verdicts_by_reviewer, *pace])
    for name in names:
        lines.append(_line(f"  {name}", f"{found.verdicts_by_reviewer.get(name, 0)}{_speed(pace.get(name))}"))
    return lines


def _reviewers(agreed: "Agreement", disagreed: int, deciding: int) -> list[str]:
    """Nothing where nobody judges what others judge."""
    lines = [_line("reviewers agree", f"{agreed} beyond chance (Krippendorff's alpha)")] if agreed.items else []
    if disagreed:
        nobody = "" if deciding else ", and there is none: `bearbot review who add NAME --role moderator`"
        wait = "photo waits" if disagreed == 1 else "photos wait"
        lines.append(_line("  disagree", f"{disagreed} {wait} for a moderator to decide{nobody}"))
    return lines


def _speed(pace: "Pace | None") -> str:
    if pace is None:
        return ""
    said = f", {pace.per_hour:.0f} an hour" if pace.per_hour is not None else ""
    return said + (f", {pace.median_seconds:.1f} s each" if pace.median_seconds is not None else "")


def _answers(found: "QueueStatistics", judged: "Production") -> list[str]:
    from review.phrases import counted

    window = judged.window
    start = f" from {window.since:%Y-%m-%d %H:%M}" if window.since else ""
    end = f" before {window.until:%Y-%m-%d %H:%M}" if window.until else ""
    sent = f", sent{start}{end} UTC" if start or end else ""
    lines = [f"people agreed with the model's best guess (95 % interval){sent}"]
    if not sent:
        lines.append(_line("  where it doubted", found.agreement_in_review))
    lines.append(_line("  random checks", _share(judged.accuracy)))
    lines += [_line(f"    {label}", _share(one)) for label, one in judged.by_label.items()]
    missing = judged.missing
    if missing.waiting:
        wait = "waits" if missing.waiting == 1 else "wait"
        unsure = f", and of {missing.cant_tell} somebody could not tell" if missing.cant_tell else ""
        lines.append(_line("    not known yet", f"{missing.waiting} of the checks {wait}{unsure}"))
    if missing.deleted or missing.unweighted:
        lines.append(
            _line("    never known", f"{missing.deleted + missing.unweighted}, deleted with their senders' data")
        )
    if judged.never_drawn:
        answers = counted(judged.never_drawn, "answer")
        lines.append(_line("    never checked", f"{answers} came while there were no random checks"))
    disputes = judged.disputes
    if disputes.wrong or disputes.right or disputes.waiting:
        said = f"{disputes.wrong} wrong, {disputes.right} right, {disputes.waiting} waiting"
        lines.append(_line("  disputed besides", f"{said}: their askers chose them, so they say nothing of the rest"))
    lines.append(_line("  all settled", f"{judged.naive}: it misleads, people are shown what is doubted"))
    overall = judged.right_overall
    if overall.value is not None and judged.accuracy.checked:
        share = f"{overall.value:.1%} ({overall.low:.1%} to {overall.high:.1%})"
        lines.append(f"photos that got no wrong answer from the model: {share}")
    return lines


def _promises(promise: "ModelPromise") -> list[str]:
    if promise.risk is None:
        return [_line("model", promise.version or "unknown"), _line("  promises", f"unknown: {promise.problem}")]
    caution = "" if promise.risk.guaranteed else "; until that changes it asks people more often"
    return [
        _line("model", f"{promise.version} answers from {promise.risk.threshold:.0%} confidence on"),
        *wrap(
            _line("  promises", f"{promise.risk.claim()}{caution}"),
            _WIDTH,
            subsequent_indent=" " * 19,
            break_on_hyphens=False,
        ),
    ]


def _share(accuracy: "Estimate") -> str:
    if accuracy.value is None:
        return "none"
    right = accuracy.checked - accuracy.wrong
    weighed = ", weighed by their chance" if abs(accuracy.value - right / accuracy.checked) > _ROUNDING else ""
    return f"{accuracy.value:.1%} ({accuracy.low:.1%} to {accuracy.high:.1%}, {right} of {accuracy.checked}{weighed})"


def _line(title: str, said: Any) -> str:
    return f"{title:<18} {said}"
