"""When sessions arrive: the whole schedule of a step of the load, drawn before it starts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Literal

Pattern = Literal["poisson", "constant"]


def schedule(
    rates: Mapping[str, float], duration_s: float, random: Random, pattern: Pattern = "poisson"
) -> list[tuple[float, str]]:
    """Arrivals over ``duration_s`` seconds, in order: seconds from the start, and what arrives.

    ``rates`` gives each kind's arrivals a second. The number of each kind is the rate times the duration (a fraction
    is rounded up with that chance) and not itself drawn from a Poisson law: what is left is a Poisson process given
    its count, with all its bunching, but two steps at one rate offer the same load. Constant arrivals are evenly
    spaced and start at a random phase.
    """
    arrivals: list[tuple[float, str]] = []
    for kind, rate in rates.items():
        mean = rate * duration_s
        count = math.floor(mean) + (random.random() < mean - math.floor(mean))
        match pattern:
            case "poisson":
                moments = [random.random() * duration_s for _ in range(count)]
            case "constant":
                phase = random.random()
                moments = [(phase + number) * duration_s / count for number in range(count)]
        arrivals += [(moment, kind) for moment in moments]
    arrivals.sort()
    return arrivals


def along(
    rates: Mapping[str, float],
    warm_up_s: float,
    course: Sequence[tuple[float, float]],
    random: Random,
    pattern: Pattern = "poisson",
) -> list[tuple[float, str]]:
    """Arrivals along a course of (seconds, factor on ``rates``), after a warm-up at its first factor.

    Each part is a :func:`schedule` of its own: a step of the rate is as sharp as the course says.
    """
    arrivals: list[tuple[float, str]] = []
    begins = 0.0
    for seconds, factor in ((warm_up_s, course[0][1]), *course):
        part = {kind: rate * factor for kind, rate in rates.items()}
        arrivals += [(begins + moment, kind) for moment, kind in schedule(part, seconds, random, pattern)]
        begins += seconds
    return arrivals


def dealt(arrivals: Sequence[tuple[float, str]], of: int, random: Random, pattern: Pattern = "poisson") -> list[int]:
    """Which of ``of`` processes plays each arrival; every process that draws with the same ``random`` says the same.

    A Poisson process thinned by chance is one again, and what the parts play together is the whole. Evenly spaced
    arrivals of a kind are dealt in turn, so that they stay evenly spaced in every part.
    """
    if of == 1:
        return [0] * len(arrivals)
    match pattern:
        case "poisson":
            return [random.randrange(of) for _ in arrivals]
        case "constant":
            turns: Counter[str] = Counter()
            parts = []
            for _, kind in arrivals:
                parts.append(turns[kind] % of)
                turns[kind] += 1
            return parts
