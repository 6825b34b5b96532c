"""Advice (avis) that an agent asks of a third party: a colleague, or somebody outside with a code.

Who is asked sees the answers that the agent chose to show, and nothing else, until a date. A decision waits for nobody:
what did not come by then is said in the log.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, LiteralString
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict, Field

from reference_app.database import Connection, MailingConnection
from reference_app.dossiers.dossier import ROW, Dossier, statement
from reference_app.dossiers.draft import Email, Prose
from reference_app.dossiers.operations import amend
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.dossiers.states import State, require_in
from reference_app.errors import N_, Conflict, FieldError, Invalid, NotFound
from reference_app.instruction import agents, decisions
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage
from reference_app.settings import Settings

TELL = "instruction:tell_expert"
MOST = 100
"""Advice shown of one dossier, and asked of one agent."""
MOST_TRIES = 10
"""Wrong codes until an advice can only be given by another way."""
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 12

NO_SUCH_ADVICE = N_("There is no such advice to give, or its time is over.")
WRONG = N_("This code is wrong, or its time is over. Ask the service that wrote to you for another one.")


class Opinion(StrEnum):
    """What an advice comes to."""

    FAVOURABLE = "favourable"
    RESERVED = "reserved"
    UNFAVOURABLE = "unfavourable"


OPINIONS: Mapping[Opinion, str] = {
    Opinion.FAVOURABLE: N_("Favourable"),
    Opinion.RESERVED: N_("Favourable with reservations"),
    Opinion.UNFAVOURABLE: N_("Unfavourable"),
}


class Question(BaseModel):
    """What is asked, of whom, until when, and what they see for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expert: Annotated[Email, Field(description="Address of who is asked.")]
    question: Annotated[Prose, Field(min_length=1, description="What is asked.")]
    shown: Annotated[tuple[str, ...], Field(max_length=60, description="Fields of the form they see; no others.")] = ()
    days: Annotated[int, Field(ge=1, le=60, description="How long they have.")] = 15


class Given(BaseModel):
    """The advice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opinion: Opinion
    said: Annotated[Prose, Field(min_length=1, description="The advice, as the agents will read it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One advice; ``answered_at`` is None while it did not come."""

    id: UUID
    dossier_id: UUID
    asked_by: UUID
    expert_id: UUID | None
    expert: str
    question: str
    shown: list[str]
    asked_at: datetime
    ends_on: date
    opinion: Opinion | None
    said: str | None
    answered_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "opinion", None if self.opinion is None else Opinion(self.opinion))


_ROW = class_row(Advice)
_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, Advice.__dataclass_fields__))


def _statement(text: LiteralString) -> bytes:
    return sql.SQL(text).format(columns=_COLUMNS).as_bytes()


_ASK = _statement("""
    INSERT INTO avis (id, dossier_id, asked_by, expert_id, digest, expert, question, shown, asked_at, ends_on)
    VALUES (%(id)s, %(dossier)s, %(by)s, %(expert_id)s, %(digest)s, %(expert)s, %(question)s, %(shown)s, %(at)s,
            %(ends_on)s)
    RETURNING {columns}""")
_OF_DOSSIER = _statement("""
    SELECT {columns}
    FROM avis WHERE dossier_id = %(dossier)s ORDER BY id LIMIT %(most)s""")
_ASKED_OF = _statement("""
    SELECT {columns}
    FROM avis WHERE expert_id = %(agent)s AND answered_at IS NULL AND ends_on >= %(today)s
    ORDER BY id LIMIT %(most)s""")
_FOR_AGENT = _statement("""
    SELECT {columns}
    FROM avis WHERE id = %(id)s AND expert_id = %(agent)s AND answered_at IS NULL AND ends_on >= %(today)s""")
_FOR_CODE = _statement("""
    SELECT {columns}
    FROM avis WHERE id = %(id)s AND digest = %(digest)s AND tries < %(most)s AND answered_at IS NULL
    AND ends_on >= %(today)s""")
_TRIED = "UPDATE avis SET tries = tries + 1 WHERE id = %(id)s AND tries < %(most)s"
_ANSWER = """
    UPDATE avis SET opinion = %(opinion)s, said = %(said)s, answered_at = %(at)s
    WHERE id = %(id)s AND answered_at IS NULL"""
_DOSSIER = statement("SELECT {columns} FROM dossier WHERE id = %(id)s")
_DOSSIER_LOCKED = statement("SELECT {columns} FROM dossier WHERE id = %(id)s FOR UPDATE")


async def ask(
    connection: Connection, settings: Settings, agent: UUID, dossier: UUID, question: Question, at: datetime
) -> Advice:
    """Ask for advice on a dossier that ``agent`` has under review; who is asked is told by mail, where that is set up.

    Raises:
        NotFound, Conflict, Forbidden: as :func:`decisions.decide`.
        Invalid: a field to be shown is none of the form.
    """
    async with connection.transaction():
        found = await decisions.held(connection, agent, dossier)
        if set(question.shown) - {field.name for field in found.filing.fields}:
            raise Invalid({"shown": FieldError(N_("Choose one of the answers offered."))})
        colleague = await agents.by_email(connection, question.expert)
        asked = await _asked(connection, settings, found, agent, question, colleague, at)
        counts = {"advice": found.advice + 1, "advice_pending": found.advice_pending + 1}
        await amend(connection, found, by=agent, at=at, did=f"advice.asked {asked.id}", **counts)
        if isinstance(connection, MailingConnection):
            await stage(connection, TELL, {"advice": str(asked.id), "reminder": False}, queue=Queue.MINUTES)
    return asked


async def of_dossier(connection: Connection, dossier: UUID) -> list[Advice]:
    """The advice asked for a dossier that the caller may read, oldest first."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_OF_DOSSIER, {"dossier": dossier, "most": MOST})
        return sorted(await cursor.fetchall(), key=lambda advice: advice.asked_at)


async def asked_of(connection: Connection, agent: UUID, at: datetime) -> list[Advice]:
    """What ``agent`` is asked and may still answer, what ends soonest first."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_ASKED_OF, {"agent": agent, "today": _today(at), "most": MOST})
        return sorted(await cursor.fetchall(), key=lambda advice: advice.ends_on)


async def for_agent(connection: Connection, agent: UUID, advice: UUID, at: datetime) -> Advice:
    """One that is asked of ``agent``. Raises NotFound, also when it was given or its time is over."""
    found = await _one(connection, _FOR_AGENT, {"id": advice, "agent": agent, "today": _today(at)})
    if found is None:
        raise NotFound(NO_SUCH_ADVICE)
    return found


async def for_code(connection: Connection, advice: UUID, typed: str, at: datetime) -> Advice:
    """The one that a code opens; a wrong code is counted. Raises Invalid, whatever is wrong."""
    values = {"id": advice, "digest": _digest(typed), "today": _today(at), "most": MOST_TRIES}
    found = await _one(connection, _FOR_CODE, values)
    if found is None:
        await connection.execute(_TRIED, {"id": advice, "most": MOST_TRIES})
        raise Invalid({"code": FieldError(WRONG)})
    return found


async def answer(connection: Connection, advice: Advice, given: Given, at: datetime) -> None:
    """Keep the advice of whoever could open it.

    Raises:
        Conflict: it was given meanwhile, or the dossier is decided.
    """
    async with connection.transaction():
        async with connection.cursor(row_factory=ROW) as cursor:
            await cursor.execute(_DOSSIER_LOCKED, {"id": advice.dossier_id})
            dossier = await cursor.fetchone()
        assert dossier is not None  # nosec B101 (an advice goes with its dossier)
        require_in(dossier.state, State.EN_CONSTRUCTION, State.EN_INSTRUCTION)
        values = {"id": advice.id, "opinion": given.opinion, "said": given.said, "at": at}
        if (await connection.execute(_ANSWER, values)).rowcount == 0:
            raise Conflict(N_("This advice was given already."))
        by = advice.asked_by if advice.expert_id is None else advice.expert_id
        pending = max(0, dossier.advice_pending - 1)
        await amend(connection, dossier, by=by, at=at, did=f"advice.given {advice.id}", advice_pending=pending)


async def extract(connection: Connection, advice: Advice) -> Dossier:
    """The dossier of an advice with no more answers than its expert is shown."""
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_DOSSIER, {"id": advice.dossier_id})
        dossier = await cursor.fetchone()
    assert dossier is not None  # nosec B101 (an advice goes with its dossier)
    shown = {name: value for name, value in dossier.answers.items() if name in advice.shown}
    return replace(dossier, answers=shown)


def code_of(settings: Settings, advice: UUID) -> str:
    """The code of an advice asked outside: made anew from the secret of the service, so that it is kept nowhere."""
    secret = settings.session_secret.get_secret_value().encode()
    made = hmac.new(secret, b"avis\0" + advice.bytes, hashlib.sha256).digest()
    letters = "".join(LETTERS[byte % len(LETTERS)] for byte in made[:LENGTH])
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


async def _asked(
    connection: Connection,
    settings: Settings,
    dossier: Dossier,
    agent: UUID,
    question: Question,
    colleague: agents.KnownAgent | None,
    at: datetime,
) -> Advice:
    identifier = uuid4()
    values = {
        "id": identifier,
        "dossier": dossier.id,
        "by": agent,
        "expert_id": None if colleague is None else colleague.account_id,
        "digest": _digest(code_of(settings, identifier)) if colleague is None else None,
        "expert": question.expert,
        "question": question.question,
        "shown": list(question.shown),
        "at": at,
        "ends_on": _today(at) + timedelta(days=question.days),
    }
    asked = await _one(connection, _ASK, values)
    assert asked is not None  # nosec B101 (an INSERT of one row returns it)
    return asked


def _today(at: datetime) -> date:
    return at.astimezone(LEGAL_TIME).date()


def _digest(typed: str) -> bytes:
    letters = "".join(character for character in typed.upper() if character.isalnum())
    return hashlib.sha256(letters.encode()).digest()


async def _one(connection: Connection, query: bytes, values: Mapping[str, object]) -> Advice | None:
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchone()
