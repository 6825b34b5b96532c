"""From the evidence of a run to the one fact a criterion asks for, or the reason why it cannot be used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date

from scorecard.criteria import DECLARATIONS
from scorecard.evidence import Evidence, Fact, Status, Text, Unit
from scorecard.grading.life import last_day
from scorecard.grading.sentences import followed, sentence
from scorecard.quantities import day


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact stands: its evidence and its number there; ``observed_on`` is its date in UTC, where it has one."""

    evidence: Evidence
    number: int
    observed_on: date | None

    @property
    def fact(self) -> Fact:
        """The fact itself."""
        return self.evidence.facts[self.number]

    @property
    def pointer(self) -> str:
        """File of the run and JSON pointer in it."""
        return f"{self.evidence.name}.json#/facts/{self.number}"


@dataclass(frozen=True)
class Ledger:
    """All facts of a run, by name; a name may stand twice, which :func:`observe` refuses."""

    project: str
    today: date
    evidence: dict[str, list[Evidence]]
    facts: dict[str, list[Place]]


@dataclass(frozen=True)
class Unusable:
    """Why a fact cannot be used, where it stands if it stands anywhere, and when it ended if it is only too old."""

    reason: Text
    pointers: tuple[str, ...] = ()
    expired_on: date | None = None


def ledger(evidence: Sequence[Evidence], project: str, today: date) -> Ledger:
    """All facts of ``evidence``, to be asked on behalf of ``project`` on ``today`` (a date in UTC)."""
    by_name: dict[str, list[Evidence]] = defaultdict(list)
    facts: dict[str, list[Place]] = defaultdict(list)
    for item in evidence:
        by_name[item.name].append(item)
        begun = None if item.provenance is None else item.provenance.started.astimezone(UTC).date()
        for number, fact in enumerate(item.facts):
            facts[fact.id].append(Place(item, number, begun if fact.observed_on is None else fact.observed_on))
    return Ledger(project, today, dict(by_name), dict(facts))


def observe(book: Ledger, fact: str, evidence: str, unit: Unit, max_age_days: int) -> Place | Unusable:
    """The fact called ``fact`` if it has a value that can be judged, else the reason why not.

    It must stand once in the whole run, in the evidence called ``evidence``, which ended well and is of this project,
    in ``unit``, neither older than ``max_age_days`` nor from the future.
    """
    places = book.facts.get(fact, [])
    here = [p for p in places if p.evidence.name == evidence]
    trouble = _trouble_with_evidence(book, evidence, fact)
    if trouble is None and len(places) > 1:
        trouble = _doubled(_pointers(places))
    if trouble is None and not here:
        trouble = _missing(book.evidence[evidence][0], fact)
    if trouble is None:
        trouble = _trouble_with_fact(here[0], unit)
    if trouble is not None:
        return Unusable(trouble, _pointers(places) if places else _cause(book, evidence))
    return _in_time(here[0], max_age_days, book.today)


def _pointers(places: Sequence[Place]) -> tuple[str, ...]:
    return tuple(sorted(p.pointer for p in places))


def _trouble_with_evidence(book: Ledger, name: str, fact: str) -> Text | None:
    found = book.evidence.get(name, [])
    if not found:
        if name == DECLARATIONS:
            return _undeclared(fact)
        return Text(
            en=f"This run did not look at it: it holds no evidence “{name}”.",
            fr=f"Cette évaluation ne l’a pas examiné : elle ne contient pas de preuve « {name} ».",
        )
    if len(found) > 1:
        return Text(
            en=f"The evidence “{name}” stands {len(found)} times in this run; which one is right cannot be told.",
            fr=f"La preuve « {name} » figure {len(found)} fois dans l’évaluation ; rien ne dit laquelle est la bonne.",
        )
    item = found[0]
    if item.project != book.project:
        return Text(
            en=f"The evidence “{name}” is of another project, “{item.project}”.",
            fr=f"La preuve « {name} » vient d’un autre projet, « {item.project} ».",
        )
    if item.status in (Status.ERROR, Status.SKIPPED):
        return _nothing_seen(item)
    return None


def _trouble_with_fact(place: Place, unit: Unit) -> Text | None:
    fact = place.fact
    if fact.value is None:
        return None if fact.reason is None else sentence(fact.reason)
    if fact.unit is not unit:
        return Text(
            en=f"It was observed in “{fact.unit.value}” and is asked in “{unit.value}”.",
            fr=f"L’observation est en « {fact.unit.value} », la question en « {unit.value} ».",
        )
    if _is_below_zero(fact.value) or _is_below_zero(fact.low) or _is_below_zero(fact.high):
        return Text(
            en=f"It reads {fact.value}, and no such thing can be below zero.",
            fr=f"La valeur lue est {fact.value}, or rien de tel n’est inférieur à zéro.",
        )
    if place.evidence.name == DECLARATIONS and (fact.observed_on is None or not fact.source):
        return Text(
            en="The declaration has no date, owner or link.",
            fr="La déclaration n’a pas de date, de responsable ou de lien.",
        )
    return None


def _is_below_zero(value: bool | float | str | None) -> bool:
    return isinstance(value, (int, float)) and value < 0


def _in_time(place: Place, max_age_days: int, today: date) -> Place | Unusable:
    observed_on = place.observed_on
    if observed_on is None:
        return Unusable(
            Text(en="Nothing says when it was observed.", fr="Rien ne dit quand cela a été observé."), (place.pointer,)
        )
    if observed_on > today:
        future = Text(
            en=f"It is dated {day(observed_on, 'en')}, in the future.",
            fr=f"La date du {day(observed_on, 'fr')} est dans le futur.",
        )
        return Unusable(future, (place.pointer,))
    age = (today - observed_on).days
    if age > max_age_days:
        stale = Text(
            en=f"It dates from {day(observed_on, 'en')}, {age} days ago; it counts for {max_age_days} days.",
            fr=f"Cela date du {day(observed_on, 'fr')}, il y a {age} jours ; cela vaut {max_age_days} jours.",
        )
        return Unusable(stale, (place.pointer,), last_day(observed_on, max_age_days))
    return place


def _missing(item: Evidence, fact: str) -> Text:
    if item.name == DECLARATIONS:
        return _undeclared(fact)
    missing = Text(en="It was not observed", fr="Cela n’a pas été observé")
    return sentence(missing) if item.reason is None else followed(missing, item.reason)


def _undeclared(fact: str) -> Text:
    return Text(en=f"Nobody has declared it ({fact}).", fr=f"Personne ne l’a déclaré ({fact}).")


def _nothing_seen(item: Evidence) -> Text:
    """Why a whole collection saw nothing, in the words of the collector itself; the model requires them."""
    assert item.reason is not None
    return sentence(item.reason)


def _cause(book: Ledger, name: str) -> tuple[str, ...]:
    """Where the reason of a collection that did not see all of it stands."""
    return (f"{name}.json#/reason",) if any(e.reason is not None for e in book.evidence.get(name, [])) else ()


def _doubled(pointers: tuple[str, ...]) -> Text:
    where = ", ".join(pointers)
    return Text(
        en=f"It stands {len(pointers)} times ({where}); which one is right cannot be told.",
        fr=f"Cela figure {len(pointers)} fois ({where}) ; rien ne dit laquelle est la bonne.",
    )
