"""HTTP as a careful and polite guest: what sources and pictures are asked through."""

import json
import os
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

from requests import PreparedRequest, RequestException
from requests.exceptions import InvalidHeader
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, IncompleteRead
from urllib3.util import Url

from model.errors import SourceError
from model.gathering.addresses import PORTS, AddressGuard, authority
from model.gathering.answers import Answer, read_body
from model.gathering.connections import Resolve, WatchedAdapter, hinting_at_proxy
from model.gathering.drops import DownloadRefused, DropReason
from model.gathering.manners import API_MANNERS, PICTURE_MANNERS, Manners, Turns, Unwelcome, retry_after, user_agent
from model.gathering.watch import FetchLimits, Watch

_MAX_REDIRECTS = 5
_GOOD = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# An API may think for long after its first words; who runs it is known, so its time as a whole is bound enough.
API_LIMITS = FetchLimits(max_bytes=8_000_000, total_seconds=60.0, pace_seconds=60.0)


class Http:
    """Requests to sources and to hosts of pictures; may be used by many threads at once. Close it, or use `with`.

    `contact` goes into the User-Agent: an e-mail address, or a page's. `private_addresses` and `exempt` open what
    `AddressGuard` shuts. Setting `stop` ends what is going on, in whatever thread, within half a second with `Stopped`.
    Proxies that the environment names are not used, see `WatchedAdapter`.
    """

    def __init__(
        self,
        *,
        contact: str | None = None,
        private_addresses: bool = False,
        exempt: Collection[str] = (),
        stop: threading.Event | None = None,
        api: Manners = API_MANNERS,
        pictures: Manners = PICTURE_MANNERS,
        resolve: Resolve | None = None,
    ) -> None:
        self._stop = stop or threading.Event()
        self._agent = user_agent(contact)
        self._guard = AddressGuard(private_addresses=private_addresses, exempt=exempt)
        self._api = Turns(api, self._stop)
        self._pictures = Turns(pictures, self._stop)
        self._adapter = WatchedAdapter(self._guard, kept=api.connections + pictures.connections, resolve=resolve)

    def get_json(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        limits: FetchLimits = API_LIMITS,
    ) -> Any:
        """What an API answers. `headers` go to the host of `url` only, wherever it redirects to.

        Raises `SourceError`, in whose text is nothing of `params` and `headers`, and `Stopped`.
        """
        ours = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        try:
            answer = self._get(str(_prepared(url, params).url), ours, headers or {}, self._api, limits)
        except DownloadRefused as refused:
            raise SourceError(str(refused), status=refused.status) from None
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):  # the latter for thousands of brackets
            host = self._guard.check_url(answer.url).host
            raise SourceError(f"{host} answers something else than JSON: is this the address of its API?") from None

    def get_picture(self, url: str, limits: FetchLimits) -> Answer:
        """A body of whatever kind from a host of pictures. Raises `DownloadRefused` and `Stopped`."""
        ours = {"Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}
        return self._get(url.strip(), ours, {}, self._pictures, limits)

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _get(
        self, url: str, ours: Mapping[str, str], own: Mapping[str, str], turns: Turns, limits: FetchLimits
    ) -> Answer:
        """All attempts of one request; the headers of `own` are for the first host alone."""
        attempts = turns.manners.attempts
        for attempt in range(1, attempts + 1):
            try:
                return self._follow(url, ours, own, turns, limits)
            except _Passing as passing:
                failure = passing
                turns.back_off(passing.authority, attempt, asked=passing.wait)
            except Unwelcome as unwelcome:
                raise DownloadRefused(DropReason.NETWORK, str(unwelcome)) from None
        turns.ended(failure.authority, well=False)
        raise DownloadRefused(DropReason.NETWORK, f"{failure} ({attempts} attempts)", status=failure.status)

    def _follow(
        self, url: str, ours: Mapping[str, str], own: Mapping[str, str], turns: Turns, limits: FetchLimits
    ) -> Answer:
        """One attempt, through redirects: each address is as suspect as the first."""
        home = _origin(self._guard.check_url(url))
        headers = {**ours, **own, "User-Agent": self._agent}
        for _ in range(_MAX_REDIRECTS + 1):
            parts = self._guard.check_url(url)
            if _origin(parts) != home:
                headers = {**ours, "User-Agent": self._agent}
            request = _prepared(url, headers=headers)
            place = _place(parts)
            with turns.turn(place):
                watch = Watch(parts.host or "", limits, self._stop)
                try:
                    got = self._exchange(request, place, watch)
                except DownloadRefused as refused:
                    turns.ended(place, well=refused.reason is not DropReason.TOO_SLOW)
                    raise
            turns.ended(place, well=True)
            if isinstance(got, Answer):
                return got
            limits = replace(limits, total_seconds=limits.total_seconds - watch.age())
            url = got
        raise DownloadRefused(DropReason.DEAD_LINK, f"{home[1]} redirects more than {_MAX_REDIRECTS} times")

    def _exchange(self, request: PreparedRequest, place: str, watch: Watch) -> Answer | str:
        """What the host answers: the whole body, or where else to look. Raises `_Passing` for what may be retried."""
        self._adapter.watch = watch
        host, url = watch.host, str(request.url)
        response: BaseHTTPResponse | None = None
        try:
            # Not by a session of requests: it reads the bodies of redirects whole, however large, and keeps cookies.
            response = self._adapter.send(request, stream=True, timeout=watch.limits.silence_seconds).raw
            status = int(response.status)
            location: str | None = response.headers.get("Location")
            if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
                raise _Passing(place, f"{host} answers {_spoken(status)}", wait=wait, status=status)
            if status in _REDIRECTS and location:
                return _aim(url, location, host)
            if status not in _GOOD:
                raise DownloadRefused(DropReason.DEAD_LINK, f"{host} answers {_spoken(status)}", status=status)
            return Answer(read_body(response, host, watch.limits.max_bytes), url)
        except (RequestException, HTTPError, OSError) as error:
            failure = _failure(host, place, error)
        finally:
            if response is not None:
                response.close()  # what was not read is not waited for
        raise failure  # out here it has no context: the libraries' errors quote the address


class _Passing(Exception):
    """What may be gone when it is tried again. `wait`: the seconds that the host asked for, if it did."""

    def __init__(self, authority: str, message: str, *, wait: float | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.authority = authority
        self.wait = wait
        self.status = status


def _prepared(
    url: str, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
) -> PreparedRequest:
    request, problem = PreparedRequest(), ""
    try:
        request.prepare(method="GET", url=url.strip(), params=dict(params or {}), headers=dict(headers or {}))
    except InvalidHeader:
        problem = "a header has a value that cannot be sent (a line break?)"
    except (RequestException, ValueError):
        problem = "the address cannot be read"
    if problem:  # out here it has no context: the library's errors quote the address, and what may be a key
        raise DownloadRefused(DropReason.ADDRESS, problem)
    return request


def _aim(url: str, location: str, host: str) -> str:
    """Where `location` leads from `url`. Raises `DownloadRefused` for what leads nowhere."""
    try:
        return urljoin(url, location.encode("latin-1").decode("utf-8", "replace").strip())
    except ValueError:  # brackets around no address
        raise DownloadRefused(DropReason.ADDRESS, f"{host} redirects to an address that cannot be read") from None


def _origin(parts: Url) -> tuple[str | None, str | None, int | None]:
    return parts.scheme, parts.host, parts.port


def _place(parts: Url) -> str:
    """Whose turn it is: a host, by http and https alike; at other ports there may be somebody else's."""
    host, port = parts.host or "", parts.port or 0
    return host if port in PORTS.values() else authority(host, port)


def _failure(host: str, place: str, error: Exception) -> DownloadRefused | _Passing:
    """In words that hold nothing of the address."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return DownloadRefused(DropReason.NETWORK, f"{host} proves badly who it is: {cause.verify_message}")
    for cause in causes:
        if isinstance(cause, IncompleteRead):
            return _Passing(place, f"the answer of {host} ended too early")
        if isinstance(cause, socket.gaierror):
            return _Passing(place, hinting_at_proxy(f"the name {host} could not be looked up: {cause.strerror}"))
        if isinstance(cause, OSError) and cause.errno and not isinstance(cause, ssl.SSLError):
            return _Passing(place, hinting_at_proxy(f"{host} cannot be reached: {os.strerror(cause.errno)}"))
    return _Passing(place, f"the connection to {host} broke, or it speaks no HTTP")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _spoken(status: int) -> str:
    """The standard's words: the server's own are not to be trusted."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
