"""Tasks: send the next invitations of a campaign, so many and no more, then come back for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from uuid import UUID

from procrastinate import Blueprint, JobContext
from psycopg.rows import class_row

from reference_app.campaigns import campaign as campaigns
from reference_app.campaigns.invitation import code_of, digest
from reference_app.database import Connection
from reference_app.errors import N_
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.retrying import PATIENT
from reference_app.language import DEFAULT, Language
from reference_app.notifications.letters import Letter, compose
from reference_app.notifications.mailer import NotNow, Refused
from reference_app.parts import Parts
from reference_app.procedure import PROCEDURES

blueprint = Blueprint()

TURN_S = 6.0
"""Seconds from one turn of a campaign to the next, at the least."""
AT_ONCE = 20
"""Invitations read at a time: a pause is heeded after so many at most."""
ATTEMPTS = 6
"""How often an address that the server puts off is tried: after 15, 30, 60, 120 and 240 minutes, then it is refused."""
PUT_OFF = timedelta(minutes=15)
AWAY_S = 60.0
"""Seconds until a campaign whose mail server is away tries again; it does so for as long as it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSend:
    """An invitation, or a reminder, that is next."""

    id: UUID
    title: str
    title_en: str | None
    procedure: str
    name: str
    email: str
    language: Language | None
    attempts: int
    reminder: bool


_NEXT = """
    SELECT i.id, c.title, c.title_en, c.procedure, i.name, i.email, i.language, i.attempts,
           i.state <> 'waiting' AS reminder
    FROM invitation i JOIN campaign c ON c.id = i.campaign_id
    WHERE i.campaign_id = %(campaign)s AND c.state = 'running' AND (i.state = 'waiting' OR i.reminder = 'waiting')
      AND (i.not_before IS NULL OR i.not_before <= %(at)s)
    ORDER BY i.id LIMIT %(limit)s"""
_PUT_OFF_UNTIL = """
    SELECT min(i.not_before) FROM invitation i JOIN campaign c ON c.id = i.campaign_id
    WHERE i.campaign_id = %(campaign)s AND c.state = 'running' AND (i.state = 'waiting' OR i.reminder = 'waiting')"""
_PUT_OFF = "UPDATE invitation SET attempts = attempts + 1, not_before = %(until)s, code = %(code)s WHERE id = %(id)s"
_CODES = """
    UPDATE invitation i SET digest = c.digest FROM unnest(%(ids)s::uuid[], %(digests)s::bytea[]) AS c (id, digest)
    WHERE i.id = c.id"""
_SENT = "UPDATE invitation SET state = 'sent', sent_at = %(at)s, code = NULL WHERE id = %(id)s AND state = 'waiting'"
_REMINDED = "UPDATE invitation SET reminder = 'sent' WHERE id = %(id)s AND reminder = 'waiting'"
_REFUSED = """
    UPDATE invitation SET state = 'refused', reminder = 'none', code = %(code)s WHERE id = %(id)s"""


def pace(per_minute: int) -> tuple[int, float]:
    """How many invitations leave at a turn, and the seconds to the next: never more than ``per_minute`` in a minute.

    Eleven turns may touch one minute, so that each has an eleventh of what it allows.
    """
    count = int(per_minute / 11)
    return (count, TURN_S) if count >= 1 else (1, 66.0 / per_minute)


@blueprint.task(name="send", pass_context=True, retry=PATIENT)
async def send(context: JobContext, campaign: str) -> None:
    """Send what a turn allows; what is left is for the next turn.

    Each invitation is written down as sent before the next leaves. One that was taken by the server while this
    process was killed leaves again, under the same Message-ID.
    """
    parts = parts_of_job(context)
    if parts.mailer is None:
        return
    count, seconds = pace(parts.settings.invitations_per_minute)
    begun = parts.clock()
    left = count
    while left > 0:
        async with parts.pool.connection() as connection:
            waiting = await _next(connection, UUID(campaign), min(left, AT_ONCE), begun)
            await _known(connection, parts, waiting)
            if not waiting:
                await _later(connection, UUID(campaign))
                return
        for one in waiting:
            try:
                await _send(parts, one)
            except NotNow:
                seconds, left = AWAY_S, 0
                break
            left -= 1
    async with parts.pool.connection() as connection:
        await campaigns.go_on(connection, UUID(campaign), begun + timedelta(seconds=seconds))


async def _later(connection: Connection, campaign: UUID) -> None:
    """Come back for those that the server put off, if there are any."""
    row = await (await connection.execute(_PUT_OFF_UNTIL, {"campaign": campaign})).fetchone()
    if row is not None and row[0] is not None:
        await campaigns.go_on(connection, campaign, row[0])


async def _next(connection: Connection, campaign: UUID, limit: int, at: datetime) -> list[ToSend]:
    async with connection.cursor(row_factory=class_row(ToSend)) as cursor:
        await cursor.execute(_NEXT, {"campaign": campaign, "limit": limit, "at": at})
        return await cursor.fetchall()


async def _known(connection: Connection, parts: Parts, waiting: list[ToSend]) -> None:
    """Have the links of what is about to leave open: the mails may arrive before this process does another thing."""
    ids = [one.id for one in waiting]
    digests = [digest(code_of(parts.settings, identifier)) for identifier in ids]
    await connection.execute(_CODES, {"ids": ids, "digests": digests})


async def _send(parts: Parts, one: ToSend) -> None:
    """Send one and write down what became of it. Raises NotNow when the server is away, and so for all others too."""
    assert parts.mailer is not None  # nosec B101 (the task ends where there is none)
    try:
        await parts.mailer.send(letter(parts, one))
    except Refused as error:
        await _run(parts, _REFUSED, one.id, code=error.code)
        return
    except NotNow as error:
        if error.code is None:
            raise
        if one.attempts + 1 >= ATTEMPTS:
            await _run(parts, _REFUSED, one.id, code=error.code)
        else:
            until = parts.clock() + PUT_OFF * 2**one.attempts
            await _run(parts, _PUT_OFF, one.id, until=until, code=error.code)
        return
    if one.reminder:
        await _run(parts, _REMINDED, one.id)
    else:
        await _run(parts, _SENT, one.id, at=parts.clock())


async def _run(parts: Parts, statement: str, invitation: UUID, **values: object) -> None:
    async with parts.pool.connection() as connection:
        await connection.execute(statement.encode(), {"id": invitation, **values})


def letter(parts: Parts, one: ToSend) -> EmailMessage:
    """The mail of an invitation or of its reminder, in the language that the list names. Raises Refused.

    Where it names none it is French, and says in English where the same stands in English (docs/decisions/0225).
    """
    known, code = PROCEDURES[one.procedure], code_of(parts.settings, one.id)
    language = DEFAULT if one.language is None else one.language
    say = parts.catalogues[language].gettext
    title = one.title_en if language == "en" and one.title_en is not None else one.title
    address = f"{parts.settings.origin}/invitations?code={code}"
    out = f"{parts.settings.origin}/invitations/declined?code={code}"
    elsewhere = (("This invitation in English:", f"{address}&lang=en"),) if one.language is None else ()
    subject = N_("A reminder: %(title)s") if one.reminder else "%(title)s"
    return compose(
        parts,
        Letter(
            subject=say(subject) % {"title": title},
            paragraphs=[
                say(known.name.en),
                say(known.summary.en),
                say(N_("This concerns %(name)s. We did not file anything for you.")) % {"name": one.name},
            ],
            link=address,
            link_says=say(N_("Open the form, with what we know already filled in:")),
            language=language,
            service=known.service,
            contact=known.contact,
            footer=(*elsewhere, (say(N_("To receive no more mail of this kind:")), out)),
            headers={"List-Unsubscribe": f"<{out}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        ),
        one.email,
        one.id,
        "reminder" if one.reminder else "invitation",
        parts.clock(),
    )
