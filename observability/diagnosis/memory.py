"""Memory that grows with every request: a cache without a bound, a list that nobody empties."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy.optimize import nnls

from observability.diagnosis.diagnosis import Diagnosis, Rule
from observability.memory import Sample
from observability.requests import Request
from scorecard.evidence import Text

FEWEST_SAMPLES = 6
SETTLED_AFTER = 0.4
"""Share of the requests left out at the beginning: pools fill, code is compiled, buffers find their size."""
PARTS = 3
STEADY = 0.5
"""Each part of what follows has to add so much of what the parts add on average: a step up is no leak."""
LEAST_GROWTH = 16 * 2**20
LEAST_PER_HOUR = 2**30
"""A service that adds a GiB an hour at this rate does not last a day of work in a container of a few GiB."""
LEAST_SHARE = 0.6
"""Share of the growth that one route has to explain to be named."""
EVERYWHERE = "*"

_BOUND_IT = Text(
    en="Give the cache a bound and an age (lru_cache(maxsize=…), a TTL), and empty what is collected per request.",
    fr="Borner le cache en taille et en âge (lru_cache(maxsize=…), durée de vie) et vider ce qui s’accumule par appel.",
)


def find(requests: Sequence[Request], samples: Sequence[Sample]) -> Iterator[Diagnosis]:
    """Memory that keeps growing with the requests after the first of them, and the route that it grows with."""
    starts = sorted(r.start_ns for r in requests)
    if not starts:
        return
    ends = sorted(r.end_ns for r in requests)
    settled = starts[int(SETTLED_AFTER * len(starts))]
    kept = [(s.at_ns, s.bytes) for s in samples if settled <= s.at_ns <= ends[-1]]
    if len(kept) < FEWEST_SAMPLES:
        return
    growth, lasted_s = kept[-1][1] - kept[0][1], (kept[-1][0] - kept[0][0]) / 1e9
    if growth < LEAST_GROWTH or growth / lasted_s * 3600 < LEAST_PER_HOUR or not _is_steady(kept, ends):
        return
    route = _route(requests, kept)
    mib = f"{growth / 2**20:.0f}"
    seconds = f"{lasted_s:.0f}" if lasted_s >= 10 else f"{lasted_s:.1f}"
    yield Diagnosis(
        Rule.MEMORY_GROWTH,
        route,
        "memory",
        None,
        0.0,
        0.0,
        Text(
            en=f"the memory of the service grows with its requests, by {mib} MiB in {seconds} s, and does not settle",
            fr=f"la mémoire du service croît avec ses appels, de {mib} Mio en {seconds.replace('.', ',')}\u202fs, "
            "sans se stabiliser",
        ),
        _BOUND_IT,
    )


def _is_steady(samples: Sequence[tuple[int, int]], ends: Sequence[int]) -> bool:
    """Whether memory grows in each part of the requests about as much as in the others."""
    served = [bisect_right(ends, at) for at, _ in samples]
    whole = served[-1] - served[0]
    if whole < PARTS:
        return False
    marks = [served[0] + whole * part / PARTS for part in range(PARTS + 1)]
    levels = np.interp(marks, served, [size for _, size in samples])
    added = np.diff(levels)
    return bool(np.all(added >= STEADY * added.mean()))


def _route(requests: Sequence[Request], samples: Sequence[tuple[int, int]]) -> str:
    """The route whose requests explain most of the growth, by non-negative least squares over the steps of memory."""
    routes = sorted({r.route for r in requests})
    counts = np.zeros((len(samples) - 1, len(routes)))
    ends = [at for at, _ in samples]
    for request in requests:
        place = bisect_right(ends, request.start_ns) - 1
        if 0 <= place < len(counts):
            counts[place, routes.index(request.route)] += 1
    added = np.array([float(later - one) for (_, one), (_, later) in pairwise(samples)])
    each, _ = nnls(counts, np.clip(added, 0, None))
    explained = Counter(
        {route: float(e * counts[:, n].sum()) for n, (route, e) in enumerate(zip(routes, each, strict=True))}
    )
    (best, most), whole = explained.most_common(1)[0], sum(explained.values())
    return best if len(routes) == 1 or (whole > 0 and most >= LEAST_SHARE * whole) else EVERYWHERE
