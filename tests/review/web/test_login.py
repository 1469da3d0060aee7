"""Who gets in, and what nobody else is shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from review.web.entrance import CSRF_HEADER
from review.web.sittings import ENDS_AFTER
from review.web.throttle import PER_ADDRESS, WINDOW, Throttle

Arrive = Callable[..., list[int]]

CLOSED = ("/api/session", "/api/groups", "/api/items/1", "/photos/1", "/thumbnails/1")


def test_nothing_is_shown_without_a_login(served: Any, arrive: Arrive) -> None:
    arrive(1)
    with served.client() as client:
        for path in CLOSED:
            answer = client.http.get(path)
            assert (answer.status_code, list(answer.json())) == (401, ["error"]), path
        for path in (
            "/api/claim",
            "/api/renew",
            "/api/release",
            "/api/verdicts",
            "/api/undo",
            "/api/split",
            "/api/farewell",
        ):
            assert client.http.post(path, json={}).status_code == 401, path
        answer = client.http.get("/", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert client.http.get("/login").status_code == 200


def test_the_link_works_once_and_then_there_is_another(served: Any) -> None:
    token = served.link.token
    with served.client() as client, served.client() as other:
        client.login(token)
        assert client.http.get("/api/session").json()["reviewer"] == "mo"
        assert client.http.get("/").status_code == 200
        refused = other.http.post("/api/login", json={"token": token})
        assert refused.status_code == 401
        assert "links work once" in refused.json()["error"]
        assert served.shown == [served.link.token] != [token]
        other.login(served.link.token)


def test_the_cookie_is_for_this_page_alone(served: Any) -> None:
    with served.client() as client:
        answer = client.http.post("/api/login", json={"token": served.link.token})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"bearbot_{served.port}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))


def test_a_new_token_ends_what_the_old_one_opened(served: Any) -> None:
    with served.client("ana") as client:
        assert client.http.get("/api/session").json()["reviewer"] == "ana"
        served.token("ana")
        assert client.http.get("/api/session").status_code == 401


def test_who_is_removed_is_out_at_the_next_request(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        client.claim()
        served.remove("ana")
        answer = client.http.post("/api/verdicts", json={"kind": "skip", "items": client.hands(item)})
        assert answer.status_code == 401
        assert "may review no more" in answer.json()["error"]
        for path in CLOSED:
            assert client.http.get(path).status_code == 401
    assert served.verdicts() == []


def test_who_is_removed_does_not_get_in_again(served: Any) -> None:
    token = served.token("ana")
    served.remove("ana")
    with served.client() as client:
        assert client.http.post("/api/login", json={"token": token}).status_code == 401


def test_a_sitting_ends_by_itself(served: Any) -> None:
    with served.client("ana") as client:
        served.clock.ahead = ENDS_AFTER - timedelta(minutes=1)
        assert client.http.get("/api/session").status_code == 200
        served.clock.ahead += ENDS_AFTER + timedelta(minutes=1)
        assert client.http.get("/api/session").status_code == 401


def test_logging_out_gives_back_and_closes(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        client.claim()
        cookie = dict(client.http.cookies)
        assert served.item(item).lease_token
        client.post("/api/logout")
        assert served.item(item).lease_token is None
        assert client.http.get("/api/session", headers={"Cookie": _cookie(cookie)}).status_code == 401


def test_wrong_tokens_are_slowed_down(served: Any) -> None:
    with served.client() as client:
        for _ in range(PER_ADDRESS):
            assert client.http.post("/api/login", json={"token": "guess"}).status_code == 401
        answer = client.http.post("/api/login", json={"token": served.link.token})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= WINDOW


def test_who_guesses_through_a_proxy_that_forwards_no_address_keeps_nobody_else_out(served: Any) -> None:
    served.desk.secure = True  # as behind a proxy with TLS
    with served.client() as client:
        for _ in range(PER_ADDRESS):
            assert client.http.post("/api/login", json={"token": "guess"}).status_code == 401
        assert client.http.post("/api/login", json={"token": "guess again"}).status_code == 429
        assert client.http.post("/api/login", json={"token": served.token("ana")}).status_code == 200


def test_the_throttle_forgets() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(PER_ADDRESS):
        throttle.failed("a")
    assert throttle.wait("a") == WINDOW
    assert throttle.wait("b") == 0
    now[0] = WINDOW
    assert throttle.wait("a") == 0


@pytest.mark.parametrize("token", [None, 7, "", "x" * 1000, ["a"]])
def test_what_is_no_token_is_refused(served: Any, token: object) -> None:
    with served.client() as client:
        assert client.http.post("/api/login", json={"token": token}).status_code == 400


def test_other_pages_change_nothing(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        client.claim()
        body = {"kind": "label", "label": "black", "items": client.hands(item)}

        def tried(**headers: str) -> httpx.Response:
            return client.http.post("/api/verdicts", json=body, headers=headers)

        assert tried(**{CSRF_HEADER: "guessed"}).status_code == 403
        assert tried(Origin="https://evil.example").status_code == 403
        assert tried(Origin="null").status_code == 403
        assert (broken := tried(Origin="http://[")).status_code == 403
        assert broken.headers["X-Frame-Options"] == "DENY"
        assert tried(**{"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert tried(Host="evil.example").status_code == 421
        bare = httpx.Request("POST", f"{served.url}/api/verdicts", json=body, headers=_without_origin(client))
        assert client.http.send(bare).status_code == 403
        assert served.verdicts() == []
        assert tried().status_code == 200


def test_a_photo_is_not_shown_on_other_pages(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
        assert client.http.get(f"/photos/{item}", headers=elsewhere).status_code == 403
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert client.http.get("/", headers=link).status_code == 200
        assert client.http.get("/", headers={"Host": f"evil.example:{served.port}"}).status_code == 421


def test_every_answer_shuts_the_page_in(served: Any, arrive: Arrive) -> None:
    (item,) = arrive(1)
    with served.client("ana") as client:
        for path in (
            "/",
            "/login",
            "/page/page.js",
            "/api/session",
            f"/thumbnails/{item}",
            "/nowhere",
            "/page/../app.py",
        ):
            headers = client.http.get(path).headers
            assert "script-src 'self'" in headers["content-security-policy"], path
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "server" not in headers


def _without_origin(client: Any) -> dict[str, str]:
    return {
        "Host": client.http.base_url.netloc.decode(),
        "Cookie": _cookie(dict(client.http.cookies)),
        CSRF_HEADER: client.http.headers[CSRF_HEADER],
    }


def _cookie(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())
