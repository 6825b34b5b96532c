"""The requests of one route, and those that came while few others were under way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from observability.requests import Request

MIN_REQUESTS = 10
"""Requests of a route below which nothing is said of it: one slow request out of three is no defect."""


@dataclass(frozen=True)
class Group:
    """The requests of a route in order of time.

    Attributes:
        quiet: the third of them that met the fewest others under way.
        busy: the third that met the most.
        calm: all that met no more than the quiet ones did, from the beginning of the run to its end.
        met_quiet, met_busy: how many others those met, on average.
    """

    route: str
    requests: Sequence[Request]
    quiet: Sequence[Request]
    busy: Sequence[Request]
    calm: Sequence[Request]
    met_quiet: float
    met_busy: float

    @property
    def total_s(self) -> float:
        """Seconds that all of them took together."""
        return sum(request.duration for request in self.requests)


def grouped(requests: Sequence[Request]) -> list[Group]:
    """Groups of at least :data:`MIN_REQUESTS` requests, by route."""
    routes: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        routes[request.route].append(request)
    under_way = Crowd((r.start_ns, r.end_ns) for r in requests)
    return [
        _group(route, members, under_way) for route, members in sorted(routes.items()) if len(members) >= MIN_REQUESTS
    ]


class Crowd:
    """How many of some intervals (ns) hold at a moment; a look costs the logarithm of their number."""

    def __init__(self, intervals: Iterable[tuple[int, int]]) -> None:
        kept = [(begin, end) for begin, end in intervals if end > begin]
        self._begins = sorted(begin for begin, _ in kept)
        self._ends = sorted(end for _, end in kept)

    def at(self, moment: int) -> int:
        """Intervals that have begun before ``moment`` and end after it."""
        return bisect_left(self._begins, moment) - bisect_right(self._ends, moment)

    def time_with(self, number: int) -> Callable[[int], int]:
        """How long (ns) at least ``number`` of them held before a moment, as a function of the moment."""
        moments = sorted({*self._begins, *self._ends})
        full = [self._after(moment) >= number for moment in moments]
        # So that a request that lasts as long as the run costs no more than one that lasts a millisecond.
        lengths = [
            later - moment if held else 0 for (moment, later), held in zip(pairwise(moments), full, strict=False)
        ]
        before = list(accumulate(lengths, initial=0))

        def until(moment: int) -> int:
            place = bisect_right(moments, moment) - 1
            if place < 0:
                return 0
            return before[place] + (moment - moments[place] if full[place] else 0)

        return until

    def _after(self, moment: int) -> int:
        return bisect_right(self._begins, moment) - bisect_right(self._ends, moment)


def _group(route: str, members: list[Request], under_way: Crowd) -> Group:
    ordered = sorted(members, key=lambda r: (r.start_ns, r.end_ns))
    met = sorted(((under_way.at(r.start_ns), place) for place, r in enumerate(ordered)))
    third = max(1, len(met) // 3)
    few, many = met[:third], met[-third:]
    return Group(
        route=route,
        requests=ordered,
        quiet=[ordered[place] for _, place in few],
        busy=[ordered[place] for _, place in many],
        calm=[ordered[place] for place in sorted(place for number, place in met if number <= few[-1][0])],
        met_quiet=sum(number for number, _ in few) / third,
        met_busy=sum(number for number, _ in many) / third,
    )
