"""Reviewers' and askers' identities: made on first use, never shared by accident."""

from datetime import datetime

import pytest
from sqlalchemy import select

from review import moderators, roster
from review.database import Database
from review.errors import MayNotReview, NotFound, ReviewError
from review.moderators import Person
from review.people import (
    acquaintance,
    adjudicators,
    asker_for,
    known_reviewer,
    name_like,
    reviewer_for_telegram,
    reviewer_named,
    with_chat_access,
)
from review.tables import ChatAccess, Reviewer, Role


def test_one_name_is_one_reviewer_and_one_id_is_one_asker(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert reviewer_named(session, " mo  the   bear ", now).id == reviewer_named(session, "mo the bear", now).id
        first = asker_for(session, 5, "en", now)
        assert asker_for(session, 5, "de", now).id == first.id
        assert asker_for(session, 5, None, now).language == "de", "not told is no news"


def test_a_name_in_other_letters_is_the_same_reviewer(database: Database, now: datetime) -> None:
    """Else whoever writes it in two ways would be two who judge a photo blindly."""
    with database.write() as session:
        strasse = reviewer_named(session, "Élise Strauß", now)
        for written in ("élise strauß", " ÉLISE  STRAUSS ", "E\u0301lise strauß"):
            assert reviewer_named(session, written, now).name == "Élise Strauß"
        assert known_reviewer(session, "ÉLISE STRAUSS").id == strasse.id
        assert roster.add(session, "élise strauss", role=None, telegram_user_id=None, now=now).id == strasse.id
        assert session.scalars(select(Reviewer.name)).all() == ["Élise Strauß"]


def test_who_is_known_in_both_ways_stays_two(database: Database, now: datetime) -> None:
    with database.write() as session:
        session.add_all([Reviewer(name=name, role=Role.REVIEWER, created_at=now) for name in ("Mo", "mo")])
        session.flush()
        assert [reviewer_named(session, name, now).name for name in ("Mo", "mo", "MO")] == ["Mo", "mo", "Mo"]


def test_nobody_in_the_chat_becomes_another_by_other_letters(database: Database, now: datetime) -> None:
    with database.write() as session:
        mo = reviewer_named(session, "mo", now)
        stranger = reviewer_for_telegram(session, 7, name="Mo", now=now)
        assert (stranger.name, stranger.id != mo.id) == ("Mo (7)", True)
        assert reviewer_named(session, "Mo", now).id == mo.id


def test_whoever_is_unknown_may_be_meant_to_be_another(database: Database, now: datetime) -> None:
    with database.write() as session:
        reviewer_named(session, "Gill", now)
        assert [name_like(session, name) for name in ("gil", "Gill", "rita")] == ["Gill", None, None]
        with pytest.raises(NotFound, match=r"no reviewer is called 'gil': did you mean 'Gill'\?"):
            known_reviewer(session, "gil")


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "\x1b"])
def test_what_is_no_name_is_refused(database: Database, now: datetime, name: str) -> None:
    with pytest.raises(ReviewError, match="--as NAME"), database.write() as session:
        reviewer_named(session, name, now)


def test_nobody_becomes_another_by_taking_their_name(database: Database, now: datetime) -> None:
    with database.write() as session:
        names = ["Mo", "Mo (2)", "Mo"]
        for telegram_id, name in enumerate(names, start=1):
            reviewer_for_telegram(session, telegram_id, name=name, now=now)
        reviewer_named(session, "Mo (4)", now)
        assert reviewer_for_telegram(session, 4, name="Mo", now=now).name == "Mo (4)*"
        found = session.scalars(select(Reviewer.name).order_by(Reviewer.id)).all()
    assert found == ["Mo", "Mo (2)", "Mo (3)", "Mo (4)", "Mo (4)*"]


def test_a_moderator_keeps_their_name_and_gets_their_present_role(database: Database, now: datetime) -> None:
    with database.write() as session:
        first = reviewer_for_telegram(session, 1, name="Mo", now=now)
        again = reviewer_for_telegram(session, 1, name="Rita", role=Role.ADMIN, now=now)
        assert (again.id, again.name, again.role) == (first.id, "Mo", Role.ADMIN)


@pytest.mark.parametrize("name", ["", "\n\t", "\x1b\u202e"])
def test_a_telegram_name_of_nothing_is_the_id(database: Database, now: datetime, name: str) -> None:
    with database.write() as session:
        assert reviewer_for_telegram(session, 7, name=name, now=now).name == "telegram 7"


def test_names_cannot_steer_terminals(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert reviewer_for_telegram(session, 7, name="Mo\x1b[2J \N{BEAR FACE}", now=now).name == "Mo[2J \N{BEAR FACE}"
        assert reviewer_for_telegram(session, 8, name="x" * 300, now=now).name == "x" * 64


def test_the_chat_raises_a_role_and_never_lowers_what_an_operator_gave(database: Database, now: datetime) -> None:
    with database.write() as session:
        roster.add(session, "mo", role=Role.ADMIN, telegram_user_id=5, now=now)
        assert reviewer_for_telegram(session, 5, name="Mo", role=Role.MODERATOR, now=now).role is Role.ADMIN
        roster.add(session, "rita", role=None, telegram_user_id=6, now=now)
        assert reviewer_for_telegram(session, 6, name="Rita", role=Role.MODERATOR, now=now).role is Role.MODERATOR


def test_a_moderator_of_the_roster_is_one_in_the_chat(database: Database, now: datetime) -> None:
    with database.write() as session:
        mo = roster.add(session, "mo", role=Role.MODERATOR, telegram_user_id=5, now=now)
        assert with_chat_access(session) == [5]
        roster.remove(session, mo, now)
        assert (with_chat_access(session), acquaintance(session, 5).chat_access) == ([], ChatAccess.REVOKED)
        with pytest.raises(MayNotReview, match="mo may review no more"):
            reviewer_for_telegram(session, 5, name="Mo", now=now)
        moderators.appoint(session, Person(5), source_key="tap", now=now)
        assert reviewer_for_telegram(session, 5, name="Mo", now=now).name == "mo", "an admin's word brings back"
        moderators.dismiss(session, Person(5), now)
        assert mo.role is Role.REVIEWER
        assert acquaintance(session, 5).chat_access is ChatAccess.REVOKED


def test_who_decides_what_others_disagree_on_is_counted_by_people(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert adjudicators(session) == 0
        mo = roster.add(session, "mo", role=Role.ADMIN, telegram_user_id=None, now=now)
        phone = roster.add(session, "phone", role=Role.MODERATOR, telegram_user_id=None, now=now)
        roster.link(session, mo, phone, now=now)
        roster.add(session, "rita", role=Role.REVIEWER, telegram_user_id=None, now=now)
        assert adjudicators(session) == 1
        roster.remove(session, mo, now)
        assert adjudicators(session) == 0
