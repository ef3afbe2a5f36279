"""Where the crawler may go: public web addresses, and nowhere else.

A page, feed or redirect can name an address of our own network (`http://2130706433/`,
`http://intranet/`). Names are checked when they are resolved, so that the address checked is the
address used; literal addresses never reach the resolver and are checked here too.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError

from crawler.errors import ConfigError
from crawler.urls import MAX_LENGTH

# RFC 4291 (compatible), RFC 2765 (translated), RFC 6052 (NAT64): the last 32 bits are IPv4.
EMBEDDING = tuple(map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
# RFC 6890: for protocols, not for hosts; Python 3.11 holds 192.0.0.8 for public.
ASSIGNMENTS = ipaddress.IPv4Network("192.0.0.0/24")
LOOPBACK_NAMES = ("localhost", ".localhost")  # RFC 6761: never anything but this machine


class AddressRefused(IgnoreRequest):
    """A request that must not be made; its text says why."""


def refusal(url: str, *, loopback: bool) -> str | None:
    """Why `url` must not be requested, as far as the URL itself tells; None if nothing does."""
    if len(url) > MAX_LENGTH:
        return f"an address of {len(url):,} characters"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return f"scheme {parts.scheme or 'none'}"
    host = (parts.hostname or "").rstrip(".")
    if not host:
        return "no host"
    if is_loopback_name(host):
        return None if loopback else "a name of this machine"
    address = literal(host)
    if address is None:
        return None
    return None if allowed(address, loopback=loopback) else f"not a public address: {address}"


def is_loopback_name(host: str) -> bool:
    return host == LOOPBACK_NAMES[0] or host.endswith(LOOPBACK_NAMES[1])


def literal(host: str) -> str | None:
    """The IP address that `host` spells, also in the old forms (`2130706433`, `0x7f.1`)."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def allowed(address: str, *, loopback: bool) -> bool:
    """Whether `address` is one of the public network, as itself and as the IPv4 one inside it."""
    ip = ipaddress.ip_address(address)
    inner = _embedded(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    if inner is not None:
        return allowed(str(inner), loopback=loopback)
    if (
        ip in ASSIGNMENTS
        or ip.is_multicast
        or ip.is_reserved
        or getattr(ip, "is_site_local", False)
    ):
        return False
    return ip.is_global or (loopback and ip.is_loopback)


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, translated, 6to4, NAT64, compatible."""
    if ip.is_loopback or ip.is_unspecified:
        return None
    if inner := ip.ipv4_mapped or ip.sixtofour:
        return inner
    if any(ip in network for network in EMBEDDING):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def require_contact(urls: Iterable[str], contact: str | None) -> None:
    """Raise ConfigError if any of `urls` is on a public host and no contact is set."""
    if contact:
        return
    public = next((url for url in urls if not _on_this_machine(url)), None)
    if public:
        raise ConfigError(
            f"no contact is set, and {urlsplit(public).hostname} is somebody's server: say who is"
            " visiting with --contact you@example.org (or a URL), set TAMIS_CONTACT, or write"
            " contact in tamis.toml"
        )


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    address = literal(host)
    return is_loopback_name(host) or bool(address and ipaddress.ip_address(address).is_loopback)


# Why a name was refused when it was resolved, which Scrapy's own error does not say.
REFUSED: dict[str, str] = {}


class AddressGuard:
    """Downloader middleware: sees every request, those for redirects and robots.txt too."""

    def __init__(self, *, loopback: bool, contact: str | None) -> None:
        self.loopback, self.contact = loopback, contact

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        return cls(loopback=settings.getbool("TAMIS_LOOPBACK"), contact=settings["TAMIS_CONTACT"])

    def process_request(self, request: Request) -> None:
        if why := refusal(request.url, loopback=self.loopback):
            raise AddressRefused(why)
        if not self.contact and not _on_this_machine(request.url):
            raise AddressRefused("a public host, and no contact is set")

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, CannotResolveHostError) and (
            why := REFUSED.get(urlsplit(request.url).hostname or "")
        ):
            raise AddressRefused(why) from exception


class PublicResolver(CachingThreadedResolver):
    """Resolves names as Scrapy does, and refuses those that lead to an address of our own."""

    def __init__(
        self, reactor: ReactorBase, cache_size: int, timeout: float, *, loopback: bool = False
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.loopback = loopback

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        settings = crawler.settings
        return cls(
            reactor,
            settings.getint("DNSCACHE_SIZE"),
            settings.getfloat("DNS_TIMEOUT"),
            loopback=settings.getbool("TAMIS_LOOPBACK"),
        )

    def getHostByName(self, name: str, timeout: Any = ()) -> "Deferred[str]":  # noqa: N802 (Twisted's name)
        if is_loopback_name(name):
            # Not every system resolves *.localhost, which RFC 6761 asks of all of them.
            return succeed("127.0.0.1") if self.loopback else fail(self._refused(name, "127.0.0.1"))
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if not allowed(address, loopback=self.loopback):
            raise self._refused(name, address)
        return address

    @staticmethod
    def _refused(name: str, address: str) -> DNSLookupError:
        REFUSED[name] = f"{name} leads to {address}, which is not a public address"
        return DNSLookupError(REFUSED[name])
