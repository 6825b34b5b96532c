"""What accepting a dossier owes: written down and staged in the transaction of the decision."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from reference_app.database import Connection
from reference_app.deliveries import repository
from reference_app.dossiers.dossier import Dossier
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage

SEND = "deliveries:send"


async def owe(connection: Connection, dossier: Dossier, at: datetime) -> None:
    """Owe what an accepted ``dossier`` is paid, if its procedure pays: delivered once the transaction commits.

    Accepted again after it was reopened, what has left already is not owed again.
    """
    rule = dossier.filing.payment
    amount = None if rule is None else dossier.answers.get(rule.amount)
    if amount is None or dossier.receipt_number is None:
        return
    owed = await repository.owe(connection, dossier.id, dossier.procedure, dossier.receipt_number, int(amount), at)
    if owed is not None:
        await wake(connection, owed)


async def wake(connection: Connection, delivery: UUID) -> None:
    """Have a delivery attempted soon, in the transaction of ``connection``."""
    await stage(connection, SEND, {"delivery": str(delivery)}, queue=Queue.MINUTES)
