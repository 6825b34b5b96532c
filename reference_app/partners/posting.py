"""One message to one webhook: to the very address that was checked, under the name that was given."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import httpx

from reference_app.partners.destination import Destination


async def post(
    to: Destination, body: bytes, headers: Mapping[str, str], *, proxy: str | None = None, timeout_s: float
) -> int:
    """The status that ``to`` answers; its body is nothing to us, and is not read. No redirect is followed.

    A ``proxy`` is asked for the address that was checked and never for its name: whatever its own name server says,
    it leads nowhere else. The certificate is held to the name either way.

    Raises:
        httpx.HTTPError: it cannot be reached.
    """
    async with httpx.AsyncClient(verify=_named(to.host), proxy=proxy, trust_env=False, timeout=timeout_s) as client:
        request = client.build_request("POST", to.url, content=body, headers={**headers, "Host": to.authority})
        response = await client.send(request, stream=True)
        await response.aclose()
        return response.status_code


class _Named(ssl.SSLContext):
    """A context for a connection to an address, whose certificate must bear ``name``."""

    name: str

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """As the base class, for :attr:`name` instead of the address."""
        del server_hostname
        return super().wrap_bio(incoming, outgoing, server_side, self.name, session)


@lru_cache(maxsize=64)
def _named(name: str) -> ssl.SSLContext:
    context: Any = _Named(ssl.PROTOCOL_TLS_CLIENT)  # which checks certificates, and the names in them
    context.name = name
    context.load_default_certs()
    made: ssl.SSLContext = context
    return made
