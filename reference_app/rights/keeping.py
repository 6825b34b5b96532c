"""Until when a dossier is kept, and why it is not deleted before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import assert_never

from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.dossiers.states import State
from reference_app.months import months_after
from reference_app.procedure import PROCEDURES


def until(dossier: Dossier) -> date | None:
    """The last day on which ``dossier`` is kept as it stands now; None while its procedure gives no rule.

    A draft that is changed, and a dossier that is decided, are kept for longer from then on.
    """
    rules = PROCEDURES[dossier.procedure].retention
    if rules is None or rules.drafts_days is None or rules.decided_months is None or rules.closed_months is None:
        return None
    match dossier.state:
        case State.BROUILLON:
            return dossier.updated_at.astimezone(LEGAL_TIME).date() + timedelta(days=rules.drafts_days)
        case State.EN_CONSTRUCTION | State.EN_INSTRUCTION:
            assert dossier.silence_on is not None  # nosec B101 (a filed dossier has one)
            return months_after(dossier.silence_on, rules.decided_months)
        case State.ACCEPTE | State.REFUSE:
            return months_after(_decided_on(dossier), rules.decided_months)
        case State.SANS_SUITE:
            return months_after(_decided_on(dossier), rules.closed_months)
        case _:
            assert_never(dossier.state)


def _decided_on(dossier: Dossier) -> date:
    assert dossier.decided_at is not None  # nosec B101 (the database holds decided dossiers to it)
    return dossier.decided_at.astimezone(LEGAL_TIME).date()
