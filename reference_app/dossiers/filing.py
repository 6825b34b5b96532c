"""What a business may do with its dossiers: the rules, each in one transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers import repository
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import Answers, require_complete
from reference_app.dossiers.operations import change
from reference_app.dossiers.receipt import issue
from reference_app.dossiers.states import State, require
from reference_app.errors import N_, NotFound

NO_SUCH_DOSSIER = N_("There is no such dossier among yours.")


async def read(connection: Connection, account: UUID, dossier: UUID) -> Dossier:
    """One dossier of ``account``. Raises NotFound, for another's too."""
    return _found(await repository.of_account(connection, account, dossier))


async def save(connection: Connection, account: UUID, dossier: UUID, procedure: str, answers: Answers) -> Dossier:
    """Replace the content of a draft for ``procedure``.

    Raises:
        NotFound: ``account`` has no such dossier, or not for this procedure.
        Conflict: it was filed.
    """
    saved = await repository.save(connection, account, dossier, procedure, answers)
    if saved is None:
        found = await read(connection, account, dossier)
        if found.procedure == procedure:
            require(found.state, State.EN_CONSTRUCTION)
        raise NotFound(NO_SUCH_DOSSIER)
    return saved


async def delete(connection: Connection, account: UUID, dossier: UUID) -> None:
    """Delete a draft, and the answers kept for retries that hold it. What was filed is kept: it binds both sides.

    Raises:
        NotFound: ``account`` has no such dossier.
        Conflict: it was filed.
    """
    async with connection.transaction():
        if not await repository.delete(connection, account, dossier):
            require((await read(connection, account, dossier)).state, State.EN_CONSTRUCTION)
            raise NotFound(NO_SUCH_DOSSIER)
        await idempotency.forget(connection, account, str(dossier))


async def file(connection: Connection, account: UUID, dossier: UUID, at: datetime) -> Dossier:
    """File a draft: state, history, log and receipt are committed together, or not at all.

    Raises:
        NotFound: ``account`` has no such dossier.
        Conflict: it was filed before.
        Invalid: a field needed to file is empty, or the procedure is not for such a request.
    """
    draft = _found(await repository.locked(connection, account, dossier))
    require(draft.state, State.EN_CONSTRUCTION)
    require_complete(draft.filing, draft.answers)
    receipt = issue(draft.filing, await repository.next_receipt_rank(connection), at)
    return await change(
        connection,
        draft,
        State.EN_CONSTRUCTION,
        by=account,
        at=at,
        receipt_number=receipt.number,
        filed_at=receipt.filed_at,
        silence_on=receipt.silence_on,
    )


def _found(dossier: Dossier | None) -> Dossier:
    if dossier is None:
        raise NotFound(NO_SUCH_DOSSIER)
    return dossier
