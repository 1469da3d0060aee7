"""Who may ask: the rule for every combination, invitations that let in as many as they say, blocks that hold."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from review.admission import Access, Entry, Redeemed, block, entry, invite, known_askers, redeem, unblock
from review.database import Database
from review.people import acquaintance
from review.tables import Asker, Base, Invitation

DAY = timedelta(days=1)
people = st.fixed_dictionaries(
    {
        "access": st.sampled_from(Access),
        **{name: st.booleans() for name in ("reviews", "blocked", "allowed", "admitted", "about_own_data")},
    }
)


@given(people)
def test_ones_own_data_is_always_ones_own(person: dict[str, bool]) -> None:
    assert entry(**{**person, "about_own_data": True}) is Entry.PASSES  # type: ignore[arg-type] # access is no bool


@given(people)
def test_who_reviews_always_passes_and_whoever_is_blocked_never_hears_a_word(person: dict[str, bool]) -> None:
    found = entry(**person)  # type: ignore[arg-type] # access is no bool
    if person["reviews"]:
        assert found is Entry.PASSES
    elif not person["about_own_data"]:
        assert (found is Entry.IGNORED) == person["blocked"]


@given(people)
def test_nothing_that_speaks_for_somebody_keeps_them_out(person: dict[str, bool]) -> None:
    found = entry(**person)  # type: ignore[arg-type] # access is no bool
    for name, better in (("allowed", True), ("admitted", True), ("blocked", False), ("reviews", True)):
        if found is Entry.PASSES:
            assert entry(**{**person, name: better}) is Entry.PASSES  # type: ignore[arg-type] # access is no bool


@given(people)
def test_strangers_pass_where_it_is_open_alone(person: dict[str, bool]) -> None:
    stranger = {"reviews": False, "blocked": False, "allowed": False, "admitted": False, "about_own_data": False}
    found = entry(**{**person, **stranger})  # type: ignore[arg-type] # access is no bool
    assert found is (Entry.PASSES if person["access"] is Access.OPEN else Entry.TURNED_AWAY)


def test_an_invitation_counts_where_invitations_do() -> None:
    invited = {"reviews": False, "blocked": False, "allowed": False, "admitted": True, "about_own_data": False}
    assert entry(access=Access.INVITATION, **invited) is Entry.PASSES
    assert entry(access=Access.ALLOW_LIST, **invited) is Entry.TURNED_AWAY


@settings(max_examples=40, deadline=None)  # each makes a database, which may take long on a busy machine
@given(uses=st.integers(1, 4), openings=st.lists(st.integers(1, 6), max_size=12))
def test_as_many_get_in_as_it_says_and_nobody_counts_twice(uses: int, openings: list[int]) -> None:
    now = datetime.fromisoformat("2026-11-24T12:00:00+00:00")
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        invite(session, "code", uses=uses, lasts=DAY, now=now)
        invite(session, "code", uses=uses, lasts=DAY, now=now)
        found = [redeem(session, "code", person, None, now) for person in openings]
        admitted = {asker.telegram_user_id for asker in session.scalars(select(Asker))}
        left = session.scalars(select(Invitation.uses_left)).one()
    engine.dispose()
    first = list(dict.fromkeys(openings))[:uses]
    assert admitted == set(first)
    assert left == uses - len(first)
    assert found.count(Redeemed.ADMITTED) == len(first)


def test_an_old_invitation_and_an_unknown_one_let_nobody_in(database: Database, now: datetime) -> None:
    with database.write() as session:
        invite(session, "code", uses=1, lasts=DAY, now=now)
        assert redeem(session, "code", 1, None, now + DAY) is Redeemed.VOID
        assert redeem(session, "another", 1, None, now) is Redeemed.VOID
        assert session.scalars(select(Asker)).all() == []


def test_a_block_holds_until_it_is_taken_away(database: Database, now: datetime) -> None:
    with database.write() as session:
        block(session, 7, now)
        block(session, 7, now + DAY)
        assert acquaintance(session, 7).blocked
        (one,) = known_askers(session, blocked_only=True, after=0, limit=10)
        assert (one.telegram_user_id, one.blocked_at) == (7, now)
        assert known_askers(session, blocked_only=True, after=7, limit=10) == []
        assert unblock(session, 7)
        assert not unblock(session, 7)
        assert not unblock(session, 8)
        assert not acquaintance(session, 7).blocked
