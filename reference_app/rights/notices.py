"""Telling the author of a draft before it is deleted: on its page from that day on, and by whatever ``Tell`` does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from reference_app.database import Connection
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.procedure import PROCEDURES

BATCH = 200

Tell = Callable[[Connection, UUID, UUID], Awaitable[None]]
"""Told the connection, the account and its draft, in the transaction that writes down that it was told."""

_DUE = """
    SELECT d.id, d.account_id FROM dossier d LEFT JOIN purge_notice n ON n.dossier_id = d.id
    WHERE d.state = 'brouillon' AND d.id > %(after)s AND d.procedure = %(procedure)s
      AND (n.told_at IS NULL OR n.told_at <= d.updated_at)
      AND (d.updated_at AT TIME ZONE %(zone)s)::date + %(days)s < %(today)s
    ORDER BY d.id LIMIT %(batch)s FOR UPDATE OF d SKIP LOCKED"""
# Says which were not told yet: another purge may have told some between the look at them and their lock.
_WRITE_DOWN = """
    INSERT INTO purge_notice (dossier_id, told_at) SELECT unnest(%(ids)s::uuid[]), %(at)s
    ON CONFLICT (dossier_id) DO UPDATE SET told_at = excluded.told_at
    WHERE purge_notice.told_at <= (SELECT d.updated_at FROM dossier d WHERE d.id = excluded.dossier_id)
    RETURNING dossier_id"""


async def on_the_page(_connection: Connection, _account: UUID, _dossier: UUID) -> None:
    """Nothing more than the page of the draft says."""


async def give(connection: Connection, at: datetime, tell: Tell) -> int:
    """Tell the authors of drafts that are to go, once after each change; returns how many drafts."""
    told = 0
    for name, procedure in PROCEDURES.items():
        kept = procedure.retention
        if kept is None or kept.drafts_days is None or kept.told_days is None:
            continue
        values: dict[str, object] = {
            "procedure": name,
            "zone": LEGAL_TIME.key,
            "today": at.astimezone(LEGAL_TIME).date(),
            "days": kept.drafts_days - kept.told_days,
            "batch": BATCH,
            "after": UUID(int=0),
        }
        while True:
            async with connection.transaction():
                drafts = await (await connection.execute(_DUE, values)).fetchall()
                parameters = {"ids": [dossier for dossier, _ in drafts], "at": at}
                rows = await connection.execute(_WRITE_DOWN, parameters)
                new = {row[0] for row in await rows.fetchall()}
                for dossier, account in drafts:
                    if dossier in new:
                        await tell(connection, account, dossier)
            told += len(new)
            if len(drafts) < BATCH:
                break
            values["after"] = drafts[-1][0]
    return told
