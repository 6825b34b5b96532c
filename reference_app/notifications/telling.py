"""Have somebody told, in the transaction of what there is to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from reference_app.database import Connection, MailingConnection
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage
from reference_app.notifications.news import News

TASK = "notifications:send"
MOST = 50
"""Lines shown of one dossier, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one piece of news."""

    id: UUID
    news: News
    created_at: datetime
    state: str
    ended_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "news", News(self.news))


_ADD = """
    INSERT INTO notification (account_id, dossier_id, rendez_vous_id, news, created_at)
    VALUES (%(account)s, %(dossier)s, %(appointment)s, %(news)s, %(at)s) RETURNING id"""
_OF_DOSSIER = """
    SELECT id, news, created_at, state, ended_at FROM notification WHERE dossier_id = %(dossier)s
    ORDER BY id DESC LIMIT %(most)s"""


async def tell(
    connection: Connection,
    news: News,
    account: UUID,
    at: datetime,
    *,
    dossier: UUID | None = None,
    appointment: UUID | None = None,
) -> None:
    """Have ``account`` told by mail after the caller's transaction commits; nothing where no mail is set up."""
    if not isinstance(connection, MailingConnection):
        return
    parameters = {"account": account, "dossier": dossier, "appointment": appointment, "news": news.value, "at": at}
    added = await (await connection.execute(_ADD, parameters)).fetchone()
    assert added is not None  # nosec B101 (an INSERT of one row returns it)
    await stage(connection, TASK, {"notification": str(added[0])}, queue=Queue.MINUTES)


async def of_dossier(connection: Connection, dossier: UUID) -> list[Told]:
    """What was told about a dossier, oldest first; asks the database only where mail is set up."""
    if not isinstance(connection, MailingConnection):
        return []
    async with connection.cursor(row_factory=class_row(Told)) as cursor:
        await cursor.execute(_OF_DOSSIER, {"dossier": dossier, "most": MOST})
        return (await cursor.fetchall())[::-1]
