"""Words, numbers and dates of the reports in the reader's language; the catalogue is compiled in memory."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Literal, TypeVar

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from scorecard import quantities
from scorecard.evidence import Fact, Machine, Text, Unit
from scorecard.reports import labels
from scorecard.scorecard import Action, GradeRange, Indicator

Lang = Literal["en", "fr"]

_Key = TypeVar("_Key")

_NARROW = "\u202f"
_SPACE = "\u00a0"
_UNITS = r"%|€|ms|s|min|h|j|[kMG]?[oB]"


@cache
def catalogue(lang: Lang) -> NullTranslations:
    """The catalogue of ``lang``, read from its .po file; English is the language of the messages themselves."""
    if lang == "en":
        return NullTranslations()
    source = resources.files(__package__) / "locale" / f"{lang}.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source.read_bytes()), locale=lang))
    compiled.seek(0)
    return Translations(compiled)


@dataclass(frozen=True)
class Words:
    """Everything a report says, in one language."""

    lang: Lang

    def gettext(self, message: str) -> str:
        """The message in the reader's language, with its typography."""
        return self.spaced(catalogue(self.lang).gettext(message))

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The message that fits ``count``; its placeholders are left to be filled in."""
        return self.spaced(catalogue(self.lang).ngettext(one, many, count))

    def counted(self, forms: tuple[str, str], count: int) -> str:
        """The form that fits ``count``, with it filled in."""
        return self.ngettext(*forms, count) % {"number": self.number(count)}

    def say(self, text: Text | None) -> str:
        """A bilingual sentence of the scorecard in the reader's language; empty for None."""
        return "" if text is None else self.spaced(text.in_(self.lang))

    def spaced(self, text: str) -> str:
        """``text`` with the spaces that must not break: within numbers, before units and French punctuation."""
        text = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", _NARROW, text)
        text = re.sub(rf"(?<=\d) (?=(?:{_UNITS})(?!\w))", _SPACE, text)
        if self.lang == "fr":
            text = re.sub(r"(?<=\S)[ \u00a0](?=[;!?])", _NARROW, text)
            text = re.sub(r"(?<=\S) (?=[:»])", _SPACE, text)
            text = re.sub(r"(?<=«) ", _SPACE, text)
        return text

    def name(self, names: Mapping[_Key, str], key: _Key) -> str:
        """The name of ``key`` in a table of :mod:`scorecard.reports.labels`; a key not in it shows as it is."""
        return self.gettext(names[key]) if key in names else str(key)

    def cell(self, value: object) -> str:
        """A word in a data table: one of the programs' own words by its name, anything else as it is."""
        return self.name(labels.CELLS, str(value))

    def number(self, value: float) -> str:
        """``value`` in the reader's number format, whole, for axes and counts."""
        return quantities.number(value, self.lang, None)

    def measured(self, value: float) -> str:
        """``value`` with the digits a measurement deserves."""
        return quantities.number(value, self.lang)

    def share(self, value: float) -> str:
        """``value`` (0 to 1) as a whole percentage that reaches 0 and 100 only when it is none and all."""
        whole = min(max(round(100 * value), 1), 99) if 0 < value < 1 else round(100 * value)
        return f"{self.number(whole)}{_NARROW}%" if self.lang == "fr" else f"{self.number(whole)}%"

    def grade(self, grade: GradeRange) -> str:
        """The grade in words: one letter, or the two it lies between."""
        if grade.low == grade.high:
            return grade.low
        return self.gettext("between %(low)s and %(high)s") % {"low": grade.low, "high": grade.high}

    def machine(self, machine: Machine) -> str:
        """A machine in a line: processor, cores, memory, system."""
        cores = self.counted(labels.CORES, machine.cores)
        return f"{machine.cpu}, {cores}, {self.quantity(machine.memory_bytes, Unit.BYTES)}, {machine.system}"

    def standing(self, indicator: Indicator) -> str:
        """How an official indicator is known: measured or declared, at the peak or not; nothing where it is not."""
        if indicator.basis is None:
            return ""
        basis = self.gettext("measured") if indicator.basis == "measured" else self.gettext("declared")
        return ", ".join([basis, self.gettext("at the busiest moment")]) if indicator.at_peak else basis

    def unanswered(self, count: int, asked: int) -> str:
        """How many of the questions that apply have no answer yet."""
        if not count:
            return self.gettext("Every question has an answer.")
        numbers = {"number": self.number(count), "all": self.number(asked)}
        return self.ngettext(*labels.OPEN_QUESTIONS, count) % numbers

    def moves(self, action: Action) -> str:
        """What ``action`` moves, in the words of the judgement; its points where the judgement has no words for it."""
        return self.say(action.moves) or self.gain(action)

    def gain(self, action: Action) -> str:
        """What ``action`` moves in the grade: two digits, an order of magnitude; an answer may turn out a failure."""
        shown = float(f"{action.gain:.2g}")
        one = shown < 2 if self.lang == "fr" else shown == 1
        forms = labels.MOST_GAIN if action.kind == "measure" else labels.GAIN
        return self.ngettext(*forms, 1 if one else 2) % {"number": quantities.number(shown, self.lang, None)}

    def quantity(self, value: bool | float | str | None, unit: Unit) -> str:
        """``value`` with its unit; "unknown" for None, which is never shown as a number."""
        return self.gettext("unknown") if value is None else quantities.quantity(value, unit, self.lang)

    def fact(self, fact: Fact | None) -> str:
        """The value of ``fact``, with its interval where it has one."""
        if fact is None or fact.value is None:
            return self.gettext("unknown")
        value = self.quantity(fact.value, fact.unit)
        if fact.low is not None and fact.high is None:
            return self.gettext("at least %(low)s") % {"low": self.quantity(fact.low, fact.unit)}
        if fact.low is None or fact.high is None or fact.low == fact.high:
            return value
        low, high = (self.quantity(end, fact.unit) for end in (fact.low, fact.high))
        return self.gettext("%(value)s (between %(low)s and %(high)s)") % {"value": value, "low": low, "high": high}

    def date(self, day: date) -> str:
        """``day`` written out, such as 22 November 2026."""
        return quantities.day(day, self.lang)

    def moment(self, moment: datetime) -> str:
        """``moment`` written out in UTC, to the minute."""
        utc = moment.astimezone(UTC)
        return f"{self.date(utc.date())}, {utc:%H:%M} UTC"

    def span(self, start: datetime, end: datetime) -> str:
        """From when to when, in UTC, the day said once where it is the same."""
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        if first.date() != last.date():
            message = self.gettext("from %(start)s to %(end)s")
            return message % {"start": self.moment(first), "end": self.moment(last)}
        message = self.gettext("%(date)s, from %(start)s to %(end)s UTC")
        return message % {"date": self.date(first.date()), "start": f"{first:%H:%M}", "end": f"{last:%H:%M}"}

    def hour(self, hour: int) -> str:
        """An hour of the day on an axis."""
        return f"{hour}{_SPACE}h" if self.lang == "fr" else f"{hour:02}:00"
