"""Simulated services of known capacity: eight kinds, each drawn at random from a seed.

The capacity of a service is the highest rate at which at most 5 % of the answers take longer than its objective, in the
long run. It is known by formula for M/M/c (Erlang C); for the others it is found by bisection on long simulations with
the same random numbers at every rate, which the formula checks on M/M/c.
"""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]
KINDS = ("M/M/c", "M/D/c", "log-normal", "heavy tail", "lock", "pool", "pauses", "processor sharing")
LATE = 0.05
_ARRIVALS = 1_200_000
_CACHE = Path(__file__).parent / "known_capacities.json"


@dataclass(frozen=True)
class System:
    """A simulated service.

    Attributes:
        kind: one of KINDS.
        words: its parameters.
        ceiling: rate at which its servers are busy all the time.
        objective_s: latency that 95 % of the answers must keep.
        serve: latencies of arrivals at the given times (seconds, rising), drawn with the generator.
        formula: the capacity by theory, None where none is known.
    """

    kind: str
    words: str
    ceiling: float
    objective_s: float
    serve: Callable[[Times, np.random.Generator], Times]
    formula: float | None = None


def draw(kind: str, number: int) -> System:
    """The service of that kind and number: 60 to 500 requests a second, objectives from 0.2 to 0.8 s and at least five
    times the mean service.
    """
    random = np.random.default_rng([KINDS.index(kind), number])

    def between(low: float, high: float) -> float:
        return math.exp(random.uniform(math.log(low), math.log(high)))

    while True:
        ceiling, servers = between(60, 500), int(random.choice([1, 2, 4, 8, 16, 32]))
        mean, objective = servers / ceiling, between(0.2, 0.8)
        words, formula = f"{servers} servers", None
        match kind:
            case "M/M/c":
                serve = plain(servers, lambda n, g, s=mean: g.exponential(s, n))
                formula = _erlang_capacity(servers, mean, objective) if mean * 5 <= objective else None
            case "M/D/c":
                serve = plain(servers, lambda n, g, s=mean: np.full(n, s))
            case "log-normal":
                spread = math.log(1 + between(0.3, 3.0))
                serve = plain(servers, lambda n, g, s=mean, v=spread: s * g.lognormal(-v / 2, math.sqrt(v), n))
                words += f", squared variation {math.exp(spread) - 1:.1f}"
            case "heavy tail":
                power = random.uniform(2.2, 3.0)
                serve = plain(servers, lambda n, g, s=mean, a=power: s * (a - 1) / a * (1 + g.pareto(a, n)))
                words += f", Pareto of power {power:.1f}"
            case "lock":
                servers = int(random.choice([4, 8, 16, 32]))
                inside = 1 / ceiling
                outside = inside * servers * random.uniform(0.1, 0.5)
                serve, mean = nested(servers, 1, inside, outside), inside + outside
                words = f"{servers} workers, a lock"
            case "pool":
                pool = int(random.choice([2, 4, 8]))
                servers = pool * int(random.choice([2, 4]))
                inside = pool / ceiling
                outside = inside * random.uniform(0.1, 0.5) * servers / pool
                serve, mean = nested(servers, pool, inside, outside), inside + outside
                words = f"{servers} workers, a pool of {pool}"
            case "pauses":
                every = between(1, 8)
                length = every * random.uniform(0.01, 0.03)
                serve = paused(servers, mean, every, length)
                words += f", stopped {length:.2f} s about every {every:.1f} s"
            case _:
                servers = min(servers, 8)
                mean = servers / ceiling
                serve, words = shared(servers, mean), f"{servers} cores"
        if mean * 5 <= objective:
            text = f"{words}, {mean * 1000:.0f} ms, objective {objective * 1000:.0f} ms"
            return System(kind, text, ceiling, objective, serve, formula)


def known_capacity(system: System, number: int) -> float:
    """The capacity by formula, else by long simulation, which is kept in a file beside this one."""
    if system.formula is not None:
        return system.formula
    key = f"{system.kind} {number}: {system.words}"
    known: dict[str, float] = json.loads(_CACHE.read_text()) if _CACHE.exists() else {}
    if key not in known:
        known[key] = round(simulated_capacity(system), 2)
        _CACHE.write_text(json.dumps(known, indent=0, sort_keys=True) + "\n")
    return known[key]


def simulated_capacity(system: System) -> float:
    """The capacity found by bisection on long simulations, the same random numbers at every rate: roughly first, then
    within 6 % of that on simulations ten times as long.
    """
    rough = _bisected(system, 0.3 * system.ceiling, 1.02 * system.ceiling, _ARRIVALS // 10, halvings=7)
    return _bisected(system, 0.94 * rough, 1.06 * rough, _ARRIVALS, halvings=6)


def _bisected(system: System, low: float, high: float, arrivals: int, halvings: int) -> float:
    for _ in range(halvings):
        middle = math.sqrt(low * high)
        random = np.random.default_rng(1)
        moments = np.cumsum(random.exponential(1.0, arrivals)) / middle
        times = system.serve(moments, random)[arrivals // 20 :]
        low, high = (middle, high) if (times > system.objective_s).mean() < LATE else (low, middle)
    return math.sqrt(low * high)


def late_share(rate: float, servers: int, mean: float, limit_s: float) -> float:
    """P(T > t) on an M/M/c queue: e^(-mt) [1 + C(c,A) (1 - e^(-mt(c-1-A))) / (c-1-A)], Erlang C, A = rate/m."""
    offered, x = rate * mean, limit_s / mean
    terms = [math.exp(k * math.log(offered) - math.lgamma(k + 1)) for k in range(servers)]
    waiting = math.exp(servers * math.log(offered) - math.lgamma(servers + 1)) * servers / (servers - offered)
    erlang_c, idle = waiting / (sum(terms) + waiting), servers - 1 - offered
    grows = x if abs(idle) < 1e-9 else (1 - math.exp(-x * idle)) / idle
    return math.exp(-x) * (1 + erlang_c * grows)


def _erlang_capacity(servers: int, mean: float, limit_s: float) -> float:
    low, high = 1e-6, servers / mean * (1 - 1e-9)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if late_share(middle, servers, mean, limit_s) < LATE else (low, middle)
    return low


def _first_come(arrivals: Times, services: Times, servers: int) -> Times:
    if servers == 1:
        busy = np.cumsum(services)
        return np.maximum.accumulate(arrivals - np.concatenate(([0.0], busy[:-1]))) + busy - arrivals
    free, times = [0.0] * servers, []
    for arrival, service in zip(arrivals.tolist(), services.tolist(), strict=True):
        done = max(arrival, free[0]) + service
        heapq.heapreplace(free, done)
        times.append(done - arrival)
    return np.array(times)


def plain(
    servers: int, services: Callable[[int, np.random.Generator], Times]
) -> Callable[[Times, np.random.Generator], Times]:
    return lambda arrivals, random: _first_come(arrivals, services(len(arrivals), random), servers)


def nested(servers: int, pool: int, inside: float, outside: float) -> Callable[[Times, np.random.Generator], Times]:
    """Workers that need one of few connections (or the one lock) first, and are held by both parts of their work."""

    def serve(arrivals: Times, random: np.random.Generator) -> Times:
        workers, connections, times = [0.0] * servers, [0.0] * pool, []
        first, second = random.exponential(inside, len(arrivals)), random.exponential(outside, len(arrivals))
        for arrival, held, rest in zip(arrivals.tolist(), first.tolist(), second.tolist(), strict=True):
            got = max(arrival, workers[0], connections[0]) + held
            heapq.heapreplace(connections, got)
            heapq.heapreplace(workers, got + rest)
            times.append(got + rest - arrival)
        return np.array(times)

    return serve


def paused(servers: int, mean: float, every: float, length: float) -> Callable[[Times, np.random.Generator], Times]:
    """M/M/c whose clock stands still during pauses, as a garbage collection stops the world."""

    def serve(arrivals: Times, random: np.random.Generator) -> Times:
        pauses = np.cumsum(random.exponential(every, int((arrivals[-1] + 60) * 1.5 / every) + 20))  # in working time
        begins = pauses + length * np.arange(len(pauses))
        before = np.searchsorted(begins, arrivals, side="right")
        last = np.maximum(before - 1, 0)
        within = (before > 0) & (arrivals < begins[last] + length)
        working = np.where(within, pauses[last], arrivals - before * length)
        done = working + _first_come(working, random.exponential(mean, len(arrivals)), servers)
        return done + np.searchsorted(pauses, done, side="left") * length - arrivals

    return serve


def shared(cores: int, mean: float) -> Callable[[Times, np.random.Generator], Times]:
    """Processor sharing: all requests at once, each at most one core (event by event, in the time each is given)."""

    def serve(arrivals: Times, random: np.random.Generator) -> Times:
        times = np.empty(len(arrivals))
        coming = list(zip(arrivals.tolist(), random.exponential(mean, len(arrivals)).tolist(), strict=True))
        under_way: list[tuple[float, int]] = []
        given = now = 0.0
        number = 0
        while number < len(coming) or under_way:
            share = min(1.0, cores / len(under_way)) if under_way else 1.0
            ends = now + (under_way[0][0] - given) / share if under_way else math.inf
            if number >= len(coming) or ends <= coming[number][0]:
                given, who = heapq.heappop(under_way)
                now = ends
                times[who] = now - coming[who][0]
            else:
                given += (coming[number][0] - now) * share if under_way else 0.0
                now, service = coming[number]
                heapq.heappush(under_way, (given + service, number))
                number += 1
        return times

    return serve


def systems(count: int, first: int = 0) -> Sequence[tuple[System, float]]:
    """``count`` services from number ``first`` of each kind on, the kinds in turn, each with its capacity."""
    drawn = [(draw(KINDS[i % len(KINDS)], first + i // len(KINDS)), first + i // len(KINDS)) for i in range(count)]
    return [(system, known_capacity(system, number)) for system, number in drawn]
