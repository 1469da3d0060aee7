"""Whoever names an address gets nothing that is not on the open internet, by whatever name."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.gathering.addresses import AddressGuard, authority, is_private, is_public
from model.gathering.connections import Resolved
from model.gathering.download import Downloader
from model.gathering.drops import DownloadRefused, DropReason
from model.gathering.http import Http
from model.gathering.manners import Manners
from tests.model.gathering.raw_server import RawServer, answer, redirect

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 10
QUICK = Manners(connections=4, pause_seconds=0.0, attempts=1)

# IANA's registry of special-purpose addresses, and what is none of its business.
SPECIAL_V4 = [
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "168.63.129.16/32"),
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "11.0.0.0",
    "223.0.0.1",
]
PUBLIC_V6 = ["2606:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2620:0:863:ed1a::1", "64:ff9b::101:101"]
PRIVATE_V6 = ["::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1"]
PRIVATE_V6 += ["2001:db8::1", "3fff::1", "100::1", "64:ff9b:1::1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:101:101::"]
PRIVATE_V6 += ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "::7f00:1", "::ffff:0:127.0.0.1", "5f00::1", "4000::1"]

special_addresses = st.sampled_from(SPECIAL_V4).flatmap(lambda net: st.ip_addresses(network=IPv4Network(net)))


@pytest.mark.parametrize("text", PUBLIC + PUBLIC_V6)
def test_the_open_internet_may_be_asked(text: str) -> None:
    assert is_public(ip_address(text))
    AddressGuard().check_resolved("pictures.example", 443, [text])


@given(address=special_addresses)
def test_no_special_address_may_nor_any_that_holds_one(address: IPv4Address | IPv6Address) -> None:
    number = int(address)
    held = {
        "mapped": (0xFFFF << 32) | number,
        "compatible": number,
        "translated": (0xFFFF << 48) | number,
        "nat64": (0x64FF9B << 96) | number,
        "6to4": (0x2002 << 112) | (number << 80),
        "teredo server": (0x20010000 << 96) | (number << 64) | 0x0FFF0001,
        "teredo client": (0x20010000 << 96) | (0x01010101 << 64) | (number ^ 0xFFFFFFFF),
    }
    assert not is_public(address)
    assert [name for name, whole in held.items() if is_public(IPv6Address(whole))] == []


@pytest.mark.parametrize("text", PRIVATE_V6)
def test_no_address_of_version_6_that_is_local_or_holds_another(text: str) -> None:
    assert not is_public(ip_address(text))
    with pytest.raises(DownloadRefused, match="not on the open internet") as caught:
        AddressGuard().check_resolved("pictures.example", 443, [text])
    assert caught.value.reason is DropReason.ADDRESS


@given(address=st.ip_addresses())
def test_no_address_is_both(address: IPv4Address | IPv6Address) -> None:
    assert not (is_public(address) and is_private(address))


def test_one_address_that_is_not_public_is_enough() -> None:
    for order in (["1.1.1.1", "10.0.0.1"], ["10.0.0.1", "1.1.1.1"]):
        with pytest.raises(DownloadRefused, match=r"10\.0\.0\.1"):
            AddressGuard().check_resolved("pictures.example", 443, order)


@pytest.mark.parametrize("text", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "::1", "fd00::1"])
def test_the_switch_opens_this_machine_and_its_networks(text: str) -> None:
    AddressGuard(private_addresses=True).check_resolved("here.example", 80, [text, "1.1.1.1"])


@pytest.mark.parametrize(
    "text",
    [
        *("169.254.169.254", "fe80::1", "::", "224.0.0.1", "ff02::1", "::ffff:169.254.169.254"),
        "0.0.0.0",  # noqa: S104 - nothing is bound to it here
    ],
)
def test_the_switch_does_not_open_what_clouds_keep_secrets_at(text: str) -> None:
    with pytest.raises(DownloadRefused):
        AddressGuard(private_addresses=True).check_resolved("here.example", 80, [text])


def test_a_door_is_opened_for_one_name_and_one_port() -> None:
    guard = AddressGuard(exempt={"gateway.example:8080", "[::1]:8080"})
    guard.check_resolved("Gateway.example.", 8080, ["10.0.0.1"])
    guard.check_resolved("::1", 8080, ["::1"])
    for host, port in (("gateway.example", 80), ("other.example", 8080)):
        with pytest.raises(DownloadRefused):
            guard.check_resolved(host, port, ["10.0.0.1"])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "file:"),
        ("data:image/png;base64,iVBORw0KGgo=", "data:"),
        ("ftp://example.org/bear.jpg", "ftp:"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "gopher:"),
        ("javascript:alert(1)", "javascript:"),
        ("//example.org/bear.jpg", "only http and https"),
        ("bear.jpg", "only http and https"),
        ("", "only http and https"),
        ("http://", "no host"),
        ("http:example.org", "no host"),
        ("http://:80/", "cannot be read|no host"),
        ("http://me:secret@example.org/", "user name"),
        ("https://example.org:443@127.0.0.1/", "user name"),
        ("http://example.org:0/", "port 0"),
        ("http://example.org:65536/", "cannot be read"),
        ("http://exa mple.org/", "cannot be read"),
        ("http://example.org\x00.evil.example/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://example.org/" + "a" * 9000, "9,019 characters"),
    ],
)
def test_only_plain_addresses_of_the_web_are_followed(url: str, reason: str) -> None:
    with pytest.raises(DownloadRefused, match=reason) as caught:
        AddressGuard().check_url(url)
    assert caught.value.reason is DropReason.ADDRESS
    assert "secret" not in str(caught.value)


@given(url=st.text(max_size=80) | st.text(max_size=60).map(lambda text: f"http://{text}"))
def test_whatever_is_written_there_is_an_address_of_the_web_or_refused(url: str) -> None:
    try:
        parts = AddressGuard().check_url(url)
    except DownloadRefused:
        return
    assert parts.scheme in ("http", "https")
    assert parts.host
    assert parts.auth is None
    assert parts.port


def test_a_place_is_written_as_urls_write_it() -> None:
    assert authority("Example.org.", 80) == "example.org:80"
    assert authority("::1", 80) == authority("[::1]", 80) == "[::1]:80"


@pytest.fixture
def trap() -> Iterator[RawServer]:
    """A service of this machine that nobody outside may reach through us."""
    with RawServer({"/": answer(JPEG)}) as server:
        yield server


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "localhost.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "127.9.9.9"],
)
def test_this_machine_is_not_reached_by_any_spelling(trap: RawServer, host: str) -> None:
    with Http(pictures=QUICK) as http, pytest.raises(DownloadRefused) as caught:
        Downloader(http).fetch(trap.url("/", host))
    assert caught.value.reason is DropReason.ADDRESS
    assert trap.connections == 0


@pytest.mark.parametrize("host", ["[::1]", "[::ffff:127.0.0.1]", "[::]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]"])
def test_nor_by_version_6(trap: RawServer, host: str) -> None:
    with Http(pictures=QUICK) as http, pytest.raises(DownloadRefused) as caught:
        Downloader(http).fetch(trap.url("/", host))
    assert caught.value.reason is DropReason.ADDRESS
    assert trap.connections == 0


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "//localhost:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://0:{port}/",
        "file:///etc/passwd",
        "data:image/png;base64,iVBORw0KGgo=",
        "http://me@127.0.0.1:{port}/",
        "gopher://127.0.0.1:{port}/",
        "http://rebound.example:{port}/",
    ],
)
def test_redirects_are_as_suspect_as_first_addresses(trap: RawServer, target: str) -> None:
    """`exempt` opens the one server that redirects, and nothing else."""
    with RawServer({"/": redirect(target.format(port=trap.port))}) as server:
        guarded = Http(pictures=QUICK, exempt={f"127.0.0.1:{server.port}"}, resolve=all_names_are_here)
        with guarded as http, pytest.raises(DownloadRefused) as caught:
            Downloader(http).fetch(server.url())
        assert len(server.visits) == 1
    assert caught.value.reason is DropReason.ADDRESS
    assert trap.connections == 0


def test_the_address_that_was_judged_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is looked at, and this machine a moment later.

    No test may go to the internet; so 127.0.0.2 plays the internet here, and 127.0.0.1 this machine.
    """
    monkeypatch.setattr("model.gathering.addresses.is_public", lambda address: str(address) == "127.0.0.2")
    answers = ["127.0.0.2", "127.0.0.1", "127.0.0.1"]
    asked = []

    def rebinding(host: str, port: int) -> list[Resolved]:
        asked.append(host)
        return resolved(answers[len(asked) - 1], port)

    closing = answer(JPEG, "Connection: close")
    with (
        RawServer({"/": closing}, address="127.0.0.2") as outside,
        RawServer({"/": closing}, port=outside.port) as trap,
        Http(pictures=QUICK, resolve=rebinding) as http,
    ):
        downloader = Downloader(http)
        url = outside.url("/", "rebinding.example")
        assert downloader.fetch(url).data == JPEG
        assert (len(asked), len(outside.visits)) == (1, 1)
        with pytest.raises(DownloadRefused) as caught:
            downloader.fetch(url)  # a new connection: its address is judged anew
        assert trap.connections == 0
    assert caught.value.reason is DropReason.ADDRESS
    assert outside.visits[0].headers["host"] == f"rebinding.example:{outside.port}"


def test_a_connection_that_is_kept_needs_no_new_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.gathering.addresses.is_public", lambda address: str(address) == "127.0.0.2")
    asked = []

    def once(host: str, port: int) -> list[Resolved]:
        asked.append(host)
        return resolved("127.0.0.2", port)

    with RawServer({"/": answer(JPEG)}, address="127.0.0.2") as outside:
        with Http(pictures=QUICK, resolve=once) as http:
            for _ in range(3):
                Downloader(http).fetch(outside.url("/", "kept.example"))
        assert (outside.connections, len(asked)) == (1, 1)


def test_an_address_that_does_not_answer_is_followed_by_the_next() -> None:
    def two(host: str, port: int) -> list[Resolved]:
        return [*resolved("127.0.0.3", port), *resolved("127.0.0.1", port)]

    with RawServer({"/": answer(JPEG)}) as server, Http(private_addresses=True, pictures=QUICK, resolve=two) as http:
        assert Downloader(http).fetch(server.url("/", "two.example")).data == JPEG


def test_proxies_and_passwords_of_the_environment_play_no_part(
    trap: RawServer, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("HOME", str(home))
    with RawServer({}) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        with Http(private_addresses=True, pictures=QUICK) as http:
            assert Downloader(http).fetch(trap.url()).data == JPEG
        assert proxy.connections == 0
    assert "authorization" not in trap.visits[0].headers


def all_names_are_here(host: str, port: int) -> list[Resolved]:
    """A resolver whose owner means harm; addresses it leaves as the system reads them."""
    try:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
    except socket.gaierror:
        return resolved("127.0.0.1", port)


def resolved(address: str, port: int) -> list[Resolved]:
    """What a resolver says of a name with one address."""
    return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]
