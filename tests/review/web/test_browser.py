"""The reviewer's page in a real browser: by keyboard alone, in bulk, with colleagues, and for screen readers."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from sqlalchemy import update

from review.tables import Channel, ItemStatus, ReviewItem, VerdictKind
from tests.chromium import no_violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Arrive = Callable[..., list[int]]


@pytest.fixture
def errors() -> list[str]:
    """What went wrong on a page; tests that provoke it take it out."""
    return []


@pytest.fixture
def tab(browser: Browser, errors: list[str]) -> Iterator[Callable[..., Page]]:
    """`tab(served)`: a browser of its own for `mo`, logged in by the link; any error on it fails the test."""
    contexts = []

    def open_tab(served: Any, token: str | None = None, **more: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **more})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{served.url}/login#{token or served.link.token}")
        page.wait_for_url(f"{served.url}/")
        expect(page.locator("#waiting")).not_to_have_text("…")
        look(page)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert errors == []


def cards(page: Page) -> Locator:
    return page.get_by_role("option").filter(visible=True)


def card(page: Page, item: int) -> Locator:
    return page.locator(f".card[data-id='{item}']")


def look(page: Page) -> None:
    """Until all that is in view is shown: what was not is not labelled."""
    script = """() => [...document.querySelectorAll(".card img")].every(
        one => one.complete || one.getBoundingClientRect().top > innerHeight)"""
    while not page.evaluate(script):  # the page lets nothing be waited for by a script of its own
        page.wait_for_timeout(20)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_labelling_by_keyboard_alone(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    items = arrive(5)
    page = tab(served)
    expect(cards(page)).to_have_count(5)
    expect(card(page, items[0])).to_be_focused()
    for key in ("1", "2", "n", "c", "s"):
        press(page, key)
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    expect(page.locator("#done")).to_have_text("5")
    served.wait_for(lambda: len(served.verdicts()) == 5)
    said = [(verdict.item_id, verdict.kind.value, verdict.label) for verdict in served.verdicts()]
    assert said == [
        (items[0], "label", "black"),
        (items[1], "label", "grizzly"),
        (items[2], "none", None),
        (items[3], "cant_tell", None),
        (items[4], "skip", None),
    ]
    for verdict in served.verdicts():
        assert verdict.channel is Channel.PAGE
        assert verdict.answer_shown
        assert verdict.seconds is not None
        assert 0 <= verdict.seconds < 30


def test_a_selection_is_answered_at_once_and_taken_back_at_once(
    served: Any, arrive: Arrive, tab: Callable[..., Page]
) -> None:
    items = arrive(12)
    page = tab(served)
    expect(cards(page)).to_have_count(12)
    press(page, "ArrowRight", "Space", "Shift+ArrowRight", "Shift+ArrowDown")
    chosen = page.locator(".card[aria-selected=true]").count()
    assert chosen > 3
    expect(page.locator("#selected")).to_have_text(f"{chosen} photos selected")
    press(page, "3")
    expect(cards(page)).to_have_count(12 - chosen)
    expect(page.get_by_role("status")).to_have_text(f"{chosen} photos: teddy")
    settled = [item for item in items if served.item(item).final_label == "teddy"]
    assert len(settled) == chosen
    assert len({verdict.created_at for verdict in served.verdicts()}) == 1
    press(page, "u")
    expect(cards(page)).to_have_count(12)
    expect(page.get_by_role("status")).to_have_text(f"taken back: {chosen} photos")
    expect(page.locator(".card[aria-selected=true]")).to_have_count(chosen)
    assert {served.item(item).status for item in items} == {ItemStatus.OPEN}
    press(page, "1")  # what came back is selected: another key answers it otherwise
    expect(cards(page)).to_have_count(12 - chosen)
    served.wait_for_label(settled, "black")


def test_the_whole_group_by_mouse(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    black, teddy = arrive(3, "black"), arrive(4, "teddy")
    page = tab(served)
    card(page, teddy[0]).click()
    card(page, teddy[2]).click(modifiers=["Shift"])
    expect(page.locator(".card[aria-selected=true]")).to_have_count(3)
    page.get_by_role("button", name="All 3 are black").click()
    expect(cards(page)).to_have_count(4)
    page.get_by_role("button", name="2 grizzly").click()
    expect(cards(page)).to_have_count(1)
    served.wait_for_label(black, "black")
    served.wait_for_label(teddy[:3], "grizzly")


def test_dialogs_ask_for_a_name_a_label_and_a_time(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    named, labelled, later = arrive(3)
    page = tab(served)
    press(page, "Shift+N")
    page.get_by_label("What is it?").fill("polar bear")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("1 photo: none of these (polar bear)")
    press(page, "/")
    page.get_by_label("Name").fill("unicorn")
    press(page, "Enter")
    expect(page.get_by_text("no such label: black, grizzly, teddy")).to_be_visible()
    page.get_by_label("Name").fill("ted")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("1 photo: teddy")
    press(page, "d", "1")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("1 photo: put off")
    assert served.verdicts()[0].free_name == "polar bear"
    assert served.item(labelled).final_label == "teddy"
    assert served.item(later).deferred_until is not None
    assert served.item(named).final_label == "none"


def test_zoom_answers_and_goes_on(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    first, second, third = arrive(3, "black", 0.6)
    page = tab(served)
    press(page, "z")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"Photo {first}")).to_be_visible()
    expect(dialog.get_by_text("60 %")).to_be_visible()
    expect(page.locator("#zoom-photo")).to_have_js_property("naturalWidth", 32)
    press(page, "Enter")
    expect(dialog).to_have_class("zoom whole")
    press(page, "ArrowRight", "2")
    expect(dialog.get_by_role("heading", name=f"Photo {third}")).to_be_visible()
    press(page, "1")
    expect(dialog.get_by_role("heading", name=f"Photo {first}")).to_be_visible()
    press(page, "u")
    expect(dialog.get_by_role("heading", name=f"Photo {third}")).to_be_visible()
    press(page, "Escape")
    expect(dialog).to_be_hidden()
    expect(card(page, third)).to_be_focused()
    served.wait_for_label([second], "grizzly")
    assert served.item(third).status is ItemStatus.OPEN


def test_near_duplicates_are_seen_and_split_off(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    shown, same, other = arrive(3)
    for member in (same, other):
        served.change(member, represented_by_id=shown)
    page = tab(served)
    expect(card(page, shown).locator(".alike")).to_have_text("+2")
    press(page, "z")
    page.get_by_role("button", name=f"Photo {other} is another").click()
    expect(page.get_by_role("status")).to_have_text(f"photo {other} will be judged by itself")
    expect(page.get_by_role("button", name=f"Photo {same} is another")).to_be_visible()
    press(page, "1")
    expect(page.get_by_role("status")).to_have_text("1 photo: black")
    assert served.item(same).final_label == "black"
    assert served.item(other).status is ItemStatus.OPEN


def test_filters_and_second_opinions(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    black, teddy = arrive(2, "black"), arrive(1, "teddy", in_domain=False)
    blind = arrive(1, "black")
    served.change(blind[0], verdicts_needed=2)
    page = tab(served)
    expect(cards(page)).to_have_count(4)
    expect(card(page, blind[0])).to_contain_text("answer hidden")
    page.get_by_role("button", name="black 2").click()
    expect(cards(page)).to_have_count(2)
    assert served.item(teddy[0]).lease_token is None
    assert served.item(black[0]).lease_token is not None
    press(page, "]")
    expect(page.get_by_role("button", name="teddy 1")).to_have_attribute("aria-pressed", "true")
    expect(cards(page)).to_have_count(1)
    press(page, "]")
    expect(cards(page)).to_have_count(1)
    press(page, "z")
    expect(page.get_by_role("dialog")).to_contain_text("Several people judge this photo")
    expect(page.get_by_role("dialog")).not_to_contain_text("60 %")
    press(page, "3")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text("Nothing waits here")).to_be_visible()
    served.wait_for(served.verdicts)
    assert served.verdicts()[0].answer_shown is False
    press(page, "[", "[", "[")
    page.get_by_label("Why").select_option("out of domain")
    expect(cards(page)).to_have_count(1)
    expect(card(page, teddy[0])).to_be_visible()


def test_two_reviewers_and_a_lost_lease(
    served: Any, arrive: Arrive, tab: Callable[..., Page], lease: timedelta, errors: list[str]
) -> None:
    items = arrive(16)
    mo = tab(served)
    mo.get_by_label("At once").select_option("12")
    expect(cards(mo)).to_have_count(12)
    ana = tab(served, served.token("ana"))
    expect(cards(ana)).to_have_count(4)
    seen = [set(page.locator(".card").evaluate_all("nodes => nodes.map(n => n.dataset.id)")) for page in (mo, ana)]
    assert not seen[0] & seen[1]
    assert {int(item) for item in seen[0] | seen[1]} == set(items)
    served.clock.ahead += lease * 2
    ana.get_by_label("At once").select_option("24")  # hers ended, too: she gets those that came back
    expect(cards(ana)).to_have_count(16)
    press(mo, "1")
    expect(mo.locator("#toast")).to_contain_text("no longer yours")
    expect(mo.locator("#done")).to_have_text("0")
    assert served.verdicts() == []


def test_leases_are_renewed_while_somebody_is_there(
    served: Any, arrive: Arrive, tab: Callable[..., Page], browser: Browser
) -> None:
    (item,) = arrive(1)
    page = tab(served)
    page.clock.install()
    page.reload()
    expect(cards(page)).to_have_count(1)
    first = served.item(item).lease_expires_at
    page.clock.run_for(110_000)  # more than a third of the lease
    served.wait_for(lambda: served.item(item).lease_expires_at > first)
    page.clock.run_for(120_000)  # nobody moved for three minutes
    expect(page.get_by_role("heading", name="You were away")).to_be_visible()
    expect(cards(page)).to_have_count(0)
    served.wait_for(lambda: served.item(item).lease_token is None)
    press(page, "Enter")
    expect(cards(page)).to_have_count(1)


def test_leaving_gives_back(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    items = arrive(3)
    page = tab(served)
    expect(cards(page)).to_have_count(3)
    page.goto("about:blank")
    served.wait_for(lambda: not any(served.item(item).lease_token for item in items))


def test_what_fails_comes_back_to_the_grid(
    served: Any, arrive: Arrive, tab: Callable[..., Page], errors: list[str]
) -> None:
    (item,) = arrive(1)
    page = tab(served)
    page.route("**/api/verdicts", lambda route: route.abort())
    press(page, "1")
    expect(page.locator("#toast")).to_contain_text("cannot be reached")
    expect(card(page, item)).to_be_visible()
    page.unroute("**/api/verdicts")
    press(page, "1")
    expect(page.get_by_role("status")).to_have_text("1 photo: black")
    assert [verdict.kind for verdict in served.verdicts()] == [VerdictKind.LABEL]
    assert all("ERR_FAILED" in error for error in errors)
    errors.clear()


def test_the_login_page_tells_what_is_wrong(served: Any, tab: Callable[..., Page], errors: list[str]) -> None:
    page = tab(served)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{served.url}/login")
    page.get_by_label("Login token").fill("a guess")
    press(page, "Enter")
    expect(page.get_by_role("alert").filter(has_text="opens nothing")).to_be_visible()
    page.get_by_label("Login token").fill(served.token("ana"))
    press(page, "Enter")
    page.wait_for_url(f"{served.url}/")
    expect(page.locator("#me")).to_have_text("ana")
    assert all("401" in error for error in errors)
    errors.clear()


def test_a_used_link_opens_the_page_where_it_was_used(served: Any, tab: Callable[..., Page], errors: list[str]) -> None:
    used = served.link.token
    page = tab(served)
    page.goto(f"{served.url}/login#{used}")
    page.wait_for_url(f"{served.url}/")
    stranger = page.context.browser.new_page()  # type: ignore[union-attr] # it was launched, not connected to
    stranger.goto(f"{served.url}/login#{used}")
    expect(stranger.get_by_role("alert")).to_contain_text("links work once")
    assert used not in stranger.url
    stranger.close()
    assert all("401" in error for error in errors)
    errors.clear()


def test_who_is_removed_is_shown_the_door(
    served: Any, arrive: Arrive, tab: Callable[..., Page], errors: list[str]
) -> None:
    arrive(2)
    page = tab(served, served.token("ana"))
    expect(cards(page)).to_have_count(2)
    served.remove("ana")
    press(page, "a", "1")
    page.wait_for_url(f"{served.url}/login")
    assert served.verdicts() == []
    expect(page.get_by_role("alert")).to_contain_text("you may review no more")
    expect(page.get_by_role("alert")).to_contain_text("The last 2 answers were not saved")
    errors.clear()


def test_who_finds_the_server_started_anew_is_told_at_the_door(
    served: Any, arrive: Arrive, tab: Callable[..., Page]
) -> None:
    arrive(1)
    page = tab(served)
    served.desk.sittings.__init__()  # what a server that starts anew knows of those before
    page.reload()
    page.wait_for_url(f"{served.url}/login")
    expect(page.get_by_role("alert")).to_contain_text("the server was started anew")


def test_what_is_not_saved_yet_is_told_and_arrives_though_the_tab_is_closed(
    served: Any, arrive: Arrive, tab: Callable[..., Page]
) -> None:
    items = arrive(20)
    page = tab(served)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with served.database.write() as session:
        session.execute(update(ReviewItem).values(status=ReviewItem.status))  # what others write waits for this
        press(page, "1", "2", "3", "1", "u", *"n" * 16)
        expect(page.locator("#saving")).to_have_text("saving 20 …")
        expect(page.locator("#toast")).to_contain_text("20 answers are kept here", timeout=10_000)
        assert served.verdicts() == []
        with page.expect_event("close"):
            page.close(run_before_unload=True)
    served.wait_for(lambda: len(served.verdicts()) == 19)
    served.wait_for(lambda: not served.item(items[3]).lease_token)
    assert asked == ["beforeunload"]
    said = [(verdict.item_id, verdict.kind.value, verdict.label) for verdict in served.verdicts()]
    assert said == [
        (items[0], "label", "black"),
        (items[1], "label", "grizzly"),
        (items[2], "label", "teddy"),
        *((item, "none", None) for item in items[4:]),  # and what was taken back before it was sent is not said at all
    ]


def test_a_key_that_is_held_down_answers_once(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    arrive(6)
    page = tab(served)
    for _ in range(4):
        page.keyboard.down("1")  # all but the first are repeats
    page.keyboard.up("1")
    expect(page.get_by_role("status")).to_have_text("1 photo: black")
    expect(cards(page)).to_have_count(5)
    page.get_by_role("button", name="2 grizzly").focus()
    for _ in range(4):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(page.get_by_role("status")).to_have_text("1 photo: grizzly")
    expect(cards(page)).to_have_count(4)
    for _ in range(4):
        page.keyboard.down("n")
    page.keyboard.up("n")
    expect(page.get_by_role("status")).to_have_text("1 photo: none of these")
    page.keyboard.press("s")  # in order: whatever else had been said would be there before it
    served.wait_for(lambda: served.verdicts()[-1:] and served.verdicts()[-1].kind is VerdictKind.SKIP)
    assert len(served.verdicts()) == 4


def test_what_the_next_answer_goes_to_has_a_frame_in_view(
    served: Any, arrive: Arrive, tab: Callable[..., Page]
) -> None:
    items = arrive(40)
    page = tab(served, viewport={"width": 700, "height": 420})
    framed = page.locator(".card.framed")

    def is_seen(item: int) -> None:
        expect(framed).to_have_count(1)
        expect(framed).to_have_attribute("data-id", str(item))
        expect(framed).not_to_have_css("outline-style", "none")
        box, footer = framed.bounding_box(), page.locator("#actions").bounding_box()
        assert box is not None
        assert footer is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= footer["y"]

    press(page, "Shift+N")
    page.get_by_label("What is it?").fill("polar bear")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("1 photo: none of these (polar bear)")
    is_seen(items[1])
    expect(framed).to_be_focused()
    for number in range(2, 6):
        page.get_by_role("button", name="skip").click()
        is_seen(items[number])
    press(page, *["ArrowDown"] * 5)
    at = int(framed.get_attribute("data-id") or 0)
    page.mouse.wheel(0, -5000)
    expect(framed).not_to_be_in_viewport()
    page.get_by_role("button", name=re.compile("^c can")).click()
    expect(framed).not_to_have_attribute("data-id", str(at))
    at = int(framed.get_attribute("data-id") or 0)
    is_seen(at)
    page.mouse.wheel(0, -5000)
    expect(framed).not_to_be_in_viewport()
    page.get_by_role("button", name="skip").focus()
    press(page, "Enter")  # the keys stay where they are
    expect(framed).not_to_have_attribute("data-id", str(at))
    is_seen(int(framed.get_attribute("data-id") or 0))


def test_what_was_not_shown_is_not_labelled(
    served: Any, arrive: Arrive, tab: Callable[..., Page], errors: list[str]
) -> None:
    first, broken, late = arrive(3, "black")
    context = tab(served).context
    page = context.new_page()
    waiting: list[Route] = []
    page.route(f"**/thumbnails/{broken}", lambda route: route.abort())
    page.route(f"**/thumbnails/{late}", lambda route: waiting.append(route))
    context.pages[0].close()
    served.wait_for(lambda: not served.item(first).lease_token)
    page.goto(served.url)
    expect(page.locator(".card.broken")).to_have_count(1)
    served.wait_for(lambda: page.wait_for_timeout(20) or waiting)
    page.get_by_role("button", name="The other 2 are black").click()
    expect(page.get_by_role("status")).to_have_text(
        "1 photo: black; 2 photos left out: no label for what was not shown"
    )
    expect(cards(page)).to_have_count(2)
    press(page, "a", "1")
    expect(page.get_by_role("status")).to_have_text("2 photos left out: no label for what was not shown")
    waiting[0].continue_()
    look(page)
    press(page, "2")
    expect(cards(page)).to_have_count(1)
    press(page, "c")  # may be said of it
    expect(cards(page)).to_have_count(0)
    served.wait_for(lambda: len(served.verdicts()) == 3)
    said = [(verdict.item_id, verdict.kind.value, verdict.label) for verdict in served.verdicts()]
    assert said == [(first, "label", "black"), (late, "label", "grizzly"), (broken, "cant_tell", None)]
    assert all("ERR_FAILED" in error for error in errors)
    errors.clear()


def test_thirty_labels_leave_room_for_the_photos(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    served.labels = ("black", "brown", *(f"a very long label of a bear number {number:02}" for number in range(28)))
    items = arrive(3, "black")
    page = tab(served, viewport={"width": 1000, "height": 700})
    footer = page.locator("#actions").bounding_box()
    assert footer is not None
    assert footer["height"] < 210, "30 % of the window"
    press(page, "0")
    expect(page.get_by_role("status")).to_have_text("there is no label 0")
    page.locator("#labels").get_by_role("button", name="more (21)").click()
    page.get_by_label("Name").fill("b")
    press(page, "Enter")
    expect(page.locator("#label-wrong")).to_have_text("more than one label begins so: black, brown")
    page.get_by_label("Name").fill("br")
    press(page, "Enter")
    served.wait_for_label(items[:1], "brown")
    press(page, "z")
    page.locator("#zoom-labels").get_by_role("button", name="more (21)").click()
    page.get_by_label("Name").fill(served.labels[29])
    press(page, "Enter")
    served.wait_for_label(items[1:2], served.labels[29])
    expect(page.get_by_role("heading", name=f"Photo {items[2]}")).to_be_visible()
    page.locator("#zoom-others").get_by_role("button", name="later").click()
    press(page, "1")
    expect(page.get_by_role("dialog")).to_be_hidden()
    served.wait_for(lambda: served.item(items[2]).deferred_until)


def test_digits_without_a_label_and_keys_of_old_answer_nothing(
    served: Any, arrive: Arrive, tab: Callable[..., Page]
) -> None:
    arrive(1)
    page = tab(served)
    press(page, "t", "l", "7")
    expect(page.get_by_role("status")).to_have_text("there is no label 7")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(cards(page)).to_have_count(1)


def test_what_failed_is_selected_again(
    served: Any, arrive: Arrive, tab: Callable[..., Page], errors: list[str]
) -> None:
    arrive(4)
    page = tab(served)
    page.route("**/api/verdicts", lambda route: route.abort())
    press(page, "Space", "Shift+ArrowRight", "1")
    expect(page.locator("#toast")).to_contain_text("cannot be reached")
    expect(page.locator(".card[aria-selected=true]")).to_have_count(2)
    page.unroute("**/api/verdicts")
    press(page, "1")
    expect(page.get_by_role("status")).to_have_text("2 photos: black")
    errors.clear()


def test_what_is_in_your_own_second_tab_is_not_said_to_be_in_others_hands(
    served: Any, arrive: Arrive, tab: Callable[..., Page]
) -> None:
    arrive(3)
    first = tab(served)
    expect(cards(first)).to_have_count(3)
    second = tab(served, served.link.token)
    expect(second.get_by_text("3 photos are in your own hands")).to_be_visible()
    expect(second.get_by_text("comes back within 5 min")).to_be_visible()


def test_groups_count_what_is_left(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    arrive(3, "black"), arrive(1, "teddy")
    page = tab(served)
    for chip in ("all 4", "black 3", "teddy 1"):
        expect(page.get_by_role("button", name=chip, exact=True)).to_be_visible()
    page.get_by_role("button", name="It is teddy").click()
    expect(page.get_by_role("button", name="all 3", exact=True)).to_be_visible()
    expect(page.locator("#groups .chip")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_accessible(served: Any, arrive: Arrive, tab: Callable[..., Page], scheme: str, width: int) -> None:
    shown, member, *_ = arrive(6, "black")
    served.change(member, represented_by_id=shown)
    blind = arrive(1, "teddy")
    served.change(blind[0], verdicts_needed=2)
    page = tab(served, color_scheme=scheme, viewport={"width": width, "height": 840}, reduced_motion="reduce")
    expect(cards(page)).to_have_count(6)
    press(page, "ArrowRight", "Space")
    no_violations(page, "grid")
    press(page, "Escape", "Home", "z")
    expect(page.get_by_text("nearly the same")).to_be_visible()
    no_violations(page, "zoom")
    press(page, "Escape", "?")
    no_violations(page, "help")
    press(page, "Escape", "d")
    no_violations(page, "later")
    press(page, "Escape", "Shift+N")
    no_violations(page, "name")
    press(page, "Escape", "a", "s")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()  # what was skipped is for others
    no_violations(page, "empty")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{served.url}/login")
    no_violations(page, "login")


def test_colours_are_chosen_and_kept(served: Any, tab: Callable[..., Page]) -> None:
    page = tab(served, color_scheme="light")
    expect(page.get_by_text("Every photo has its answer")).to_be_visible()

    def ground() -> str:
        found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return found

    light = ground()
    page.get_by_role("button", name="Colours: as the system").click()
    page.get_by_role("button", name="Colours: light").click()
    expect(page.get_by_role("button", name="Colours: dark")).to_be_visible()
    dark = ground()
    assert dark != light
    page.reload()
    assert ground() == dark
    no_violations(page, "empty, dark")
