"""Tasks: send one piece of news; find the appointments of tomorrow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from procrastinate import Blueprint, JobContext
from psycopg.rows import class_row

from reference_app import dates
from reference_app.appointments.days import bounds, day_of
from reference_app.database import Connection
from reference_app.errors import N_
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import Queue
from reference_app.jobs.retrying import PATIENT
from reference_app.language import DEFAULT, Language
from reference_app.notifications.letters import Letter, compose
from reference_app.notifications.mailer import Refused
from reference_app.notifications.news import WORDS, News
from reference_app.notifications.telling import tell
from reference_app.parts import Parts
from reference_app.procedure import PROCEDURES, Procedure

blueprint = Blueprint()

BATCH = 200
OPEN = N_("Open its page (you will be asked to sign in):")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A piece of news to send, with all that its mail says."""

    id: UUID
    news: str
    email: str | None
    language: Language | None
    procedure: str
    dossier_id: UUID | None
    answers: dict[str, Any] | None
    receipt_number: str | None
    rendez_vous_id: UUID | None
    number: int | None
    starts_at: datetime | None
    place: str | None


_READ = """
    SELECT n.id, n.news, k.email, k.language, coalesce(d.procedure, r.procedure) AS procedure, n.dossier_id, d.answers,
           d.receipt_number, n.rendez_vous_id, r.number, c.starts_at, l.name AS place
    FROM notification n LEFT JOIN correspondence k ON k.account_id = n.account_id
    LEFT JOIN dossier d ON d.id = n.dossier_id
    LEFT JOIN rendez_vous r ON r.id = n.rendez_vous_id
    LEFT JOIN creneau c ON c.id = r.creneau_id LEFT JOIN lieu l ON l.id = c.lieu_id
    WHERE n.id = %(id)s AND n.state = 'waiting'"""
_END = """
    UPDATE notification SET state = %(state)s, code = %(code)s, ended_at = %(at)s
    WHERE id = %(id)s AND state = 'waiting'"""
_TOMORROW = """
    SELECT r.id, r.account_id FROM rendez_vous r JOIN creneau c ON c.id = r.creneau_id
    WHERE r.state = 'unknown' AND c.starts_at >= %(begin)s AND c.starts_at < %(end)s
      AND NOT EXISTS (SELECT FROM notification n WHERE n.rendez_vous_id = r.id AND n.news = %(news)s
                      AND n.created_at >= %(since)s)
    ORDER BY r.id LIMIT %(batch)s FOR UPDATE OF r SKIP LOCKED"""


@blueprint.task(name="send", pass_context=True, retry=PATIENT)
async def send(context: JobContext, notification: str) -> None:
    """Send one mail and write down what became of it; one that is sent, or nobody's, is not sent again."""
    parts = parts_of_job(context)
    if parts.mailer is None:
        return
    async with parts.pool.connection() as connection:
        waiting = await _waiting(connection, UUID(notification))
    if waiting is None:
        return
    state, code = "sent", None
    to = _address(waiting)
    if to is None:
        state = "unaddressed"
    else:
        try:
            at = parts.clock()
            await parts.mailer.send(compose(parts, _letter(parts, waiting), to, waiting.id, "news", at))
        except Refused as error:
            state, code = "refused", error.code
    async with parts.pool.connection() as connection:
        await connection.execute(_END, {"id": waiting.id, "state": state, "code": code, "at": parts.clock()})


@blueprint.periodic(cron="0 14 * * *")
@blueprint.task(name="tomorrow", queue=Queue.MINUTES, pass_context=True, retry=PATIENT)
async def tomorrow(context: JobContext, timestamp: int) -> None:
    """Remind those who are expected tomorrow, once each, whatever runs twice or stops in between."""
    del timestamp  # the clock of the parts says which day it is
    parts = parts_of_job(context)
    if parts.mailer is None:
        return
    now = parts.clock()
    today, day = day_of(now), day_of(now) + timedelta(days=1)
    begin, end = bounds(day)
    values = {"begin": begin, "end": end, "news": News.TOMORROW, "since": bounds(today)[0], "batch": BATCH}
    async with parts.pool.connection() as connection:
        while True:
            async with connection.transaction():
                rows = await (await connection.execute(_TOMORROW, values)).fetchall()
                for appointment, account in rows:
                    await tell(connection, News.TOMORROW, account, now, appointment=appointment)
            if len(rows) < BATCH:
                return


async def _waiting(connection: Connection, identifier: UUID) -> Waiting | None:
    async with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        await cursor.execute(_READ, {"id": identifier})
        return await cursor.fetchone()


def _address(waiting: Waiting) -> str | None:
    """The address that the dossier names, as its form says; what the person chose otherwise."""
    known = PROCEDURES[waiting.procedure]
    if waiting.answers is not None and known.filing is not None:
        for field in known.filing.fields:
            if field.kind == "email" and field.name in waiting.answers:
                return str(waiting.answers[field.name])
    return waiting.email


def _letter(parts: Parts, waiting: Waiting) -> Letter:
    language: Language = waiting.language if waiting.language is not None else DEFAULT
    say = parts.catalogues[language].gettext
    known: Procedure = PROCEDURES[waiting.procedure]
    words = WORDS[News(waiting.news)]
    values = {
        "number": waiting.receipt_number if waiting.number is None else f"RV-{waiting.number:08d}",
        "moment": dates.moment(waiting.starts_at, language) if waiting.starts_at is not None else "",
        "place": waiting.place,
    }
    path = (
        f"dossiers/{waiting.dossier_id}" if waiting.rendez_vous_id is None else f"rendez-vous/{waiting.rendez_vous_id}"
    )
    return Letter(
        subject=say(words.subject) % values,
        paragraphs=[say(known.name.en), say(words.body) % values],
        link=f"{parts.settings.origin}/{path}",
        link_says=say(OPEN),
        language=language,
        service=known.service,
        contact=known.contact,
    )
