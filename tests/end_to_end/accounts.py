"""What became of every photo: the database is held against what the askers sent and what the bot said to them."""

import sqlite3
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum

from bot.sandbox.objects import Message
from tests.end_to_end.askers import Asker
from tests.end_to_end.installation import Installation
from tests.telegram_types import objections_to_requests, objections_to_updates


class Moment(StrEnum):
    """When a kill comes."""

    STARTING = "while it starts"
    POLLED = "right after it asked for updates (or for a webhook)"
    FETCHED = "right after it fetched a photo"
    JUDGING = "a little after it fetched a photo"
    FIRST_REPLIES = "right after the first replies"
    SENDING = "in the instant of a reply"
    ANY = "at any time"


@dataclass(frozen=True)
class Kill:
    """One kill -9: when it was meant to come, and when it came: `age` in seconds since the start of that process."""

    moment: Moment
    age: float
    replies: int  # that this process had sent


@dataclass
class Report:
    """What became of everything; `wrong` is empty if nothing was lost or doubled."""

    kills: list[Kill] = field(default_factory=list)
    sent: int = 0
    answered: int = 0
    submissions: int = 0
    repeats: int = 0
    reviewed: int = 0
    items: int = 0
    twice: int = 0  # replies that were sent once more, since the bot was killed before it could record them
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ages = sorted(kill.age for kill in self.kills) or [0.0]
        moments = Counter(kill.moment for kill in self.kills)
        lines = [
            f"{len(self.kills)} kills in {self.seconds:.0f} s, {ages[0]:.2f} to {ages[-1]:.1f} s "
            f"(median {statistics.median(ages):.1f} s) into a life: "
            + ", ".join(f"{count} {moment}" for moment, count in sorted(moments.items())),
            f"{self.sent} photos sent, {self.answered} answered; {self.submissions} submissions "
            f"({self.repeats} of a photo that was there before); {self.reviewed} photos for review, "
            f"{self.items} review items; {self.twice} replies sent twice",
        ]
        return "\n".join([*lines, *self.wrong])


class Accounts:
    """The database of an installation, its askers, and what each process of its bot said."""

    def __init__(self, installation: Installation, askers: Sequence[Asker]) -> None:
        self._installation = installation
        self._askers = askers
        self._report = Report()
        self.lives: list[list[Message]] = []
        self.logs: list[str] = []

    def pending(self) -> int:
        """Updates that were not handled and messages that were not sent."""
        waiting = (
            "SELECT (SELECT count(*) FROM inbox WHERE handled_at IS NULL AND set_aside_at IS NULL)"
            " + (SELECT count(*) FROM outbox WHERE sent_at IS NULL AND abandoned_at IS NULL)"
        )
        return self._count(waiting)

    def _rows(self, query: str) -> Sequence[tuple[object, ...]]:
        with closing(sqlite3.connect(self._installation.database, timeout=30)) as database:
            return database.execute(query).fetchall()

    def _count(self, query: str) -> int:
        return int(str(self._rows(query)[0][0]))

    def close(self, report: Report) -> None:
        """Count everything, and say in `report.wrong` what should not be."""
        self._report = report
        sent = {f"telegram:{asker.person.id}:{message}" for asker in self._askers for message in asker.sent}
        report.sent = len(sent)
        report.answered = report.sent - sum(len(asker.unanswered()) for asker in self._askers)
        self._expect(report.answered == report.sent, f"{report.sent - report.answered} photos got no reply")
        self._judge_submissions(sent)
        self._judge_items()
        self._judge_replies()
        for what, query in (
            ("updates are not handled", "SELECT count(*) FROM inbox WHERE handled_at IS NULL"),
            ("updates were set aside", "SELECT count(*) FROM inbox WHERE set_aside_at IS NOT NULL"),
            ("messages were not delivered", "SELECT count(*) FROM outbox WHERE sent_at IS NULL"),
        ):
            count = self._count(query)
            self._expect(count == 0, f"{count} {what}")
        torn = [log for log in self.logs if "Traceback" in log]
        self._expect(not torn, f"{len(torn)} logs have a traceback, the first is:\n{''.join(torn[:1])}")
        sandbox = self._installation.sandbox
        wrong = [*objections_to_requests(sandbox.requests), *objections_to_updates(sandbox.world.updates.emitted)]
        report.wrong += wrong[:5]

    def _judge_submissions(self, sent: set[str]) -> None:
        keys = [str(key) for (key,) in self._rows("SELECT source_key FROM submissions")]
        self._report.submissions = len(keys)
        self._report.repeats = self._count("SELECT count(repeats_id) FROM submissions")
        self._expect(len(set(keys)) == len(keys), f"{len(keys) - len(set(keys))} submissions are doubled")
        self._expect(not sent - set(keys), f"{len(sent - set(keys))} submissions are missing")
        self._expect(not set(keys) - sent, f"{len(set(keys) - sent)} submissions of photos that nobody sent")

    def _judge_items(self) -> None:
        """Every photo that is for people (or that no model judged) has one item, its own or that of its first."""
        for_people = self._rows(
            "SELECT s.id, s.repeats_id FROM submissions s LEFT JOIN predictions p ON p.submission_id = s.id"
            " WHERE p.route = 'review' OR p.id IS NULL"
        )
        items = Counter(submission for (submission,) in self._rows("SELECT submission_id FROM review_items"))
        self._report.reviewed, self._report.items = len(for_people), items.total()
        counts = [sum(items[one] for one in {own, first} - {None}) for own, first in for_people]
        self._expect(0 not in counts, f"{counts.count(0)} photos for review have no item")
        self._expect(max(counts, default=1) <= 1, f"{sum(count > 1 for count in counts)} photos have several items")
        stray = set(items) - {one for pair in for_people for one in pair}
        self._expect(not stray, f"{len(stray)} items of photos that are not for review")

    def _judge_replies(self) -> None:
        """What was said but not recorded was said in the instant of a kill, and is said once more."""
        recorded = {(chat, message) for chat, message in self._rows("SELECT chat_id, sent_message_id FROM outbox")}
        for number, life in enumerate(self.lives, 1):
            unrecorded = [message for message in life if (message.chat.id, message.message_id) not in recorded]
            self._report.twice += len(unrecorded)
            most = max(Counter(message.chat.id for message in unrecorded).values(), default=0)
            self._expect(most <= 1, f"process {number} said {most} things to one chat that it did not record")
            last = number == len(self.lives)
            self._expect(
                not (last and unrecorded), "the last process, which was not killed, recorded less than it said"
            )
            for message in unrecorded:
                again = [one for one in self._said_to(message.chat.id) if _same(one, message)]
                self._expect(len(again) >= 2, f"message {message.message_id} was not said again, though not recorded")

    def _said_to(self, chat_id: int) -> Iterator[Message]:
        return (message for life in self.lives for message in life if message.chat.id == chat_id)

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self._report.wrong.append(otherwise)


def _same(one: Message, other: Message) -> bool:
    quoted = [message.reply_to.message_id if message.reply_to else None for message in (one, other)]
    return one.content == other.content and quoted[0] == quoted[1]
