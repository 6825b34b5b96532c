"""The mail to somebody who is asked for advice: where to give it, with which code, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from uuid import UUID

from psycopg.rows import class_row

from reference_app import dates
from reference_app.database import Connection
from reference_app.errors import N_
from reference_app.instruction.advice import code_of
from reference_app.language import DEFAULT
from reference_app.notifications.letters import Letter, compose
from reference_app.parts import Parts
from reference_app.procedure import PROCEDURES

SUBJECT = N_("An advice is asked of you")
REMINDED = N_("Reminder: an advice is asked of you")
BODY = N_("A service that examines a request asks for your advice. You may give it until %(day)s.")
CODE = N_("Your code, which works until you have answered: %(code)s")
OPEN = N_("Read the question and answer it:")

_READ = """
    SELECT a.id, a.expert, a.expert_id, a.ends_on, d.procedure FROM avis a JOIN dossier d ON d.id = a.dossier_id
    WHERE a.id = %(id)s AND a.answered_at IS NULL AND d.advice_pending > 0"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the mail says: neither the question nor the dossier, which wait behind the code or the sign-in."""

    id: UUID
    expert: str
    expert_id: UUID | None
    ends_on: date
    procedure: str


async def read(connection: Connection, advice: UUID) -> Asked | None:
    """What to write of an advice; None when nobody waits for it any more."""
    async with connection.cursor(row_factory=class_row(Asked)) as cursor:
        await cursor.execute(_READ, {"id": advice})
        return await cursor.fetchone()


def written(parts: Parts, asked: Asked, at: datetime, *, reminder: bool) -> EmailMessage:
    """The mail. Raises Refused for an address that no header may hold."""
    say = parts.catalogues[DEFAULT].gettext
    procedure = PROCEDURES[asked.procedure]
    outside = asked.expert_id is None
    day = dates.day(asked.ends_on, DEFAULT)
    paragraphs = [say(procedure.name.en), say(BODY) % {"day": day}]
    if outside:
        paragraphs.append(say(CODE) % {"code": code_of(parts.settings, asked.id)})
    letter = Letter(
        subject=say(REMINDED if reminder else SUBJECT),
        paragraphs=paragraphs,
        link=f"{parts.settings.origin}/{'avis' if outside else 'agent/avis'}/{asked.id}",
        link_says=say(OPEN),
        language=DEFAULT,
        service=procedure.service,
        contact=procedure.contact,
    )
    return compose(parts, letter, asked.expert, asked.id, "avis-reminder" if reminder else "avis", at)
