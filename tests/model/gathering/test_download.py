"""Pictures from hosts that mean harm, and from those that mean well."""

import gzip
import random
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ImageProblem, Stopped
from model.gathering.download import PICTURE_LIMITS, Downloader
from model.gathering.drops import DownloadRefused, DropReason, reason_of
from model.gathering.http import Http
from model.gathering.manners import PICTURE_MANNERS, Manners
from model.gathering.media_types import media_type
from model.gathering.watch import FetchLimits
from tests.model.gathering.raw_server import RawServer, answer, drip, endless, redirect, silent
from tests.model.image_corpus import write_corpus

PHOTOS = Path(__file__).parents[3] / "bot" / "demo" / "photos"
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 10
QUICK = Manners(connections=4, pause_seconds=0.0, attempts=3, first_backoff_seconds=0.01, given_up_after=100)
SMALL = FetchLimits(max_bytes=1_000_000)
# A host that sends one byte each 50 ms is far below this pace.
HURRIED = replace(SMALL, total_seconds=3.0, silence_seconds=1.0, least_pace=1000, pace_seconds=0.5)
OK = b"HTTP/1.1 200 OK\r\n"
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(private_addresses=True, pictures=QUICK) as client:
        yield client


def refusal(
    http: Http, behaviour: bytes | list[bytes] | Callable[[socket.socket], None], limits: FetchLimits = SMALL
) -> DownloadRefused:
    """How a picture named .jpg, with such an answer, is refused."""
    with RawServer({"/bear.jpg": behaviour}) as server, pytest.raises(DownloadRefused) as caught:
        Downloader(http, limits).fetch(server.url("/bear.jpg"))
    return caught.value


def test_a_picture_comes_as_it_is_with_where_it_was_and_what_it_is(http: Http) -> None:
    moved = redirect("/real%20bear.jpg?size=o", status="301 Moved Permanently")
    with RawServer({"/bear": moved, "/real%20bear.jpg": answer(JPEG, "Content-Type: text/html")}) as server:
        download = Downloader(http).fetch(server.url("/bear"))
    assert download.data == JPEG
    assert download.url == server.url("/real%20bear.jpg?size=o")
    assert download.media_type == "image/jpeg"
    assert server.visits[0].headers["accept-encoding"] == "identity"
    assert server.visits[0].headers["accept"].startswith("image/*")


@pytest.mark.parametrize(
    "path", ["/bär.jpg", "/b%C3%A4r.jpg", "/a b.jpg", "/%zz.jpg", "/a?b=c&d=%20e", "/x#part", "/a/../b.jpg", "/\u718a"]
)
def test_addresses_may_be_written_as_people_write_them(http: Http, path: str) -> None:
    with RawServer({}) as server:
        asked = []

        def any_path(connection: socket.socket) -> None:
            connection.sendall(answer(JPEG))

        class Anything(dict[str, Callable[[socket.socket], None]]):
            def get(self, path: str, default: object = None) -> Callable[[socket.socket], None]:
                asked.append(path)
                return any_path

        server.answers = Anything()
        assert Downloader(http).fetch(f" {server.url(path)}\n").data == JPEG
    assert len(asked) == 1
    assert asked[0].isascii()


def test_the_limits_are_those_of_pictures() -> None:
    from model.images import DEFAULT_LIMITS

    assert PICTURE_LIMITS.max_bytes == DEFAULT_LIMITS.max_bytes
    assert PICTURE_MANNERS.connections == 2  # as Wikimedia's robot policy has it


# By content


@pytest.mark.slow
def test_every_kind_of_picture_that_can_be_decoded_is_taken(tmp_path: Path) -> None:
    write_corpus(tmp_path, [path.read_bytes() for path in sorted(PHOTOS.glob("*.jpg"))[:1]])
    kinds = {path.name: media_type(path.read_bytes()) for path in sorted(tmp_path.iterdir())}
    expected = {"jpg": "jpeg", "mpo": "jpeg", "tif": "tiff", "heif": "heic"}  # as browsers call them
    for name, kind in kinds.items():
        suffix = name.rpartition(".")[2]
        assert kind == f"image/{expected.get(suffix, suffix)}", name
    assert len(set(kinds.values())) >= 6


@given(data=st.binary(max_size=40))
def test_what_it_is_said_to_be_is_never_guessed_from_a_few_letters(data: bytes) -> None:
    assert media_type(b"<html>" + data) is None
    assert media_type(b"BM" + data[:10]) is None
    assert media_type(b"GIF8") is None
    assert media_type(b"\x00\x00\x00\x18ftypmp42" + data) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (SVG, "a drawing"),
        (b"<svg/>", "a drawing"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html><title>Not found</title>", "a web page"),
        (b"<HTML><img src='bear.jpg'></HTML>", "a web page"),
        (b'{"error": "rate limited"}', "JSON"),
        (b"%PDF-1.7", "a PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "no picture of a known format"),
        (b"BM", "no picture of a known format"),
        (b"", "an empty file"),
        (b"\x00" * 5000, "no picture of a known format"),
    ],
)
@pytest.mark.parametrize("header", ["Content-Type: image/jpeg", "Content-Type: text/html", "X-None: 1"])
def test_a_picture_is_what_its_content_says(http: Http, body: bytes, words: str, header: str) -> None:
    refused = refusal(http, answer(body, header))
    assert refused.reason is DropReason.NOT_A_PICTURE
    assert words in str(refused)


@pytest.mark.parametrize("problem", ImageProblem)
def test_every_problem_of_a_picture_has_a_reason(problem: ImageProblem) -> None:
    assert reason_of(problem).name.split("_")[0] in (problem.name.split("_")[0], "NOT", "TOO")
    assert reason_of(ImageProblem.TOO_MANY_BYTES) is DropReason.TOO_LARGE
    assert reason_of(ImageProblem.TOO_MANY_PIXELS) is DropReason.TOO_MANY_PIXELS


# Links that lead nowhere


@pytest.mark.parametrize(
    "status", ["404 Not Found", "410 Gone", "403 Forbidden", "401 Unauthorized", "400 Bad Request"]
)
def test_dead_links_are_not_asked_for_twice(http: Http, status: str) -> None:
    with RawServer({"/": answer(JPEG, status=status)}) as server, pytest.raises(DownloadRefused) as caught:
        Downloader(http).fetch(server.url())
    assert len(server.visits) == 1
    assert caught.value.reason is DropReason.DEAD_LINK
    assert caught.value.status == int(status[:3])
    assert status in str(caught.value)


def test_a_host_that_does_not_exist_is_a_dead_link(http: Http) -> None:
    with pytest.raises(DownloadRefused, match=r"no host named nowhere\.invalid") as caught:
        Downloader(http).fetch("http://nowhere.invalid/bear.jpg")
    assert caught.value.reason is DropReason.DEAD_LINK


@pytest.mark.parametrize(
    "status", ["204 No Content", "206 Partial Content", "304 Not Modified", "300 Multiple Choices"]
)
def test_answers_that_hold_no_whole_picture_are_dead_links(http: Http, status: str) -> None:
    assert refusal(http, answer(b"", status=status)).reason is DropReason.DEAD_LINK


def test_so_are_redirects_without_an_end_or_an_aim(http: Http) -> None:
    assert refusal(http, redirect("/bear.jpg")).reason is DropReason.DEAD_LINK
    assert refusal(http, answer(b"", status="302 Found")).reason is DropReason.DEAD_LINK


@pytest.mark.parametrize(
    "target", ["http://[::1", "//[", "http://]/", "http://[a]/", "http://a:port/", "http:///", "%"]
)
def test_redirects_to_what_is_no_address_lead_nowhere(http: Http, target: str) -> None:
    assert refusal(http, redirect(target)).reason in (DropReason.ADDRESS, DropReason.DEAD_LINK)


def test_five_redirects_are_followed_and_no_more(http: Http) -> None:
    hops = {f"/{hop}": redirect(f"/{hop - 1}") for hop in range(1, 7)}
    with RawServer({**hops, "/0": answer(JPEG)}) as server:
        assert Downloader(http).fetch(server.url("/5")).url == server.url("/0")
        with pytest.raises(DownloadRefused, match="more than 5 times"):
            Downloader(http).fetch(server.url("/6"))


def test_what_fails_for_a_moment_is_tried_again_and_what_fails_for_good_is_of_the_network(http: Http) -> None:
    busy = answer(b"", status="503 Service Unavailable")
    with RawServer({"/": [busy, busy, answer(JPEG)]}) as server:
        assert Downloader(http).fetch(server.url()).data == JPEG
    refused = refusal(http, busy)
    assert (refused.reason, refused.status) == (DropReason.NETWORK, 503)


# Too much


def gzip_bomb(unfolded: int) -> bytes:
    """A gzip stream of so many zeros (whole 10 MB), without its end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)  # may be repeated after this
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + block * (unfolded // 10_000_000)


TEN_GB = 10_000_000_000
PIECE = bytes(256 * 1024)


@pytest.mark.parametrize(
    "behaviour",
    [
        endless(OK + b"\r\n" + JPEG, PIECE),
        endless(OK + b"Content-Length: 10000000000\r\n\r\n" + JPEG, PIECE),
        endless(OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n" + JPEG, PIECE),
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"40000\r\n" + PIECE + b"\r\n"),
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"2540BE400\r\n", PIECE),
        answer(b"small", length=TEN_GB),
        answer(gzip_bomb(TEN_GB), "Content-Encoding: gzip"),
        answer(zlib.compress(bytes(30_000_000)), "Content-Encoding: deflate"),
        endless(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip_bomb(10_000_000), gzip_bomb(10_000_000)[10:]),
    ],
    ids=[
        *("10 GB", "10 GB as announced", "a huge number", "10 GB in pieces", "one huge piece"),
        *("10 GB announced", "a gzip bomb", "a zlib bomb", "a gzip bomb without end"),
    ],
)
def test_too_much_is_cut_off_and_memory_stays_flat(
    http: Http, behaviour: bytes | Callable[[socket.socket], None]
) -> None:
    limits = replace(PICTURE_LIMITS, max_bytes=2_000_000 if callable(behaviour) else 20_000_000)
    tracemalloc.start()
    try:
        refused = refusal(http, behaviour, limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.reason is DropReason.TOO_LARGE
    assert peak < 2 * limits.max_bytes + 4_000_000


@pytest.mark.parametrize("piece", [b"1\r\nx\r\n", b"2;name=value\r\nxy\r\n"])
def test_crumbs_without_end_take_neither_time_nor_memory(http: Http, piece: bytes) -> None:
    tracemalloc.start()
    try:
        refused = refusal(http, endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", piece * 10_000), PICTURE_LIMITS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.reason is DropReason.DAMAGED
    assert "too many pieces" in str(refused)
    assert peak < 4_000_000


@pytest.mark.parametrize(
    "head",
    [
        OK + b"Transfer-Encoding: chunked\r\n\r\n",  # and a length that never ends
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n",  # and a trailer that never ends
        OK + b"X-Long: ",
        b"",
    ],
)
def test_lines_without_end_fill_no_memory(http: Http, head: bytes) -> None:
    tracemalloc.start()
    try:
        refused = refusal(http, endless(head, b"0" * 256 * 1024), replace(PICTURE_LIMITS, max_bytes=2_000_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.reason in (DropReason.TOO_LARGE, DropReason.NETWORK)
    assert peak < 8_000_000


def test_headers_without_end_are_cut_off(http: Http) -> None:
    assert refusal(http, endless(OK, b"X-More: of this\r\n" * 1000)).reason is DropReason.NETWORK
    limits = replace(PICTURE_LIMITS, max_bytes=1_000_000)
    assert refusal(http, endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), limits).reason is DropReason.TOO_LARGE


def test_what_a_redirect_carries_besides_is_not_read(http: Http) -> None:
    """requests itself reads it whole, and unfolds it."""
    bomb = gzip_bomb(TEN_GB)
    head = OK.replace(b"200 OK", b"302 Found") + b"Location: /real.jpg\r\n"
    with RawServer(
        {
            "/bomb": head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb,
            "/endless": endless(head + b"\r\n", PIECE),
            "/silent": endless(head + b"Content-Length: 9\r\n\r\n", b""),
            "/real.jpg": answer(JPEG),
        }
    ) as server:
        tracemalloc.start()
        try:
            began = time.monotonic()
            for path in ("/bomb", "/endless", "/silent"):
                assert Downloader(http).fetch(server.url(path)).data == JPEG
            assert time.monotonic() - began < 20  # the silent one would be waited for longer
            assert tracemalloc.get_traced_memory()[1] < len(bomb) + 4_000_000  # the server's own copy
        finally:
            tracemalloc.stop()


def test_exactly_as_much_as_is_accepted_is(http: Http) -> None:
    body = JPEG + bytes(1_000_000 - len(JPEG))
    packed = gzip.compress(body)
    with RawServer(
        {
            "/plain": answer(body),
            "/packed": answer(packed, "Content-Encoding: GZip"),
            "/more": answer(body + b"x"),
            "/more_packed": answer(gzip.compress(body + b"x"), "Content-Encoding: x-gzip"),
        }
    ) as server:
        for path in ("/plain", "/packed"):
            assert Downloader(http, SMALL).fetch(server.url(path)).data == body
        for path in ("/more", "/more_packed"):
            with pytest.raises(DownloadRefused) as caught:
                Downloader(http, SMALL).fetch(server.url(path))
            assert caught.value.reason is DropReason.TOO_LARGE


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 900_001])
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_what_unfolds_is_what_was_folded_however_it_falls_into_pieces(
    http: Http, size: int, pack: Callable[[bytes], bytes]
) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    with RawServer({}) as server:
        for filling in (bytes(size), random.Random(size).randbytes(size)):
            server.answers = {"/": answer(pack(b"GIF89a" + filling), f"Content-Encoding: {encoding}")}
            assert Downloader(http, SMALL).fetch(server.url()).data == b"GIF89a" + filling


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(JPEG)[:-9], "gzip"),
        (JPEG, "gzip"),
        (JPEG, "br"),
        (gzip.compress(gzip.compress(JPEG)), "gzip, gzip"),
        (b"\x1f\x8b" + bytes(100), "gzip"),
    ],
)
def test_what_does_not_unfold_is_damaged(http: Http, body: bytes, encoding: str) -> None:
    assert refusal(http, answer(body, f"Content-Encoding: {encoding}")).reason is DropReason.DAMAGED


# Lies about the length


def test_what_ends_before_its_announced_length_is_no_picture(http: Http) -> None:
    def short(connection: socket.socket) -> None:
        connection.sendall(answer(JPEG, length=len(JPEG) + 1))

    refused = refusal(http, short)
    assert refused.reason is DropReason.NETWORK
    assert "ended too early" in str(refused)


def test_what_comes_after_the_announced_length_is_nobodys_answer(http: Http) -> None:
    """Above all not that to the next question."""
    other = answer(b"\x89PNG\r\n\x1a\n of somebody else")
    with RawServer({"/": answer(JPEG) + other, "/next": answer(JPEG)}) as server:
        for path in ("/", "/next", "/", "/next"):
            assert Downloader(http).fetch(server.url(path)).data == JPEG
            time.sleep(0.05)  # until the rest is there


# Too slow


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (drip(OK + b"X-A: " + b"a" * 500), "bytes a second"),
        (drip(OK + b"Content-Length: 10000\r\n\r\n" + JPEG), "bytes a second"),
        (endless(OK + b"Content-Length: 10000\r\n\r\n" + JPEG, b""), "said nothing|bytes a second"),
        (silent, "said nothing for 1 second"),
        (drip(b"HTTP/1.1 100 Continue\r\n\r\n"), "bytes a second"),
    ],
    ids=["dripping headers", "a dripping body", "half a body", "silence", "dripping promises"],
)
def test_who_is_slow_is_left_and_not_asked_again(
    http: Http, behaviour: Callable[[socket.socket], None], words: str
) -> None:
    with RawServer({"/": behaviour}) as server, pytest.raises(DownloadRefused, match=words) as caught:
        Downloader(http, HURRIED).fetch(server.url())
    assert caught.value.reason is DropReason.TOO_SLOW
    assert len(server.visits) == 1


def test_who_is_just_fast_enough_for_ever_is_left_too(http: Http) -> None:
    def steady(connection: socket.socket) -> None:
        connection.sendall(OK + b"\r\n" + JPEG)
        while True:
            connection.sendall(bytes(1000))
            time.sleep(0.05)

    began = time.monotonic()
    refused = refusal(http, steady, replace(HURRIED, total_seconds=1.2))
    assert refused.reason is DropReason.TOO_SLOW
    assert "did not finish within 1 seconds" in str(refused)
    assert 1.1 < time.monotonic() - began < 20


def test_all_redirects_share_the_time_of_one(http: Http) -> None:
    def slow(path: str) -> Callable[[socket.socket], None]:
        def send(connection: socket.socket) -> None:
            time.sleep(0.3)
            connection.sendall(redirect(path))

        return send

    with RawServer({f"/{hop}": slow(f"/{hop + 1}") for hop in range(6)}) as server:
        limits = replace(SMALL, total_seconds=1.0)
        with pytest.raises(DownloadRefused, match="did not finish") as caught:
            Downloader(http, limits).fetch(server.url("/0"))
    assert caught.value.reason is DropReason.TOO_SLOW
    assert len(server.visits) < 6


def test_a_slow_host_that_is_a_little_late_is_waited_for(http: Http) -> None:
    def late(connection: socket.socket) -> None:
        time.sleep(0.7)  # longer than the pace is looked at: nothing came yet that could be slow
        connection.sendall(answer(JPEG))

    with RawServer({"/": late}) as server:
        assert Downloader(http, replace(SMALL, pace_seconds=0.5)).fetch(server.url()).data == JPEG


def test_a_host_that_is_always_slow_is_given_up() -> None:
    manners = replace(QUICK, given_up_after=2)
    with RawServer({"/": silent}) as server, Http(private_addresses=True, pictures=manners) as http:
        reasons = []
        for _ in range(4):
            with pytest.raises(DownloadRefused) as caught:
                Downloader(http, replace(HURRIED, silence_seconds=0.3)).fetch(server.url())
            reasons.append(caught.value.reason)
    assert reasons == [DropReason.TOO_SLOW, DropReason.TOO_SLOW, DropReason.NETWORK, DropReason.NETWORK]
    assert len(server.visits) == 2


# Told to stop


def test_all_threads_that_download_end_when_they_are_told_to() -> None:
    stop = threading.Event()
    ends: list[float] = []
    slow = drip(OK + b"Content-Length: 10000\r\n\r\n" + JPEG)
    with (
        RawServer({"/drip": slow, "/silent": silent}) as server,
        Http(private_addresses=True, stop=stop) as http,
    ):  # two at once, and the others wait for their turns

        def fetch(path: str) -> None:
            with pytest.raises(Stopped):
                Downloader(http).fetch(server.url(path))
            ends.append(time.monotonic())

        threads = [threading.Thread(target=fetch, args=(path,)) for path in ("/drip", "/silent") * 4]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        assert not ends
        told = time.monotonic()
        stop.set()
        for thread in threads:
            thread.join(10)
    assert len(ends) == 8
    assert max(ends) - told < 2
