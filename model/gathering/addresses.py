"""Which addresses may be asked: those of the open internet.

Whoever offers pictures chooses the addresses, so they must not lead to this machine, into its networks, or to the
cloud's own services, under whatever name. URLs are looked at before a request, and network addresses when a connection
is made to just them: a name that resolves differently a moment later gains nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from model.gathering.drops import DownloadRefused, DropReason

PORTS = {"http": 80, "https": 443}
_MAX_URL = 8_000  # characters; servers take no longer ones
# All that is allocated to the public is in here, RFC 4291; the rest is local, reserved or holds an IPv4 address.
_PUBLIC_V6 = IPv6Network("2000::/3")
# Of that, RFC 6890 and its successors: tunnels that lead to an embedded IPv4 address (Teredo is in the first, 6to4 the
# second), and documentation.
_SPECIAL_V6 = tuple(map(IPv6Network, ("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: how a network without IPv4 reaches it
_SPECIAL_V4 = tuple(
    map(
        IPv4Network,
        (
            "192.0.0.0/24",  # IETF's, and Oracle's cloud keeps metadata there
            "192.88.99.0/24",  # 6to4's relays
            "168.63.129.16/32",  # looks public, and is Azure's own service on every machine there
        ),
    )
)


@dataclass(frozen=True)
class AddressGuard:
    """Says no to addresses.

    `private_addresses` opens this machine and its networks: for tests, and for who has sources on a network of theirs.
    Link-local addresses (clouds keep their secrets there), multicast and the like stay shut. `exempt` opens single
    doors instead, "host:port" each as the URL writes them: what an operator named may be asked, wherever it is.
    """

    private_addresses: bool = False
    exempt: Collection[str] = ()

    def check_url(self, url: str) -> Url:
        """The parts of `url`, with its port. Raises `DownloadRefused` unless it is http(s) with a plain host."""
        if len(url) > _MAX_URL:
            raise _refused(f"the address has {len(url):,} characters; at most {_MAX_URL:,} are followed")
        try:
            parts = parse_url(url)
        except (LocationParseError, ValueError):  # ValueError for some hosts that are no text of the internet
            raise _refused("the address cannot be read") from None
        if parts.scheme not in PORTS:
            raise _refused(f"only http and https are followed, and the address is {_scheme(parts)}")
        if not parts.host:
            raise _refused("the address names no host")
        if parts.auth is not None:
            raise _refused(f"the address of {parts.host} carries a user name, which pictures need none of")
        if parts.port == 0:
            raise _refused(f"the address of {parts.host} names port 0")
        return parts._replace(port=parts.port or PORTS[parts.scheme])

    def check_resolved(self, host: str, port: int, addresses: Iterable[str]) -> None:
        """Raises `DownloadRefused` unless every address that `host` resolved to may be connected to."""
        if authority(host, port) in self.exempt:
            return
        for text in addresses:
            address = ip_address(text)
            if not (is_public(address) or (self.private_addresses and is_private(address))):
                where = host if host.strip("[]") == text else f"{host} is at {address}, which"
                raise _refused(f"{where} is not on the open internet")


def authority(host: str, port: int) -> str:
    """What `exempt` names: "gateway.example:8080", "127.0.0.1:8080", "[::1]:8080"."""
    name = host.lower().rstrip(".")
    return f"[{name}]:{port}" if ":" in name and not name.startswith("[") else f"{name}:{port}"


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it belongs to somebody on the open internet."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in net for net in _SPECIAL_V4)
    if address in _NAT64:
        return is_public(IPv4Address(address.packed[-4:]))
    return address in _PUBLIC_V6 and address.is_global and not any(address in net for net in _SPECIAL_V6)


def is_private(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is this machine's, or in a network that people run for themselves."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_private(address.ipv4_mapped)
    shut = address.is_link_local or address.is_multicast or address.is_unspecified
    return not shut and (address.is_loopback or address.is_private)


def _scheme(parts: Url) -> str:
    return "without either" if not parts.scheme else f"{parts.scheme[:20]}:"


def _refused(message: str) -> DownloadRefused:
    return DownloadRefused(DropReason.ADDRESS, message)
