"""The line of a room: who stands where, and how far it has moved. Computed from counts by the second, the same on
every worker, so that nobody needs a row (docs/decisions/0200).

People are numbered from 0. Those who came before the opening are one group, those of each second after it another: the
groups are served in order, and within a group the order is drawn from the account and the secret of the room, so that
a second browser draws the same. Each second the line moves by the rate of the room, and never beyond those who came:
what nobody used is not saved up.
"""

from __future__ import annotations

import hashlib
import hmac
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from reference_app.waiting_room.room import Room

SETTLED_S = 3
"""After so many seconds the count of a second is taken as complete: every worker adds its own once a second."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """That ``account`` came to ``room`` in the second ``came`` (since 1970)."""

    room: UUID
    account: UUID
    came: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands.

    Attributes:
        phase: before the draw, in line, in turn, or after the turn.
        ahead: about how many are in front; None before the draw.
        wait_s: about how long until the turn; in turn, how long it lasts.
    """

    phase: Literal["early", "waiting", "admitted", "lapsed"]
    ahead: int | None
    wait_s: float


class Line:
    """The line of one room, moved on by :meth:`fold`."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.early = 0
        self._opens = int(room.opens_at)
        self._per_s = room.per_minute / 60
        self._came: list[int] = []
        self._served: list[float] = []
        self._unsettled: Mapping[int, int] = {}

    @property
    def settled(self) -> int:
        """The last second whose count is complete; that of those who came early, before there is one."""
        return self._opens - 2 + len(self._came) + (1 if self._came else 0)

    @property
    def early_second(self) -> int:
        """The second under which those who came before the opening are counted."""
        return self._opens - 1

    def fold(self, arrivals: Mapping[int, int], now: float) -> None:
        """Move on to ``now``; ``arrivals`` are the counts after :attr:`settled`."""
        if not self._came:
            self.early = arrivals.get(self.early_second, self.early)
        for second in range(self._opens + len(self._came), int(now) - SETTLED_S + 1):
            before = self._came[-1] if self._came else self.early
            came = before + arrivals.get(second, 0)
            served = self._served[-1] if self._served else 0.0
            self._came.append(came)
            self._served.append(min(served + self._per_s, came))
        following = max(self.settled + 1, self._opens)
        self._unsettled = {second: count for second, count in arrivals.items() if second >= following}

    def standing(self, ticket: Ticket, now: float) -> Standing:
        """Where the holder of ``ticket`` stands at ``now``."""
        if not self._served and ticket.came < self._opens:
            return Standing("early", None, max(0.0, self._opens + SETTLED_S - now))
        number = self._number(ticket)
        turn = max(bisect_left(self._served, number), ticket.came - self._opens)
        begins = self._opens + turn + SETTLED_S
        if turn < len(self._served) and self._counted(ticket):
            left = begins + self.room.minutes * 60 - now
            return Standing("admitted", 0, left) if left > 0 else Standing("lapsed", None, 0.0)
        ahead = max(0.0, number - (self._served[-1] if self._served else 0.0))
        return Standing("waiting", int(ahead), max(ahead / self._per_s, ticket.came + SETTLED_S - now, 1.0))

    def waiting(self) -> int:
        """About how many are in line."""
        came = (self._came[-1] if self._came else self.early) + sum(self._unsettled.values())
        return int(came - (self._served[-1] if self._served else 0.0))

    def _counted(self, ticket: Ticket) -> bool:
        """Whether the second in which the holder came is complete: before that the number may still change."""
        return ticket.came < self._opens + len(self._came)

    def _number(self, ticket: Ticket) -> float:
        drawn = draw(self.room.seed, ticket.account)
        if ticket.came < self._opens:
            return drawn * self.early
        place = ticket.came - self._opens
        if place >= len(self._came):
            settled = self._came[-1] if self._came else self.early
            return settled + sum(count for second, count in self._unsettled.items() if second < ticket.came)
        before = self._came[place - 1] if place > 0 else self.early
        return before + drawn * (self._came[place] - before)


def draw(seed: UUID, account: UUID) -> float:
    """A number from 0 to below 1 for ``account``, which nobody can foresee without ``seed``."""
    digest = hmac.digest(seed.bytes, account.bytes, hashlib.sha256)
    return int.from_bytes(digest[:6]) / 2**48
