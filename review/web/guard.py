"""Keeps other web pages and strangers' names out, and sends every answer with headers that shut the page in.

Refused are: a Host that is not this server's (DNS rebinding, 421), an address longer than any here (404), and with 403
an Origin that is not its own page, a change without any Origin, and what the browser marks as asked for by another
site, but for links to the page.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
_LONGEST_PATH = 200  # characters
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Wraps the application. `hosts` are the names (without port) that it answers to; numbers if `numbers`.

    An address that is a number cannot be turned to another machine by whoever owns a name, so it may be any. `url` is
    where people reach it through a proxy, which may name another host to us.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], numbers: bool = False, url: str | None = None) -> None:
        self._app = app
        self._netloc = urlsplit(url).netloc.lower() if url else None
        self._hosts = {host.lower() for host in hosts}
        self._numbers = numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no websockets here; the server closes them

        async def shut_in(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, shut_in)
        else:
            status, sentence = refusal
            await JSONResponse({"error": sentence}, status)(scope, receive, shut_in)

    def _refusal(self, method: str, path: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return (
                421,
                "this server does not go by that name: `bearbot review serve --url ADDRESS` lets it answer there",
            )
        if len(path) > _LONGEST_PATH:
            return 404, "there is nothing at this address"
        origin = headers.get("origin")
        elsewhere = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        if origin is not None and _netloc(origin) not in (host.lower(), self._netloc):
            return 403, "another web page may not talk to this server"
        if elsewhere and (method, headers.get("sec-fetch-mode")) != ("GET", "navigate"):
            return 403, "another web page may not talk to this server"
        if origin is None and method not in ("GET", "HEAD"):
            return 403, "only its own page may change anything"
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            _ = urlsplit(f"//{host}").port  # raises for what is no number
        except ValueError:
            return False
        if name.lower() in self._hosts or f"[{name}]" in self._hosts:
            return True
        return self._numbers and _is_number(name)


def _netloc(origin: str) -> str:
    """Its host and port; nothing for what is no address."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
