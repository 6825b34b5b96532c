"""The load of the peak, kept up for some seconds while something else is looked at."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from loadtests.course import Course, Part, not_as_planned, play
from loadtests.demand import demand
from loadtests.errors import LoadTestError
from loadtests.figures import french_percent
from loadtests.generator import Generator
from loadtests.loading import Played, loading, played
from scorecard.evidence import Text
from scorecard.site import Site

_WARM_UP_S = 2.0
_END_S = 30.0


@dataclass
class AtPeak:
    """A load under way; ``rate`` is in journeys a second."""

    rate: float
    what: Played
    seconds: float
    began: float = field(default_factory=time.monotonic)
    course: Course | None = None
    trouble: LoadTestError | None = None

    def left_s(self) -> float:
        """Seconds for which the load still goes on; none once it has ended."""
        over = self.course is not None or self.trouble is not None
        return 0.0 if over else max(0.0, self.began + _WARM_UP_S + self.seconds - time.monotonic())

    def why_it_does_not_count(self) -> Text | None:
        """Once it is over: why what was met beside it says nothing about the peak, None when it does.

        As for every latency: too many errors, a generator that was late, a load that ended early.
        """
        if self.trouble is not None or self.course is None:
            return Text(
                en=f"the load generator failed: {self.trouble}",
                fr=f"le générateur de charge a échoué\u202f: {self.trouble}",
            )
        whole, objective = self.course.whole, self.what.objective
        if whole.errors > math.ceil(objective.error_rate * whole.requests):
            share, kind = whole.errors / whole.requests, max(whole.kinds, key=whole.kinds.__getitem__, default="?")
            return Text(
                en=f"{share:.2%} of the requests of the load failed ({kind}): the times of the pages count for nothing",
                fr=f"{french_percent(share)} des requêtes de la charge ont échoué ({kind})\u202f: les temps des pages "
                "ne valent rien",
            )
        return not_as_planned(self.course, objective)


@contextmanager
def at_peak(site: Site, seconds: float) -> Iterator[AtPeak]:
    """The demand of the peak of the peak day for ``seconds`` within the block, after a warm-up; it ends with the block.

    The load is played by a process of its own, in a thread that waits for it.

    Raises:
        LoadTestError: the generator did not start, or a journey cannot be played.
    """
    assert site.url is not None
    what = played(site)
    rate = demand(site.project).journeys_per_s
    with loading(site.url, what, site.raw("pages-peak")) as running:
        under_way = AtPeak(rate, what, seconds)
        thread = threading.Thread(target=_play, args=(running, under_way), daemon=True)
        thread.start()
        time.sleep(_WARM_UP_S)
        yield under_way
        thread.join(under_way.left_s() + _END_S)  # where the block fails, the generator is killed, and the thread ends


def _play(running: Generator, under_way: AtPeak) -> None:
    parts = [Part("peak", under_way.seconds, under_way.rate)]
    try:
        under_way.course = play(running, under_way.what, parts, under_way.seconds, lambda: None, warm_up_s=_WARM_UP_S)
    except LoadTestError as error:
        under_way.trouble = error
