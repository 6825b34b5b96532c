"""Who may do what: each role may do all that the one before it may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scorecard.publication.errors import not_allowed, not_found


class Role(StrEnum):
    """Roles, the weakest first; ``none`` is somebody who signed in and was given nothing yet."""

    NONE = "none"
    READER = "reader"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Caller:
    """Who asks: a person who signed in, or a program with a token, which may be bound to one project."""

    name: str
    role: Role
    project: str | None = None

    def may(self, needed: Role) -> bool:
        """Whether the role of the caller is at least ``needed``."""
        order = list(Role)
        return order.index(self.role) >= order.index(needed)

    def must(self, needed: Role, project: str | None = None) -> None:
        """Refuse (403) who has less than ``needed``; a project the caller is not bound to does not exist (404).

        Raises:
            Refusal: one of the two.
        """
        if not self.may(needed):
            raise not_allowed(needed.value)
        if self.project is not None and project != self.project:
            raise not_found()
