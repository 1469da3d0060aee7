"""Reviewers at the door: they come by a link that works once, for who started the server, or by a token of their own.

GET /api/session -> {"reviewer", "role", "csrf", "labels", "problem", "figures", "lease_seconds"}
"""

from starlette.routing import Route

from model.errors import ModelError
from review import logins
from review.errors import MayNotReview
from review.people import reviewer_named
from review.web.desk import Desk
from review.web.door import Door, Link
from review.web.entrance import NotLoggedIn
from review.web.sittings import Sitting
from review.web.throttle import Throttle

_WRONG = (
    "this token opens nothing: links work once (the terminal shows a new one), and of a reviewer's own "
    "tokens the latest counts (`bearbot review who login NAME`)"
)


class Login:
    """Lets in who may review. Without `link` everybody needs a token of their own (`bearbot review who login NAME`)."""

    def __init__(
        self, desk: Desk, link: Link | None = None, *, figures: bool = False, throttle: Throttle | None = None
    ) -> None:
        """`figures` tells the page whether there is a dashboard that it may link to."""
        self._desk = desk
        self._figures = figures
        self._link = link
        self._door = Door(desk, self, wrong=_WRONG, link=link, throttle=throttle)

    def routes(self) -> list[Route]:
        return self._door.routes()

    def begin(self, token: str, by_link: bool) -> str | None:
        now = self._desk.clock()
        if by_link and self._link is not None:
            try:
                with self._desk.database.write() as session:
                    reviewer_id = reviewer_named(session, self._link.name, now).id
            except MayNotReview as error:
                raise NotLoggedIn(f"{error.reviewer} may review no more: start the server with --as NAME") from error
            return self._desk.sittings.begin(reviewer_id, None, now)[0]
        with self._desk.database.read() as session:
            known = logins.holder(session, token)
        return None if known is None else self._desk.sittings.begin(known.id, known.login_sha256, now)[0]

    def end(self, sitting: Sitting) -> None:
        """What it held is given back."""
        self._desk.end(sitting)

    def describe(self, sitting: Sitting) -> dict[str, object]:
        with self._desk.database.read() as session:
            reviewer = self._desk.reviewer(session, sitting)
        try:
            labels, problem = self._desk.labels(), None
        except ModelError as error:
            labels, problem = (), f"no labels are known, so nothing can be labelled: {error}"
        return {
            "reviewer": reviewer.name,
            "role": reviewer.role.value,
            "labels": labels,
            "problem": problem,
            "figures": self._figures,
            "lease_seconds": self._desk.lease.total_seconds(),
        }
