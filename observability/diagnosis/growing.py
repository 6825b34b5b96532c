"""Statements that take longer the longer the service runs: their time grows with the rows that the service adds."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from scipy.stats import kendalltau

from observability.diagnosis.diagnosis import Diagnosis, Rule, milliseconds, shortened
from observability.diagnosis.group import Group
from observability.diagnosis.slow import times_of
from scorecard.evidence import Text

FEWEST = 20
"""Requests, all of them with few others under way, below which an order is chance."""
ORDERED = 0.5
"""Kendall's tau of time against order: with 20 requests chance reaches it once in a thousand statements."""
FACTOR = 2.0
LATER_S = 0.005
"""What it has to take at the end, so that the fourth decimal of a lookup does not count as growth."""
OTHERS = 1.4
"""Where the other statements of the same requests grow by so much too it is the machine."""

_BOUND = Text(
    en="Bound what it reads: an index on what it filters and sorts by, a limit, an archive for what is closed.",
    fr="Borner ce qu’elle lit\u202f: index sur ce qu’elle filtre et trie, limite, archivage de ce qui est clos.",
)


def find(group: Group) -> Iterator[Diagnosis]:
    """Statements slower in the last third of the calm requests than in the first, where the others are not."""
    calm = group.calm
    if len(calm) < FEWEST:
        return
    third = len(calm) // 3
    before, after = times_of(calm[:third], control=True), times_of(calm[-third:], control=True)
    grown = {
        text: median(after[text]) / median(times)
        for text, times in before.items()
        if after.get(text) and median(times) > 0
    }
    everywhere = times_of(group.requests)
    for text, times in sorted(times_of(calm).items()):
        factor = grown.get(text, 0.0)
        others = [one for other, one in grown.items() if other != text]
        if factor < FACTOR or median(after[text]) < LATER_S or len(times) < FEWEST:
            continue
        if others and median(others) >= OTHERS:
            continue
        if float(kendalltau(range(len(times)), times).statistic) < ORDERED:
            continue
        first, last = median(before[text]), median(after[text])
        spent, number = sum(everywhere[text]), len(everywhere[text])
        one, other = milliseconds(first), milliseconds(last)
        yield Diagnosis(
            Rule.GROWING_STATEMENT,
            group.route,
            text,
            number / len(group.requests),
            spent,
            max(0.0, spent - first * number),
            Text(
                en=f"a statement grows with the rows, from {one.en} to {other.en} within the run: {shortened(text)}",
                fr=f"une requête SQL croît avec les lignes, de {one.fr} à {other.fr} pendant l’essai\u202f: "
                f"{shortened(text)}",
            ),
            _BOUND,
        )
