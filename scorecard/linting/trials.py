"""Each criterion graded on facts made for it: it must be able to pass, to fail and to be unknown, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scorecard.criteria import Criterion, Reference
from scorecard.grading import thresholds
from scorecard.linting.court import TROUBLES, Court, courts
from scorecard.linting.problem import Problem, problem
from scorecard.linting.values import Value, values
from scorecard.scorecard import Verdict

_GOODNESS = {Verdict.FAIL: 0, Verdict.UNKNOWN: 0, Verdict.WARN: 1, Verdict.PASS: 2}


def tried(criterion: Criterion, known: Mapping[str, Criterion]) -> Iterator[Problem]:
    """What grading ``criterion`` brings to light, one problem a rule at most."""
    said: set[str] = set()
    for court in courts(criterion, known):
        for found in _tried_in(court):
            if found.rule not in said:
                said.add(found.rule)
                yield found


def _tried_in(court: Court) -> Iterator[Problem]:
    criterion = court.criterion
    offered = values(criterion, court.project)
    verdicts = [(value, court.verdict(value)) for value in offered]
    good = next((value for value, verdict in verdicts if verdict is Verdict.PASS), None)
    yield from _unreachable(court, {verdict for _, verdict in verdicts})
    yield from _gaps(criterion, verdicts)
    yield from _nothing_passes(criterion, court)
    if good is None:
        return
    for trouble in TROUBLES:
        verdict = court.verdict(good, trouble)
        if verdict is not Verdict.UNKNOWN:
            yield problem(
                criterion,
                "fail-open",
                f"a fact that is {trouble.en} gives {verdict.value}, not unknown",
                f"un fait {trouble.fr} donne {verdict.value}, et non inconnu",
            )
    for name in court.requires:
        verdict = replace(court, broken=name).verdict(good)
        if verdict is not Verdict.UNKNOWN:
            yield problem(
                criterion,
                "fail-open",
                f"it gives {verdict.value} although {name!r}, which it requires, does not pass",
                f"il donne {verdict.value} bien que « {name} », qu’il exige, ne soit pas satisfait",
            )


def _unreachable(court: Court, seen: set[Verdict]) -> Iterator[Problem]:
    criterion = court.criterion
    wanted = {Verdict.PASS, Verdict.UNKNOWN if criterion.judges == "measurement" else Verdict.FAIL}
    line = thresholds.line(criterion, court.project)
    # A project may set an objective such that nothing is left to tolerate, as a margin of nothing does.
    if line.warn is not None and line.warn != line.pass_ and criterion.judges == "service":
        wanted.add(Verdict.WARN)
    for verdict in sorted(wanted - seen):
        yield problem(
            criterion,
            "unreachable",
            f"no value that can be observed gives {verdict.value}",
            f"aucune valeur observable ne donne {verdict.value}",
        )


def _gaps(criterion: Criterion, verdicts: list[tuple[Value, Verdict]]) -> Iterator[Problem]:
    """From the worst value to the best, no verdict may get worse."""
    if criterion.better == "equal":
        return
    worst_first = verdicts if criterion.better == "higher" else verdicts[::-1]
    last = -1
    for value, verdict in worst_first:
        if _GOODNESS[verdict] < last:
            yield problem(
                criterion,
                "gap",
                f"a better value, {value}, gets a worse verdict, {verdict.value}",
                f"une valeur meilleure, {value}, reçoit un verdict pire, {verdict.value}",
            )
        last = _GOODNESS[verdict]


def _nothing_passes(criterion: Criterion, court: Court) -> Iterator[Problem]:
    """A zero of what should be high, and a number that cannot be, are never good."""
    if criterion.better == "equal":
        return
    if criterion.better == "higher" and _GOODNESS[court.verdict(0)] > 0:
        source = _reference(criterion)
        yield problem(
            criterion,
            "zero",
            f"nothing at all gives {court.verdict(0).value}" + (f", as {source} may be 0" if source else ""),
            f"rien du tout donne {court.verdict(0).value}" + (f", car {source} peut valoir 0" if source else ""),
        )
    if court.verdict(-1) is not Verdict.UNKNOWN:
        yield problem(
            criterion,
            "negative",
            f"-1 gives {court.verdict(-1).value}, not unknown",
            f"-1 donne {court.verdict(-1).value}, et non inconnu",
        )


def _reference(criterion: Criterion) -> str:
    for threshold in (criterion.warn, criterion.pass_):
        if isinstance(threshold, Reference):
            return threshold.of
    return ""
