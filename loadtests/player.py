"""What plays a load: one generator, or one for each of several replicas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from loadtests.engine.merging import one_report
from loadtests.engine.orders import Order
from loadtests.loading import Played, loading
from scorecard.project_journeys import Journey


class Player(Protocol):
    """What a campaign asks of a generator; see :class:`loadtests.generator.Generator`."""

    def smoke(self, journey: Journey, think_scale: float) -> dict[str, Any]:
        """Send one visitor through ``journey`` with no other load."""

    def step(self, order: Order, beat: Callable[[], None]) -> dict[str, Any]:
        """Carry out one step of the load and return its raw report."""


class Spread:
    """The same load on several replicas at once, an equal share on each, reported as one.

    Each draws arrivals of its own: Poisson arrivals added up are Poisson arrivals. A session stays with its replica.
    """

    def __init__(self, players: Sequence[Player]) -> None:
        self._players = players

    def smoke(self, journey: Journey, think_scale: float) -> dict[str, Any]:
        """Send one visitor through ``journey`` on each replica; the answer of the first that does not work, if any."""
        answers = [player.smoke(journey, think_scale) for player in self._players]
        return next((answer for answer in answers if answer["steps"][-1]["error"] is not None), answers[0])

    def step(self, order: Order, beat: Callable[[], None]) -> dict[str, Any]:
        """Carry out one step on all replicas side by side. Raises GeneratorError as any of them does."""
        number = len(self._players)
        share = replace(order, rates={name: rate / number for name, rate in order.rates.items()})
        with ThreadPoolExecutor(number) as pool:
            first = pool.submit(self._players[0].step, share, beat)
            others = [pool.submit(player.step, share, _unheard) for player in self._players[1:]]
            return one_report([answer.result() for answer in (first, *others)])


def _unheard() -> None:
    """A beat of one replica; that of the first is heard for all."""


@contextmanager
def spread(urls: Sequence[str], what: Played, folder: Path) -> Iterator[Player]:
    """What plays ``what`` over all of ``urls`` for as long as the block lasts. Raises GeneratorError."""
    with ExitStack() as stack:
        players = []
        for number, url in enumerate(urls, 1):
            own = folder / str(number)
            own.mkdir(parents=True, exist_ok=True)
            players.append(stack.enter_context(loading(url, what, own)))
        yield players[0] if len(players) == 1 else Spread(players)
