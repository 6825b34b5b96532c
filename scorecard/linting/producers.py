"""Rule on orphans: a criterion whose fact no collector writes would be unknown for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from scorecard.criteria import Criterion
from scorecard.evidence import Severity
from scorecard.linting.problem import Problem, problem

ROOMS = ("loadtests", "security", "observability", "k8s", "scorecard")
"""Packages whose code writes facts."""

_NAME = re.compile(r'"([a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_{}-]+)+|[a-z0-9][a-z0-9-]*)"')


@dataclass(frozen=True)
class Producers:
    """The names that the code of the collectors holds, facts and evidence alike."""

    names: frozenset[str]

    def produce(self, fact: str) -> bool:
        """Whether ``fact`` is named: whole, or as what it begins with and a last word that is filled in.

        "trace.share_sql" is made of "trace.share_{kind}" and "sql", "security.code_high" of "security.code" and a
        severity.
        """
        if fact in self.names:
            return True
        stem, _, last = fact.rpartition("_")
        if stem in self.names:
            return last in {s.value for s in Severity}
        return last in self.names and any(name.startswith(f"{stem}_{{") for name in self.names)


def producers(rooms: Iterable[str] = ROOMS) -> Producers:
    """The names in the Python files of ``rooms``, as they are installed."""
    return Producers(frozenset(name for room in rooms for name in _names(resources.files(room))))


def orphaned(criterion: Criterion, made: Producers) -> Iterator[Problem]:
    """A measured criterion whose fact, or the evidence it is read from, nothing writes."""
    if criterion.basis == "declared":
        return
    if not made.produce(criterion.fact):
        yield problem(
            criterion,
            "orphan",
            f"no collector writes the fact {criterion.fact!r}",
            f"aucun collecteur n’écrit le fait « {criterion.fact} »",
        )
    if criterion.evidence not in made.names:
        yield problem(
            criterion,
            "orphan",
            f"no collector writes the evidence {criterion.evidence!r}",
            f"aucun collecteur n’écrit la preuve « {criterion.evidence} »",
        )


def _names(folder: Traversable) -> Iterator[str]:
    for item in folder.iterdir():
        if item.is_dir() and item.name not in ("criteria", "linting", "grading"):
            yield from _names(item)
        elif item.name.endswith(".py"):
            yield from _NAME.findall(item.read_text(encoding="utf-8"))
