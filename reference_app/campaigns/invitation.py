"""The invitation of one firm: its link, what the link opens, and the way out."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from reference_app.database import Connection
from reference_app.errors import N_, Conflict, NotFound
from reference_app.procedure import PROCEDURES, Procedure
from reference_app.settings import Settings

NO_SUCH_INVITATION = N_("This link is not, or no longer, one of ours. You can ask without it.")
OF_ANOTHER = N_("Somebody else has opened this invitation. You can ask without it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What the page of a link needs."""

    id: UUID
    title: str
    title_en: str | None
    procedure: str
    siret: str
    name: str
    email: str
    state: str
    account_id: UUID | None

    @property
    def known(self) -> Procedure:
        """The procedure it invites to."""
        return PROCEDURES[self.procedure]


_READ = """
    SELECT i.id, c.title, c.title_en, c.procedure, i.siret, i.name, i.email, i.state, i.account_id
    FROM invitation i JOIN campaign c ON c.id = i.campaign_id WHERE i.digest = %(digest)s"""
_OPEN = """
    UPDATE invitation SET account_id = %(account)s, opened_at = coalesce(opened_at, %(at)s)
    WHERE id = %(id)s AND (account_id IS NULL OR account_id = %(account)s)"""
_DECLINE = """
    WITH declined AS (UPDATE invitation SET state = 'declined', reminder = 'none' WHERE digest = %(digest)s
                      RETURNING email)
    INSERT INTO mail_opposition (digest, at)
    SELECT sha256(convert_to(lower(email), 'UTF8')), %(at)s FROM declined ON CONFLICT DO NOTHING"""


def code_of(settings: Settings, invitation: UUID) -> str:
    """The code of an invitation: the same each time it is made, known to nobody without the secret of the service."""
    secret = settings.session_secret.get_secret_value().encode()
    made = hmac.new(secret, b"invitation\0" + invitation.bytes, hashlib.sha256).digest()
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def digest(code: str) -> bytes:
    """What is kept of a code."""
    return hashlib.sha256(code.encode()).digest()


async def read(connection: Connection, code: str) -> Invitation:
    """The invitation of a code. Raises NotFound."""
    async with connection.cursor(row_factory=class_row(Invitation)) as cursor:
        found = await (await cursor.execute(_READ, {"digest": digest(code)})).fetchone()
    if found is None:
        raise NotFound(NO_SUCH_INVITATION)
    return found


async def opened(connection: Connection, account: UUID, code: str, at: datetime) -> Invitation:
    """The invitation of a code, for the account that opened it first.

    Raises:
        NotFound: there is none.
        Conflict: another account opened it.
    """
    found = await read(connection, code)
    done = await connection.execute(_OPEN, {"id": found.id, "account": account, "at": at})
    if done.rowcount == 0:
        raise Conflict(OF_ANOTHER)
    return found


async def decline(connection: Connection, code: str, at: datetime) -> None:
    """Send no more campaigns to the address of an invitation; repeating it changes nothing. Raises NotFound."""
    async with connection.transaction():
        await read(connection, code)
        await connection.execute(_DECLINE, {"digest": digest(code), "at": at})


def prefilled(found: Invitation) -> dict[str, str]:
    """What the form of its procedure is filled in with: what the list said, in the first field of each kind."""
    filing = found.known.filing
    assert filing is not None  # nosec B101 (a campaign is of a procedure that is filed)
    values = {filing.title: found.name}
    for kind, said in (("siret", found.siret), ("email", found.email)):
        name = next((field.name for field in filing.fields if field.kind == kind), None)
        if name is not None:
            values[name] = said
    return values
