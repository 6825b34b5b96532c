"""What a project is asked to declare, and how its declarations stand on a day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scorecard.criteria import Criterion, Domain
from scorecard.declarations import fact_of, units
from scorecard.evidence import Text, Unit
from scorecard.project import Declaration, ProjectError, ProjectFile

Value = bool | int | float | str

_YES = frozenset({"y", "yes", "o", "oui", "true", "vrai"})
_NO = frozenset({"n", "no", "non", "false", "faux"})
_IN_THE_FILE = {"oui": "yes", "non": "no", "partiellement": "partly", "en partie": "partly"}
"""Words that a project file holds in English, as a French speaker types them."""


@dataclass(frozen=True)
class Question:
    """A declared criterion as this project is asked it, and what it has declared so far."""

    criterion: Criterion
    declared: Declaration | None

    @property
    def expires(self) -> date | None:
        """The last day on which the declaration counts; None without one."""
        if self.declared is None:
            return None
        try:
            return self.declared.date + timedelta(days=self.criterion.max_age_days)
        except OverflowError:
            return date.max

    def open(self, today: date) -> bool:
        """Whether nothing is declared that counts on ``today``."""
        return self.expires is None or self.expires < today


def questions(project: ProjectFile, criteria: Sequence[Criterion]) -> tuple[Question, ...]:
    """The questions of this kind of project, one a fact (of two the sooner to expire): what closes the gate first.

    Then by domain in the order of the page, the heavier ones first, since few people answer a hundred at once.
    """
    declared = {d.fact: d for d in project.declarations}
    asked: dict[str, Criterion] = {}
    for criterion in criteria:
        if criterion.basis == "declared" and project.project.kind in criterion.kinds:
            settled = criterion.in_tier(project.project.tier)
            first = asked.setdefault(criterion.fact, settled)
            if settled.max_age_days < first.max_age_days:
                asked[criterion.fact] = settled
    order = list(Domain)
    found = sorted(asked.values(), key=lambda c: (not c.blocking, order.index(c.domain), -c.weight))
    return tuple(Question(c, declared.get(c.fact)) for c in found)


def value_from(words: str, unit: Unit) -> Value:
    """What somebody wrote or typed as the value that a project file holds, in ``unit``.

    Raises:
        ValueError: it is nothing of that kind; the message is a sentence.
    """
    said = words.strip()
    match unit:
        case Unit.YES_NO:
            if said.lower() in _YES | _NO:
                return said.lower() in _YES
            raise ValueError("yes or no is expected")
        case Unit.TEXT:
            if not said:
                raise ValueError("a word is expected")
            return _IN_THE_FILE.get(said.lower(), said)
        case Unit.RATIO | Unit.SECOND:
            return _with_unit(said)
        case _:
            return _number(said)


def declaration(fact: str, value: Value, owner: str, link: str, on: date, criteria: Sequence[Criterion]) -> Declaration:
    """A declaration that a project file can hold.

    Raises:
        ProjectError: one line that says what does not fit.
    """
    for name, said in (("owner", owner), ("link", link)):
        if not said.strip():
            raise ProjectError(f"declarations: {fact}: {name}: missing")
    made = Declaration(fact=fact, value=value, owner=owner.strip(), link=link.strip(), date=on)
    fact_of(made, units(criteria))
    return made


def expected(unit: Unit) -> Text:
    """How an answer in ``unit`` is written."""
    match unit:
        case Unit.YES_NO:
            return Text(en="yes or no", fr="oui ou non")
        case Unit.TEXT:
            return Text(en="a word", fr="un mot")
        case Unit.RATIO:
            return Text(en="a percentage, 99.9 %", fr="un pourcentage, 99,9 %")
        case Unit.SECOND:
            return Text(en="a duration, 5 s or 400 ms", fr="une durée, 5 s ou 400 ms")
        case Unit.SCORE_OF_5 | Unit.SCORE_OF_10:
            return Text(en=f"a mark, out of {unit.value[1:]}", fr=f"une note, sur {unit.value[1:]}")
        case Unit.MONTHS | Unit.DAYS | Unit.YEARS:
            names = {Unit.MONTHS: ("months", "mois"), Unit.DAYS: ("days", "jours"), Unit.YEARS: ("years", "ans")}
            en, fr = names[unit]
            return Text(en=f"a number of {en}", fr=f"un nombre de {fr}" if fr[0] not in "a" else f"un nombre d’{fr}")
        case _:
            return Text(en="a number", fr="un nombre")


def _with_unit(said: str) -> str:
    """A number with its unit, as the file writes it: "99,9%" becomes "99.9 %"."""
    found = re.fullmatch(r"(\d+(?:[.,]\d+)?)[\s\u00a0\u202f]*(%|[a-z]+)", said)
    if found is None:
        raise ValueError("a number with its unit is expected")
    return f"{found[1].replace(',', '.')} {found[2]}"


def _number(said: str) -> int | float:
    plain = re.sub(r"[\s_\u00a0\u202f]", "", said).replace(",", ".")
    if re.fullmatch(r"-?\d+", plain):
        return int(plain)
    if re.fullmatch(r"-?\d+\.\d+", plain):
        return float(plain)
    raise ValueError("a number is expected")
