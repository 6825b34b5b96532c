"""The way out: through a forward proxy where the network has one, and never to this machine.

The variables are the usual ones (``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``), in either case; what the platform sets
for every program holds for this one. Mails, the scanner and the database are reached without a proxy.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from reference_app.settings import Settings


@dataclass(frozen=True)
class Proxies:
    """Addresses of the proxy for each scheme, and the hosts that are reached without (``NO_PROXY``)."""

    https: str | None = None
    http: str | None = None
    without: str = ""

    def of(self, url: str) -> str | None:
        """The proxy that ``url`` is reached through; None for none, and always for this machine."""
        parts = urlsplit(url)
        host = parts.hostname if parts.hostname is not None else ""
        if _is_here(host) or self._is_left_out(host, parts.port):
            return None
        return self.https if parts.scheme == "https" else self.http

    def _is_left_out(self, host: str, port: int | None) -> bool:
        return any(_matches(entry.strip(), host, port) for entry in self.without.split(","))


DIRECT = Proxies()
"""No proxy at all."""


def proxies_of(settings: Settings) -> Proxies:
    """What the settings say."""
    https, http = (
        None if proxy is None else proxy.get_secret_value() for proxy in (settings.https_proxy, settings.http_proxy)
    )
    return Proxies(https=https, http=http, without=settings.no_proxy)


def _is_here(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Whether ``entry`` names ``host``: itself, a domain it is in, a network, or everything; with its port or without.

    As curl and Go read it; the standard library knows no networks.
    """
    if entry == "*":
        return True
    address = _address(host)
    if address is not None:
        with suppress(ValueError):
            return address in ip_network(entry, strict=False)
    name, _, its_port = entry.lower().removeprefix("*").removeprefix(".").partition(":")
    return bool(name) and its_port in ("", str(port)) and (host == name or host.endswith(f".{name}"))
