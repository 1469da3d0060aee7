"""The dashboard: for who is logged in alone, counted once a minute, without what the page's policy forbids."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from model.registry import Registry
from review.overview import Span
from review.people import reviewer_named
from review.tables import Role
from review.web.dashboard import Dashboard

Arrive = Callable[..., list[int]]


def test_strangers_are_shown_the_door(served: Any) -> None:
    with served.client() as stranger:
        answer = stranger.http.get("/dashboard")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert stranger.http.get("/dashboard/figures").status_code == 401


def test_who_was_removed_sees_no_figures(served: Any) -> None:
    with served.client("ana") as ana:
        assert ana.http.get("/dashboard/figures").status_code == 200
        served.remove("ana")
        assert ana.http.get("/dashboard/figures").status_code == 401


def test_figures_of_what_was_said(served: Any, arrive: Arrive) -> None:
    items = arrive(3, "black")
    name = "<b>ana & co"
    with served.client(name) as ana:
        ana.claim()
        ana.say("label", *items[:2], label="black")
        page = ana.http.get("/dashboard?days=7").text
        shown = ana.http.get("/dashboard/figures?days=7").text
        assert ana.http.get("/dashboard/figures?days=8").status_code == 400
        assert ana.http.get("/dashboard/figures.css").headers["content-type"].startswith("text/css")
    assert "&lt;b&gt;ana &amp; co" in page
    assert "&lt;b&gt;ana &amp; co" in shown
    assert name not in page + shown
    assert 'href="/dashboard?days=7" aria-current="true"' in page
    assert "<dt>waiting</dt><dd><strong>1</strong>" in shown
    assert "<dt>reviewers today</dt><dd><strong>1</strong> <span>2 verdicts" in shown
    assert "set REVIEW_AUDIT_RATE" in shown
    assert '<th scope="row">black</th><td>black</td><td>2</td>' in shown
    assert not re.search(r"style=|<style|<script| on[a-z]+=", shown)


def test_each_sees_their_own_share_and_who_decides_sees_all(served: Any, arrive: Arrive) -> None:
    items = arrive(3, "black")
    with served.client("ana") as ana, served.client("ben") as ben, served.client("mod") as mod:
        ana.claim()
        ana.say("label", *items[:2], label="black")
        ben.claim()
        with served.database.write() as session:
            reviewer_named(session, "mod", served.clock()).role = Role.MODERATOR
        of_ben, of_mod = (one.http.get("/dashboard/figures?days=7").text for one in (ben, mod))
    assert ">ana<" not in of_ben
    assert '<th scope="row">others (1)</th><td>2</td>' in of_ben
    assert '<th scope="row">ana</th><td>2</td>' in of_mod


def test_figures_are_counted_once_a_minute_for_each_span(served: Any, arrive: Arrive, home: Path) -> None:
    seconds = [0.0]
    dashboard = Dashboard(served.desk, Registry(home / "models"), timer=lambda: seconds[0])
    before = dashboard.shown(Span.WEEK)
    arrive(1)
    assert dashboard.shown(Span.WEEK) == before
    assert dashboard.shown(Span.MONTH) != before
    seconds[0] = 61.0
    assert "<dt>waiting</dt><dd><strong>1</strong>" in dashboard.shown(Span.WEEK)


def test_a_broken_model_leaves_the_other_figures(served: Any, arrive: Arrive, home: Path) -> None:
    arrive(1)
    registry = Registry(home / "models")
    registry.champion()
    registry.alias_file.write_text("rubbish")
    shown = Dashboard(served.desk, registry).shown(Span.ALWAYS)
    assert "What the model promises cannot be read" in shown
    assert "<dt>waiting</dt><dd><strong>1</strong>" in shown


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_accessible(served: Any, arrive: Arrive, browser: Browser, scheme: Any, width: int) -> None:
    with served.client("ana") as ana:
        items = arrive(4, "black")
        ana.claim()
        ana.say("label", *items[:2], label="black")
        ana.say("none", items[2])
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 840})
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{served.url}/login#{served.link.token}")
    page.wait_for_url(f"{served.url}/")
    page.goto(f"{served.url}/dashboard")
    page.get_by_text("reviewers today").wait_for()
    page.locator("summary").first.press("Enter")
    found = Axe().run(page).response["violations"]
    assert not found, json.dumps([[one["id"], [n["html"] for n in one["nodes"]]] for one in found], indent=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert errors == []
    context.close()
