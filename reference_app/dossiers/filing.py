"""What a business may do with its dossiers: the rules, each in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers import messages, repository
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import Answers, require_complete
from reference_app.dossiers.messages import Message, Written
from reference_app.dossiers.operations import amend, change
from reference_app.dossiers.receipt import issue
from reference_app.dossiers.repository import NO_SUCH_DOSSIER
from reference_app.dossiers.states import QUEUE, State, require_in
from reference_app.errors import N_, Changed, NotFound
from reference_app.groups import found_by, group_for
from reference_app.notifications.news import News
from reference_app.notifications.telling import tell
from reference_app.pieces import holding as pieces
from reference_app.pieces import proof

WITHDRAWN = N_("Withdrawn by its author.")


async def read(connection: Connection, account: UUID, dossier: UUID) -> Dossier:
    """One dossier of ``account``. Raises NotFound, for another's too."""
    return _found(await repository.of_account(connection, account, dossier))


async def save(
    connection: Connection,
    account: UUID,
    dossier: UUID,
    procedure: str,
    answers: Answers,
    at: datetime,
    *,
    by: UUID | None = None,
    version: datetime | None = None,
) -> Dossier:
    """Replace the content of a dossier for ``procedure``: of a draft, or of a filed one that no agent has taken.

    ``by`` is who does it, when it is not the one whose dossier it is. With ``version``, only what was last changed
    then is replaced.

    Raises:
        NotFound: ``account`` has no such dossier, or not for this procedure.
        Conflict: an agent has it under review, or it is decided.
        Changed: it was changed since ``version``.
        Invalid: it is filed, and a field needed for that is empty, or the procedure is not for such a request.
    """
    saved = await repository.save(connection, account, dossier, procedure, answers, version)
    if saved is not None:
        return saved
    async with connection.transaction():
        found = _found(await repository.locked(connection, account, dossier))
        if found.procedure != procedure:
            raise NotFound(NO_SUCH_DOSSIER)
        if version is not None and found.updated_at != version:
            raise Changed(found.version)
        require_in(found.state, State.EN_CONSTRUCTION)
        require_complete(found.filing, answers)
        if answers == found.answers:
            return found
        return await amend(connection, found, by=account if by is None else by, at=at, answers=answers)


async def withdraw(connection: Connection, account: UUID, dossier: UUID, at: datetime) -> Dossier:
    """Take back a filed dossier that is not decided; it is closed and kept, since it was filed.

    Raises:
        NotFound: ``account`` has no such dossier.
        Conflict: it is a draft, or decided.
    """
    async with connection.transaction():
        found = _found(await repository.locked(connection, account, dossier))
        require_in(found.state, State.EN_CONSTRUCTION, State.EN_INSTRUCTION)
        ended: dict[str, Any] = {
            "decided_at": at,
            "withdrawn_at": at,
            "motivation": WITHDRAWN,
            "correction_asked_at": None,
        }
        return await change(connection, found, State.SANS_SUITE, by=account, at=at, **ended)


async def write(connection: Connection, account: UUID, dossier: UUID, written: Written, at: datetime) -> Message:
    """Write to the agents about a filed dossier.

    Raises:
        NotFound: ``account`` has no such dossier.
        Conflict: it is a draft, which no agent sees.
    """
    found = await read(connection, account, dossier)
    require_in(found.state, *QUEUE)
    return await messages.add(connection, dossier, account, written, at, from_agent=False)


async def delete(connection: Connection, account: UUID, dossier: UUID) -> None:
    """Delete a draft, its pieces, and the answers kept for retries that hold it.

    What was filed is kept: it binds both sides.

    Raises:
        NotFound: ``account`` has no such dossier.
        Conflict: it was filed.
    """
    async with connection.transaction():
        found = _found(await repository.locked(connection, account, dossier))
        require_in(found.state, State.BROUILLON)
        if found.pieces:
            await pieces.forget(connection, [dossier])
        await repository.delete(connection, account, dossier)
        await idempotency.forget(connection, account, str(dossier))


async def file(
    connection: Connection, account: UUID, dossier: UUID, at: datetime, *, by: UUID | None = None
) -> Dossier:
    """File a draft: state, history, log and receipt are committed together, or not at all.

    ``by`` is who does it, when it is not the one whose dossier it is.

    Raises:
        NotFound: ``account`` has no such dossier.
        Conflict: it was filed before.
        Invalid: a field or piece needed to file is missing, or the procedure is not for such a request.
    """
    draft = _found(await repository.locked(connection, account, dossier))
    require_in(draft.state, State.BROUILLON)
    await pieces.require_whole(connection, draft)
    receipt = issue(draft.filing, await repository.next_receipt_rank(connection), at)
    filed = await change(
        connection,
        draft,
        State.EN_CONSTRUCTION,
        by=account if by is None else by,
        at=at,
        receipt_number=receipt.number,
        filed_at=receipt.filed_at,
        silence_on=receipt.silence_on,
        did=await proof.filed(connection, draft),
        groupe=group_for(draft.procedure, draft.filing, draft.answers),
        **found_by(draft.filing),
    )
    await tell(connection, News.FILED, account, at, dossier=dossier)
    return filed


def _found(dossier: Dossier | None) -> Dossier:
    if dossier is None:
        raise NotFound(NO_SUCH_DOSSIER)
    return dossier
