"""Rules on company: facts that mean nothing unless others, measured with them, are good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scorecard.criteria import Criterion
from scorecard.evidence import Unit
from scorecard.linting.problem import Problem, problem

_ERRORS = ("load.error_rate", "load.peak_error_rate")
_SENT = ("load.requests",)


def alone(criterion: Criterion, known: Mapping[str, Criterion]) -> Iterator[Problem]:
    """A criterion on load that does not require that enough was sent, or on a latency that may be of errors.

    With no request every threshold passes, and a dead server answers in under a millisecond: two false greens that
    real gates have shown.
    """
    if criterion.evidence != "load" or criterion.judges == "measurement":
        return
    facts = {known[name].fact for name in _chain(criterion, known)}
    needs: tuple[tuple[str, ...], ...] = (_SENT, _ERRORS) if criterion.unit is Unit.SECOND else (_SENT,)
    for choice in needs:
        if facts.isdisjoint(choice):
            names = " / ".join(choice)
            yield problem(
                criterion,
                "company",
                f"counts without any criterion on {names} being required",
                f"compte sans qu’un critère sur {names} soit exigé",
            )


def _chain(criterion: Criterion, known: Mapping[str, Criterion]) -> set[str]:
    found: set[str] = set()
    waiting = list(criterion.requires)
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found.add(name)
            waiting.extend(known[name].requires)
    return found
