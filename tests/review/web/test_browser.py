"""The reviewer's page in a real browser: by keyboard alone, in bulk, with colleagues, and for screen readers."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from review.tables import Channel, ItemStatus, VerdictKind

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
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert errors == []


def cards(page: Page) -> Locator:
    return page.get_by_role("option").filter(visible=True)


def card(page: Page, item: int) -> Locator:
    return page.locator(f".card[data-id='{item}']")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_labelling_by_keyboard_alone(served: Any, arrive: Arrive, tab: Callable[..., Page]) -> None:
    items = arrive(5)
    page = tab(served)
    expect(cards(page)).to_have_count(5)
    expect(card(page, items[0])).to_be_focused()
    for key in ("1", "2", "n", "t", "s"):
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
    press(page, "l")
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
    press(page, "1")
    page.wait_for_url(f"{served.url}/login")
    assert served.verdicts() == []
    errors.clear()


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
    check(page, "grid")
    press(page, "Escape", "Home", "z")
    expect(page.get_by_text("nearly the same")).to_be_visible()
    check(page, "zoom")
    press(page, "Escape", "?")
    check(page, "help")
    press(page, "Escape", "d")
    check(page, "later")
    press(page, "Escape", "Shift+N")
    check(page, "name")
    press(page, "Escape", "a", "s")
    expect(page.locator("#empty")).to_be_hidden()  # what was skipped comes back when nothing else is left
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{served.url}/login")
    check(page, "login")


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
    check(page, "empty, dark")


def check(page: Page, where: str) -> None:
    """No violation that axe finds. It is put in as the browser's own script: the page lets no other run."""
    found = Axe().run(page).response["violations"]
    assert not found, (
        f"{where}: {json.dumps([[one['id'], [n['html'] for n in one['nodes']]] for one in found], indent=1)}"
    )
