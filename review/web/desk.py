"""What the reviewer's page's routes share: the installation's parts, and who sits where.

Work on the database runs in threads; requests of a sitting are checked against the database each time, so that
somebody who was removed is out at their next request.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from review import queue
from review.database import Database
from review.errors import NotFound
from review.logins import identity
from review.storage import ImageStore
from review.tables import Reviewer
from review.web.entrance import Entrance, NotLoggedIn
from review.web.sittings import Sitting

logger = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Desk(Entrance):
    """`labels` gives what reviewers may say and raises `ModelError`.

    `first` gives items that are to be claimed before others, in this order (`review.slate`); with the chance
    `gold_rate` a card is an item with a known answer (`review.gold`).
    """

    database: Database
    images: ImageStore
    lease: timedelta
    labels: Callable[[], tuple[str, ...]]
    first: Callable[[], Sequence[int]] = tuple
    gold_rate: float = 0.0

    def reviewer(self, session: Session, sitting: Sitting) -> Reviewer:
        """Who sits there, as the database knows them now; raises `NotLoggedIn` for who may review no more."""
        found = None if sitting.reviewer_id is None else session.get(Reviewer, sitting.reviewer_id)
        if found is None or (sitting.credential is not None and found.login_sha256 != sitting.credential):
            raise NotLoggedIn
        really = identity(session, found)
        if really is None:
            raise NotLoggedIn("you may review no more: ask whoever runs this bot")
        return really

    def end(self, sitting: Sitting) -> None:
        """What it holds is given back, and its cookie opens nothing any more."""
        self.sittings.end(sitting)
        with self.database.write() as session:
            give_back(session, sitting)

    def end_all(self) -> None:
        """The server ends: what anybody holds is given back."""
        for sitting in self.sittings.everybody():
            if sitting.held:
                self.end(sitting)


def give_back(session: Session, sitting: Sitting, among: dict[int, str] | None = None) -> None:
    """Release what this sitting holds (only `among`, items with their tokens); what was lost already stays so."""
    for item_id, token in list((sitting.held if among is None else among).items()):
        try:
            queue.release(session, item_id, token)
        except NotFound:
            logger.debug("item %s went meanwhile", item_id)
        if sitting.held.get(item_id) == token:
            del sitting.held[item_id]
