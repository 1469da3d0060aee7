"""The cleaning page in a real browser: by keyboard alone, by mouse, in several tabs, and for screen readers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from model.suspicion import Ranking
from tests.chromium import no_violations
from tests.review.cleaning.conftest import Served, jpeg, ranking_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def errors() -> list[str]:
    """What went wrong on a page; tests that provoke it take it out."""
    return []


@pytest.fixture
def tab(browser: Browser, errors: list[str]) -> Iterator[Callable[..., Page]]:
    """`tab(served)`: a browser of its own, logged in by the link; any error on it fails the test."""
    contexts = []

    def open_tab(served: Served, **more: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **more})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"{served.url}/login#{served.link.token}")
        page.wait_for_url(f"{served.url}/")
        ready(page)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert errors == []


def ready(page: Page) -> None:
    """Until all that is in view is shown: what was not is not decided about."""
    expect(page.locator("#main")).to_have_attribute("aria-busy", "false")
    script = """() => [...document.querySelectorAll(".card img")].every(
        one => one.complete || one.getBoundingClientRect().top > innerHeight)"""
    while not page.evaluate(script):  # the page lets nothing be waited for by a script of its own
        page.wait_for_timeout(20)


def cards(page: Page) -> Locator:
    return page.get_by_role("option").filter(visible=True)


def chip(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def choose(page: Page, name: str) -> None:
    chip(page, name).click()
    ready(page)


def looked_at(page: Page, expected: str) -> None:
    expect(page.locator(".pace")).to_have_text(f"{expected} suspects looked at", use_inner_text=True)


@pytest.fixture
def thirty(tmp_path: Path, serve: Callable[[Path, Ranking], Served]) -> Served:
    """Thirty suspects: ten filed as black that look like grizzlies, ten teddies as black, ten like nothing at all."""
    root = tmp_path / "bears"
    made: dict[str, tuple[str | None, float]] = {}
    for number in range(10):
        made[f"black/g{number}.jpg"] = ("grizzly", 0.99 - number / 100)
        made[f"black/t{number}.jpg"] = ("teddy", 0.89 - number / 100)
        made[f"grizzly/n{number}.jpg"] = (None, 0.79 - number / 100)
        made[f"teddy/{number}.jpg"] = ("teddy", 0.05)
    for seed, name in enumerate(made):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(jpeg(seed))
    return serve(root, ranking_of(root, made))


def test_thirty_photos_by_keyboard_alone(thirty: Served, tab: Callable[..., Page]) -> None:
    page = tab(thirty)
    looked_at(page, "0 of 30")
    expect(cards(page)).to_have_count(30)
    expect(page.locator("#accept")).to_have_text("↵accept: grizzly")
    expected = {}
    press(page, "Enter")  # the first one: as suggested
    expected["black/g0.jpg"] = "grizzly"
    press(page, "k")
    expected["black/g1.jpg"] = "keep"
    press(page, "Space", "Shift+ArrowRight", "Shift+ArrowRight", "2")  # three of them: the second label
    expected |= {f"black/g{number}.jpg": "grizzly" for number in (2, 3, 4)}
    expect(page.get_by_role("status")).to_have_text("3 photos: grizzly")
    thirty.wait_for(expected)
    press(page, "u")
    expect(page.locator(".card[aria-selected=true]")).to_have_count(3)
    expect(page.get_by_role("status")).to_have_text("taken back: 3 photos")
    press(page, "3")  # what came back is selected: another key decides otherwise
    expected |= {f"black/g{number}.jpg": "teddy" for number in (2, 3, 4)}
    thirty.wait_for(expected)
    looked_at(page, "5 of 30")
    page.reload()
    ready(page)
    looked_at(page, "5 of 30")
    expect(cards(page)).to_have_count(25)
    press(page, "]")  # filed as black, looks like grizzly
    expect(cards(page)).to_have_count(5)
    ready(page)
    press(page, "a", "Enter")
    expected |= {f"black/g{number}.jpg": "grizzly" for number in range(5, 10)}
    expect(page.get_by_text("Nothing is left in this group")).to_be_visible()
    press(page, "]")
    expect(cards(page)).to_have_count(10)
    ready(page)
    press(page, "a", "x")
    expected |= {f"black/t{number}.jpg": "remove" for number in range(10)}
    expect(page.get_by_text("10 photos in others may be filed wrongly")).to_be_visible()
    page.get_by_role("button", name="Next group").press("Enter")
    expect(chip(page, "filed as grizzly, looks like none of the labels: 10")).to_have_attribute("aria-pressed", "true")
    press(page, "[")
    expect(chip(page, "all suspects: 10")).to_have_attribute("aria-pressed", "true")
    ready(page)
    press(page, *["n"] * 9, "k")
    expected |= {f"grizzly/n{number}.jpg": "remove" for number in range(9)} | {"grizzly/n9.jpg": "keep"}
    thirty.wait_for(expected)
    expect(page.get_by_role("heading", name="Nothing suspicious is left")).to_be_visible()
    expect(page.get_by_text("10 photos were not looked at")).to_be_visible()
    looked_at(page, "30 of 30")
    press(page, *["u"] * 3)
    expect(cards(page)).to_have_count(3)
    thirty.wait_for({name: said for name, said in expected.items() if name[-5] not in "789" or name[8] != "n"})


def test_the_whole_group_by_mouse(served: Served, tab: Callable[..., Page]) -> None:
    page = tab(served)
    choose(page, "filed as black, looks like grizzly: 2")
    page.get_by_role("button", name="All 2 are grizzly").click()
    expect(page.get_by_text("Nothing is left in this group")).to_be_visible()
    choose(page, "filed as grizzly, looks like none of the labels: 1")
    page.get_by_role("button", name="Remove it").click()
    choose(page, "all filed as teddy: 6")
    expect(page.get_by_role("heading", name="All filed as teddy")).to_be_visible()
    cards(page).nth(1).click()
    cards(page).nth(3).click(modifiers=["Shift"])
    expect(page.locator("#selected")).to_have_text("3 photos selected")
    page.locator("#labels").get_by_role("button", name="1 black").click()
    expect(cards(page)).to_have_count(3)
    ready(page)
    page.get_by_role("button", name="Keep all 3").click()
    expect(page.get_by_role("heading", name="All filed as teddy is decided")).to_be_visible()
    served.wait_for(
        {
            "black/01.jpg": "grizzly",
            "black/02.jpg": "grizzly",
            "grizzly/01.jpg": "remove",
            **{f"teddy/{number:02}.jpg": "black" for number in (2, 3, 4)},
            **{f"teddy/{number:02}.jpg": "keep" for number in (1, 5, 6)},
        }
    )
    page.get_by_role("button", name="Take the last decision back (u)").click()
    expect(cards(page)).to_have_count(3)


def test_what_is_decided_can_be_changed(served: Served, tab: Callable[..., Page]) -> None:
    page = tab(served)
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("1 photo: grizzly")
    choose(page, "decided: 1")
    expect(page.get_by_role("heading", name="Relabelled as grizzly")).to_be_visible()
    press(page, "x")
    expect(page.get_by_role("heading", name="Removed from the set")).to_be_visible()
    served.wait_for({"black/01.jpg": "remove"})
    expect(page.locator(".card.removed")).to_be_focused()
    press(page, "u")
    expect(page.get_by_role("heading", name="Relabelled as grizzly")).to_be_visible()
    press(page, "u")
    expect(page.get_by_text("Nothing is decided yet")).to_be_visible()
    served.wait_for({})


def test_zoom_decides_and_goes_on(served: Served, tab: Callable[..., Page]) -> None:
    page = tab(served)
    press(page, "z")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="01.jpg")).to_be_visible()
    expect(dialog.get_by_text("97 %")).to_be_visible()
    expect(page.locator("#zoom-photo")).to_have_js_property("naturalWidth", 160)
    press(page, "z")
    expect(dialog).to_have_class("zoom whole")
    press(page, "Enter")
    expect(dialog.get_by_role("heading", name="02.jpg")).to_be_visible()
    served.wait_for({"black/01.jpg": "grizzly"})
    press(page, "ArrowRight")
    expect(dialog.locator("#zoom-facts")).to_contain_text("none of the labels")
    dialog.get_by_role("button", name="accept").click()
    served.wait_for({"black/01.jpg": "grizzly", "grizzly/01.jpg": "remove"})
    press(page, "Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".card.framed")).to_be_focused()


def test_a_new_label_is_given_twice(served: Served, tab: Callable[..., Page]) -> None:
    page = tab(served)
    press(page, "/")
    page.get_by_label("Name").fill("gri")
    press(page, "Enter")  # the beginning of one label only
    served.wait_for({"black/01.jpg": "grizzly"})
    press(page, "/")
    page.get_by_label("Name").fill("polar bear")
    press(page, "Enter")
    expect(page.get_by_text("There is no label “polar bear” yet")).to_be_visible()
    press(page, "Enter")
    served.wait_for({"black/01.jpg": "grizzly", "black/02.jpg": "polar bear"})
    expect(page.locator("#labels").get_by_role("button", name="4 polar bear")).to_be_visible()
    press(page, "4")
    expect(page.get_by_role("status")).to_have_text("1 photo: polar bear")
    press(page, "7")
    expect(page.get_by_role("status")).to_have_text("there is no label 7")


def test_two_tabs_show_the_same(served: Served, tab: Callable[..., Page]) -> None:
    one, other = tab(served), tab(served)
    press(one, "Enter")
    served.wait_for({"black/01.jpg": "grizzly"})
    press(other, "x")  # about what is decided already
    expect(other.get_by_role("status")).to_contain_text("decided about elsewhere meanwhile")
    expect(cards(other)).to_have_count(4)
    press(other, "x")
    served.wait_for({"black/01.jpg": "grizzly", "black/02.jpg": "remove"})
    expect(cards(one)).to_have_count(3, timeout=15_000)  # by itself, within seconds
    looked_at(one, "2 of 5")


def test_what_fails_comes_back(served: Served, tab: Callable[..., Page], errors: list[str]) -> None:
    page = tab(served)
    page.route("**/api/decide", lambda route: route.abort())
    press(page, "Space", "Shift+ArrowRight", "k")
    expect(page.get_by_role("status")).to_contain_text("does `bearbot data clean` still run?")
    expect(page.locator(".card[aria-selected=true]")).to_have_count(2)
    page.unroute("**/api/decide")
    press(page, "k")
    served.wait_for({"black/01.jpg": "keep", "black/02.jpg": "keep"})
    assert all("ERR_FAILED" in error for error in errors)
    errors.clear()


@pytest.fixture
def many(tmp_path: Path, serve: Callable[[Path, Ranking], Served]) -> Served:
    """130 photos filed as black that look like grizzlies."""
    root = tmp_path / "many"
    (root / "black").mkdir(parents=True)
    made: dict[str, tuple[str | None, float]] = {f"black/{number:03}.jpg": ("grizzly", 0.9) for number in range(130)}
    for seed, name in enumerate(made):
        (root / name).write_bytes(jpeg(seed))
    return serve(root, ranking_of(root, made))


def test_more_than_are_shown_at_once(many: Served, tab: Callable[..., Page]) -> None:
    page = tab(many)
    expect(cards(page)).to_have_count(60)
    for before, number in ((60, 120), (120, 130)):
        page.get_by_role("button", name="Show more").click()
        expect(cards(page)).to_have_count(number)
        expect(page.locator(".card.framed")).to_have_attribute("data-id", str(before + 1))
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()


def test_an_answer_from_before_a_decision_brings_nothing_back(many: Served, tab: Callable[..., Page]) -> None:
    page = tab(many)
    late: list[Route] = []
    page.route("**/api/photos?*", lambda route: late.append(route), times=1)
    page.get_by_role("button", name="Show more").click()
    press(page, "Home")
    while not late:
        page.wait_for_timeout(20)
    answer = late[0].fetch()  # as it is now, and told when the first photo is decided about
    press(page, "k")
    expect(page.get_by_role("status")).to_have_text("1 photo: kept")
    expect(cards(page)).to_have_count(120)  # refilled meanwhile
    late[0].fulfill(response=answer)
    page.wait_for_timeout(500)  # the page would mend it by itself, but only after seconds
    assert page.locator(".card[data-id='1']").count() == 0


def test_what_was_not_shown_is_left_out(served: Served, tab: Callable[..., Page]) -> None:
    page = tab(served)
    page.route("**/thumbnails/2", lambda _: None)  # it takes for ever
    page.reload()
    expect(cards(page)).to_have_count(5)
    expect(page.locator(".card img").nth(0)).to_have_js_property("complete", True)
    press(page, "a", "Enter")
    expect(page.get_by_role("status")).to_contain_text("1 photo left out: not shown yet")
    expect(cards(page)).to_have_count(1)
    assert "black/02.jpg" not in served.decided()


def test_photos_that_look_the_same(served: Served, folder: Path, serve: Any, tab: Callable[..., Page]) -> None:
    (folder / "teddy" / "06.jpg").write_bytes((folder / "black" / "04.jpg").read_bytes())
    page = tab(serve(folder, ranking_of(folder, {"black/04.jpg": ("black", 0.2), "teddy/06.jpg": ("black", 0.9)})))
    choose(page, "same picture, two labels: 2")
    expect(page.get_by_role("heading", name="The same picture under black and teddy")).to_be_visible()
    no_violations(page, "twins")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 640, 390])  # 640: a window of 1280 at 200 %
def test_accessible(served: Served, tab: Callable[..., Page], scheme: str, width: int) -> None:
    page = tab(served, color_scheme=scheme, viewport={"width": width, "height": 840}, reduced_motion="reduce")
    press(page, "ArrowRight", "Space")
    no_violations(page, "photos")
    press(page, "Escape", "Home", "z")
    no_violations(page, "zoom")
    press(page, "Escape", "?")
    no_violations(page, "help")
    press(page, "Escape", "/")
    page.get_by_label("Name").fill("polar bear")
    press(page, "Enter")
    no_violations(page, "label")
    press(page, "Escape", "a", "Enter")
    expect(page.get_by_role("heading", name="Nothing suspicious is left")).to_be_visible()
    no_violations(page, "empty")
    choose(page, "decided: 5")
    no_violations(page, "decided")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is to be scrolled sideways"
    page.goto(f"{served.url}/login")
    no_violations(page, "login")
