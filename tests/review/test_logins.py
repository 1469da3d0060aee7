"""Login tokens: told once, kept as a digest, opened by their holder alone."""

from datetime import datetime

from review import logins
from review.database import Database
from review.people import reviewer_named
from review.tables import Reviewer


def test_a_token_is_its_holders_and_is_not_kept(database: Database, now: datetime) -> None:
    with database.write() as session:
        ana, ben = reviewer_named(session, "ana", now), reviewer_named(session, "ben", now)
        tokens = [logins.issue(session, reviewer) for reviewer in (ana, ben)]
        assert [logins.holder(session, token) for token in tokens] == [ana, ben]
        assert logins.holder(session, "guess") is None
        assert logins.holder(session, "") is None
        assert tokens[0] not in str(vars(ana))
        assert len(set(tokens)) == 2


def test_a_new_token_ends_the_old_one_and_revoking_ends_all(database: Database, now: datetime) -> None:
    with database.write() as session:
        ana = reviewer_named(session, "ana", now)
        old, new = logins.issue(session, ana), logins.issue(session, ana)
        assert logins.holder(session, old) is None
        assert logins.holder(session, new) is ana
        logins.revoke(session, ana)
        assert logins.holder(session, new) is None


def test_linked_identities_are_one_and_a_removed_one_is_none(database: Database, now: datetime) -> None:
    with database.write() as session:
        ana = reviewer_named(session, "ana", now)
        chat = reviewer_named(session, "ana in chat", now)
        chat.same_as_id = ana.id
        token = logins.issue(session, chat)
        assert logins.holder(session, token) is chat
        assert logins.identity(session, chat) is ana
        ana.removed_at = now
        assert logins.identity(session, chat) is None
        assert logins.holder(session, token) is None


def test_a_circle_of_identities_does_not_hang(database: Database, now: datetime) -> None:
    with database.write() as session:
        ana, ben = reviewer_named(session, "ana", now), reviewer_named(session, "ben", now)
        ana.same_as_id, ben.same_as_id = ben.id, ana.id
        session.flush()
        assert isinstance(logins.identity(session, ana), Reviewer)
