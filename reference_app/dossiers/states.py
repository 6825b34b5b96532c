"""The states of a dossier, as demarches-simplifiees names them, and what each may become."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from reference_app.errors import N_, Conflict


class State(StrEnum):
    """Where a dossier stands."""

    BROUILLON = "brouillon"
    EN_CONSTRUCTION = "en_construction"
    EN_INSTRUCTION = "en_instruction"
    ACCEPTE = "accepte"
    REFUSE = "refuse"
    SANS_SUITE = "sans_suite"


DECIDED = frozenset({State.ACCEPTE, State.REFUSE, State.SANS_SUITE})
QUEUE = (State.EN_CONSTRUCTION, State.EN_INSTRUCTION, State.ACCEPTE, State.REFUSE, State.SANS_SUITE)
"""States an agent sees, in the order of the work; a draft is its author's alone."""

NEXT: Mapping[State, frozenset[State]] = {
    State.BROUILLON: frozenset({State.EN_CONSTRUCTION}),
    State.EN_CONSTRUCTION: frozenset({State.EN_INSTRUCTION, State.SANS_SUITE}),  # the latter when it is withdrawn
    State.EN_INSTRUCTION: DECIDED | {State.EN_CONSTRUCTION},
    State.ACCEPTE: frozenset({State.EN_INSTRUCTION}),
    State.REFUSE: frozenset({State.EN_INSTRUCTION}),
    State.SANS_SUITE: frozenset({State.EN_INSTRUCTION}),
}

LABELS: Mapping[State, str] = {
    State.BROUILLON: N_("Draft"),
    State.EN_CONSTRUCTION: N_("Filed"),
    State.EN_INSTRUCTION: N_("Under review"),
    State.ACCEPTE: N_("Accepted"),
    State.REFUSE: N_("Rejected"),
    State.SANS_SUITE: N_("Closed without action"),
}


def require(current: State, wanted: State) -> None:
    """Refuse a change of state that is not foreseen, a repeated one included.

    Raises:
        Conflict: naming the state the dossier is in.
    """
    if wanted not in NEXT[current]:
        raise no_longer(current)


def require_in(current: State, *allowed: State) -> None:
    """Refuse what a dossier allows in the states ``allowed`` only. Raises Conflict naming the state it is in."""
    if current not in allowed:
        raise no_longer(current)


def no_longer(current: State) -> Conflict:
    """The refusal of what a dossier in ``current`` does not allow."""
    return Conflict(
        N_("This dossier is now in the state “%(state)s”: this can no longer be done."), state=LABELS[current]
    )
