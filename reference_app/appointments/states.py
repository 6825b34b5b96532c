"""The states of an appointment, in the words of the field, and what each may become."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from reference_app.errors import N_, Conflict


class State(StrEnum):
    """What is known of an appointment."""

    UNKNOWN = "unknown"
    SEEN = "seen"
    EXCUSED = "excused"
    REVOKED = "revoked"
    NOSHOW = "noshow"


RELEASED = frozenset({State.EXCUSED, State.REVOKED})
"""States in which the seat is free again."""

NEXT: Mapping[State, frozenset[State]] = {
    State.UNKNOWN: frozenset({State.SEEN, State.EXCUSED, State.REVOKED, State.NOSHOW}),
    State.SEEN: frozenset({State.NOSHOW}),  # an agent marked the wrong line
    State.NOSHOW: frozenset({State.SEEN}),
    State.EXCUSED: frozenset(),
    State.REVOKED: frozenset(),
}

LABELS: Mapping[State, str] = {
    State.UNKNOWN: N_("To come"),
    State.SEEN: N_("Received"),
    State.EXCUSED: N_("Cancelled by the person"),
    State.REVOKED: N_("Cancelled by the service"),
    State.NOSHOW: N_("Did not come"),
}


def require(current: State, wanted: State) -> None:
    """Refuse a change that is not foreseen.

    Raises:
        Conflict: naming the state the appointment is in.
    """
    if wanted not in NEXT[current]:
        raise Conflict(
            N_("This appointment is now in the state “%(state)s”: this can no longer be done."), state=LABELS[current]
        )
