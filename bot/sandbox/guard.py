"""Keeps other web pages out: a browser on this machine must not carry their wishes to the sandbox.

Refused with 403 are: a Host that is not this server's (DNS rebinding), an Origin that is not its own page or a request
that the browser marks as cross-site (forms, images), and a change through /api without any Origin. Programs that talk
to the Bot API send neither Origin nor Sec-Fetch-Site and are let through.
"""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Guard:
    """Wraps an application that listens on a port of 127.0.0.1."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = self._objection(scope["method"], scope["path"], Headers(scope=scope))
        if reason is None:
            await self._app(scope, receive, send)
        else:
            # In the words of both: the Bot API's clients read the description, the page reads the error.
            answer = {"ok": False, "error_code": 403, "description": f"Forbidden: {reason}", "error": reason}
            await JSONResponse(answer, 403)(scope, receive, send)

    def _objection(self, method: str, path: str, headers: Headers) -> str | None:
        origin = headers.get("origin")
        if headers.get("host") not in self._hosts:
            return "the sandbox answers only to 127.0.0.1 and localhost"
        if origin is not None and origin not in self._origins:
            return "another web page may not talk to the sandbox"
        if headers.get("sec-fetch-site") == "cross-site":
            return "another web page may not talk to the sandbox"
        if origin is None and method == "POST" and path.startswith("/api/"):
            return "only the chat page may use this address"
        return None
