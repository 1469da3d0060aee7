"""The dashboard: figures of how reviewing goes, as the server has counted them within the last minute.

GET /dashboard?days=30          the page; days are 7, 30, 90 or all
GET /dashboard/figures?days=30  what is on it, as a piece of HTML: the page asks for it, as counting may take a while
GET /dashboard/figures.css      the pictures' colours
"""

import time
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from string import Template

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from model.errors import ModelError
from model.registry import Registry
from review.figures.board import Tile, figures, tiles
from review.figures.figure import Figure, Table, style
from review.overview import Overview, Span, overview
from review.queue import may_adjudicate
from review.risk_coverage import RiskCoverage, risk_coverage
from review.statistics import promise_of
from review.web.desk import Desk
from review.web.entrance import NotLoggedIn
from review.web.exchange import answering
from review.web.sittings import Sitting
from review.workload import seen_by

_KEPT_SECONDS = 60.0  # figures; they are counted anew for who asks later
_PAGE = Path(__file__).with_name("page") / "dashboard.html"
_NAMES = {Span.WEEK: "7 days", Span.MONTH: "30 days", Span.QUARTER: "90 days", Span.ALWAYS: "all"}


class Dashboard:
    """The routes. Figures are counted in a thread of their own, once for everybody who asks meanwhile.

    They only read the database, and whoever waits for them takes no thread from those who review.
    """

    def __init__(self, desk: Desk, registry: Registry, timer: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._registry = registry
        self._timer = timer
        self._kept: dict[Span, tuple[float, Overview]] = {}
        self._limiter: CapacityLimiter | None = None
        self._curve: RiskCoverage | None = None

    def routes(self) -> list[Route]:
        return [
            Route("/dashboard", answering(self._page), methods=["GET"]),
            Route("/dashboard/figures", answering(self._figures), methods=["GET"]),
            Route("/dashboard/figures.css", answering(self._style), methods=["GET"]),
        ]

    async def _page(self, request: Request) -> Response:
        try:
            name = await self._desk.in_thread(self._reviewer, self._desk.sitting(request))
        except NotLoggedIn:
            return RedirectResponse("/login", 303)
        chosen = _span(request)
        page = Template(_PAGE.read_text(encoding="utf-8"))
        return HTMLResponse(page.substitute(reviewer=escape(name), days=chosen.value, spans=_spans(chosen)))

    async def _figures(self, request: Request) -> Response:
        sitting, span = self._desk.sitting(request), _span(request)
        alone = await self._desk.in_thread(self._sees_alone, sitting)  # who was removed sees no figures, either
        if self._limiter is None:
            self._limiter = CapacityLimiter(1)
        return HTMLResponse(await to_thread.run_sync(self.shown, span, alone, limiter=self._limiter))

    async def _style(self, _: Request) -> Response:
        return Response(style(), media_type="text/css", headers={"Cache-Control": "no-cache"})

    def _reviewer(self, sitting: Sitting) -> str:
        with self._desk.database.read() as session:
            return self._desk.reviewer(session, sitting).name

    def _sees_alone(self, sitting: Sitting) -> str | None:
        """The reviewer whose pace is for them and not for others; None for who runs the reviewing: they see all."""
        with self._desk.database.read() as session:
            reviewer = self._desk.reviewer(session, sitting)
            return None if may_adjudicate(reviewer) else reviewer.name

    def shown(self, span: Span, alone: str | None = None) -> str:
        """The figures as HTML, by counts of the last minute, if there are any; of reviewers `alone`, and the others."""
        found = self._found(span)
        seen = found if alone is None else replace(found, workload=seen_by(found.workload, alone))
        promise = promise_of(self._registry)
        return _board(found, figures(seen, self._curve_of(promise.version), promise))

    def _found(self, span: Span) -> Overview:
        kept = self._kept.get(span)
        if kept is not None and self._timer() - kept[0] <= _KEPT_SECONDS:
            return kept[1]
        now = self._desk.clock()
        with self._desk.database.read() as session:
            found = overview(session, span.begins(now), now)
        self._kept[span] = (self._timer(), found)
        return found

    def _curve_of(self, version: str | None) -> RiskCoverage | None:
        """None if the model cannot be read: its promise says why."""
        if version is None or (self._curve is not None and self._curve.version == version):
            return self._curve if version is not None else None
        try:
            self._curve = risk_coverage(self._registry.load(version))
        except (ModelError, OSError):
            return None
        return self._curve


def _span(request: Request) -> Span:
    given = request.query_params.get("days", Span.MONTH.value)
    if given not in set(Span):
        raise HTTPException(400, f"days: expected one of {', '.join(Span)}")
    return Span(given)


def _spans(chosen: Span) -> str:
    current = ' aria-current="true"'
    links = (
        f'<a class="chip" href="/dashboard?days={span.value}"{current if span is chosen else ""}>{name}</a>'
        for span, name in _NAMES.items()
    )
    return "".join(links)


def _board(found: Overview, shown: tuple[Figure, ...]) -> str:
    return (
        f'<dl class="tiles">{"".join(map(_tile, tiles(found)))}</dl>'
        f'<div class="plots">{"".join(map(_figure, shown))}</div>'
        f'<p class="hint">As of {found.now:%H:%M} UTC. Days begin at midnight UTC, weeks on Mondays; '
        "the first and the last may not be whole.</p>"
    )


def _tile(tile: Tile) -> str:
    name, value, more = escape(tile.name), escape(tile.value), escape(tile.more)
    return f'<div class="tile"><dt>{name}</dt><dd><strong>{value}</strong> <span>{more}</span></dd></div>'


def _figure(figure: Figure) -> str:
    title = escape(figure.title)
    notes = "".join(f"<p>{escape(note)}</p>" for note in figure.notes)
    table = _table(figure.table, title) if figure.table is not None else ""
    empty = "" if figure.svg is not None else " none"
    return (
        f'<section class="board-figure{empty}" id="{figure.name}" aria-labelledby="{figure.name}-title">'
        f'<h2 id="{figure.name}-title">{title}</h2>{figure.svg or ""}{notes}{table}</section>'
    )


def _table(table: Table, title: str) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in table.rows
    )
    return (
        f'<details><summary>Numbers<span class="unseen">: {title}</span></summary>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="Numbers: {title}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
