"""Where mails leave: an SMTP server on one connection that is kept, or a folder for a demonstration.

Mails leave one after the other, at a bounded rate, and a server that does not answer is left alone for a while: jobs
that wait for it come back later by themselves.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from time import monotonic
from typing import Protocol
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from reference_app.errors import ReferenceAppError

TIMEOUT_S = 10.0
"""Longest wait for one answer of the server."""
IDLE_S = 20.0
"""A connection that was not used for longer is opened anew: servers close theirs without a word."""
MOST_PER_CONNECTION = 100
LEFT_ALONE_S = 15.0
"""How long nobody tries a server that could not be reached."""

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_PERMANENT = range(500, 600)


class Refused(ReferenceAppError):  # noqa: N818 (named for what happened)
    """The server will never take this mail for this address (RFC 5321, 4.2.1: 5yz); ``code`` is what it said."""

    def __init__(self, code: int) -> None:
        super().__init__(f"refused for good ({code})")
        self.code = code


class NotNow(ReferenceAppError):  # noqa: N818 (named for what happened)
    """The mail was not taken this time; another attempt may succeed.

    ``code`` is what the server said of this mail; None when it said nothing, so that others will fare no better.
    """

    def __init__(self, said: str, code: int | None = None) -> None:
        super().__init__(said)
        self.code = code


class Mailer(Protocol):
    """What takes mails away."""

    async def send(self, message: EmailMessage) -> None:
        """Have ``message`` taken. Raises Refused or NotNow."""

    async def close(self) -> None:
        """Let go of what is kept open."""


@dataclass(frozen=True)
class Server:
    """A mail server, as an address names it; ``smtp+starttls`` and ``smtps`` are encrypted."""

    host: str
    port: int
    tls: bool
    start_tls: bool | None
    user: str | None
    password: str | None


def server_of(url: str) -> Server:
    """The server of an address. A password is only ever sent encrypted, unless the server is on this machine."""
    parts = urlsplit(url)
    host = parts.hostname if parts.hostname is not None else "127.0.0.1"
    named = parts.username is not None
    required = parts.scheme == "smtp+starttls" or (
        parts.scheme == "smtp" and named and host not in ("localhost", "127.0.0.1", "::1")
    )
    return Server(
        host=host,
        port=parts.port if parts.port is not None else _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        start_tls=False if parts.scheme == "smtps" else True if required else None,
        user=unquote(parts.username) if parts.username is not None else None,
        password=unquote(parts.password) if parts.password is not None else None,
    )


def make_mailer(url: str, per_minute: int) -> Mailer:
    """What takes mails to ``url``: a folder for ``file:``, a server otherwise."""
    parts = urlsplit(url)
    return InFolder(Path(unquote(parts.path))) if parts.scheme == "file" else ByServer(server_of(url), per_minute)


class InFolder:
    """Writes each mail to a file named for its Message-ID: one sent twice stands there once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        """Write it."""
        name = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:16]
        await asyncio.to_thread((self._folder / f"{name}.eml").write_bytes, bytes(message))

    async def close(self) -> None:
        """Nothing is open."""


class ByServer:
    """One connection to an SMTP server, used by one mail at a time."""

    def __init__(self, server: Server, per_minute: int) -> None:
        self._server = server
        self._apart_s = 60.0 / per_minute
        self._lock = asyncio.Lock()
        self._client: SMTP | None = None
        self._sent = 0
        self._used = 0.0
        self._next = 0.0
        self._alone_until = 0.0

    async def send(self, message: EmailMessage) -> None:
        """Send it at its turn.

        Raises:
            Refused: the server will not take it, now or later.
            NotNow: the server is away, slow, busy, or stopped in the middle; whether it kept the mail is then unknown.
        """
        async with self._lock:
            if monotonic() < self._alone_until:
                raise NotNow("the mail server did not answer a moment ago")
            await asyncio.sleep(max(0.0, self._next - monotonic()))
            client = await self._connected()
            self._next = monotonic() + self._apart_s
            try:
                await client.send_message(message)
            except (SMTPRecipientsRefused, SMTPResponseException, SMTPNotSupported, ValueError) as error:
                await self._drop()
                code = _code(error)
                if code in _PERMANENT:
                    raise Refused(code) from error
                raise NotNow(f"the mail server answered {code}", code) from error
            except (SMTPException, OSError) as error:
                await self._drop()
                raise NotNow(f"the mail server broke off ({type(error).__name__})") from error
            except asyncio.CancelledError:
                await self._drop()
                raise
            self._sent += 1
            self._used = monotonic()

    async def close(self) -> None:
        """Say goodbye to the server, if there is one."""
        async with self._lock:
            if self._client is not None:
                with suppress(SMTPException, OSError):
                    await self._client.quit()
            await self._drop()

    async def _connected(self) -> SMTP:
        stale = monotonic() - self._used > IDLE_S or self._sent >= MOST_PER_CONNECTION
        if self._client is not None and self._client.is_connected and not stale:
            return self._client
        await self._drop()
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.tls,
            start_tls=self._server.start_tls,
            username=self._server.user,
            password=self._server.password,
            timeout=TIMEOUT_S,
        )
        try:
            await client.connect()
        except (SMTPException, OSError) as error:
            client.close()
            self._alone_until = monotonic() + LEFT_ALONE_S
            raise NotNow(f"the mail server cannot be reached ({type(error).__name__})") from error
        self._client, self._sent, self._used = client, 0, monotonic()
        return client

    async def _drop(self) -> None:
        """Forget the connection: after an error, what it is in the middle of is not known."""
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _code(error: Exception) -> int:
    """What the server said: of the recipient when it refused that one."""
    match error:
        case SMTPRecipientsRefused():
            return error.recipients[0].code
        case SMTPRecipientRefused() | SMTPResponseException():
            return error.code
        case _:
            return 553  # an address that this server cannot be given
