"""Where a webhook may go: a public address over TLS, checked at each connection and not by its name alone.

The name is resolved here and the connection made to the very address that was checked: a name that answers otherwise a
moment later (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from reference_app.partners.errors import PartnerError

MAX_URL = 500
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))
"""IPv6 addresses with an IPv4 address in them, which leads who knows where."""


@dataclass(frozen=True)
class Destination:
    """An address to connect to, and the name that its certificate must bear."""

    url: str
    host: str
    authority: str


def checked(url: str, *, loopback: bool) -> SplitResult:
    """The parts of an address that webhooks may be sent to, as far as it can be told without resolving its name.

    Raises:
        PartnerError: it may not; the message says why.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise PartnerError("this is no address") from error
    if not host or not url.isascii() or len(url) > MAX_URL or any(c.isspace() for c in url):
        raise PartnerError("this is no address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise PartnerError("an address has no name, password or fragment in it")
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise PartnerError("an address begins with https://")
    if port == 0:
        raise PartnerError("this is no address")
    return parts


async def resolved(url: str, *, loopback: bool) -> Destination:
    """Where ``url`` leads now: one address, allowed, and every other of the same name allowed as well.

    Raises:
        PartnerError: it may not be sent to.
        OSError: its name cannot be resolved.
    """
    parts = checked(url, loopback=loopback)
    assert parts.hostname is not None  # nosec B101 (checked)
    port = parts.port if parts.port is not None else {"https": 443, "http": 80}[parts.scheme]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses or not all(_allowed(address, loopback=loopback) for address in addresses):
        raise PartnerError("this name leads to an address that is not of the public Internet")
    first = addresses[0]
    literal = f"[{first}]" if isinstance(first, IPv6Address) else str(first)
    authority = parts.netloc
    return Destination(parts._replace(netloc=f"{literal}:{port}").geturl(), parts.hostname, authority)


def _allowed(address: IPv4Address | IPv6Address, *, loopback: bool) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _allowed(address.ipv4_mapped, loopback=loopback)
        if any(address in network for network in _TRANSLATED):
            return False
    if address.is_loopback:
        return loopback
    return address.is_global and not address.is_multicast
