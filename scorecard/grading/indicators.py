"""The official indicators forecast for this service: each in its publisher's colours, or grey with the reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scorecard.evidence import Text
from scorecard.grading.official import Official
from scorecard.grading.scales import UNKNOWN, Shade, points_of, scale, shade
from scorecard.grading.sentences import followed, quoted, sentence
from scorecard.quantities import both, day
from scorecard.scorecard import Colour, Indicator, Judged, Verdict

Value = bool | int | float | str

_NOT_MET = frozenset({Verdict.FAIL, Verdict.WAIVED})


@dataclass(frozen=True)
class _Reading:
    """What is known of an indicator: its value and how it came about."""

    value: Value
    basis: Literal["measured", "declared"]
    reason: Text
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class _Grey:
    """Why nothing is known."""

    reason: Text
    evidence: tuple[str, ...] = ()


def indicators(official: Sequence[Official], judged: Mapping[str, Judged]) -> tuple[Indicator, ...]:
    """Each of ``official`` that this kind of service is asked, read from the questions as they were judged.

    Whatever made a question unknown (no evidence, too old, short of its precondition) makes its indicator grey: no
    answer is no colour. A value under the peak load is forecast only where the peak itself was measured.
    """
    return tuple(_indicator(item, judged) for item in official if _is_asked(item, judged))


def _is_asked(item: Official, judged: Mapping[str, Judged]) -> bool:
    asked = [judged[name] for name in item.read_from if name in judged]
    return not any(j.verdict is Verdict.NOT_APPLICABLE for j in asked)


def _indicator(item: Official, judged: Mapping[str, Judged]) -> Indicator:
    found = _read(item, judged)
    seen = Shade(Colour.GREY, UNKNOWN, found.reason) if isinstance(found, _Grey) else shade(item, found.value)
    if item.red_without is not None:
        seen = _with_what_it_needs(item, item.red_without, seen, judged)
    if item.not_green_beside is not None:
        seen = _beside(item.not_green_beside, seen, judged)
    said = [text for text in (seen.but, None if isinstance(found, _Grey) else found.reason) if text is not None]
    known = found if isinstance(found, _Reading) and seen.colour is not Colour.GREY else None
    return Indicator(
        id=item.id,
        title=item.title,
        published_by=item.published_by,
        colour=seen.colour,
        value=None if known is None else known.value,
        unit=item.unit,
        shown=seen.shown,
        at_peak=item.at_peak and known is not None,
        basis=_basis(known, seen.colour),
        reason=said[0] if len(said) == 1 else followed(*said),
        scale=scale(item),
        evidence=found.evidence,
    )


def _basis(known: _Reading | None, colour: Colour) -> Literal["measured", "declared"] | None:
    """What the colour rests on; red without a value is red for want of a declaration."""
    if known is not None:
        return known.basis
    return "declared" if colour is Colour.RED else None


def _read(item: Official, judged: Mapping[str, Judged]) -> _Reading | _Grey:
    measured = None if item.measured_by is None else judged.get(item.measured_by)
    if measured is not None and measured.fact is not None and measured.verdict is not Verdict.UNKNOWN:
        return _single(measured)
    parts = []
    for name in item.read_from:
        part = judged.get(name)
        if part is None:
            return _Grey(
                Text(
                    en=f"No question of this catalogue asks for it ({name}).",
                    fr=f"Aucune question de ce référentiel ne porte dessus ({name}).",
                )
            )
        if part.fact is None:
            why = sentence(part.reason)
            return _Grey(why if item.beyond_a_run is None else followed(item.beyond_a_run, why), part.evidence)
        parts.append(part)
    if item.forecast is None:
        return _single(parts[0])
    return _summed(item, item.forecast, parts)


def _single(part: Judged) -> _Reading | _Grey:
    assert part.fact is not None
    value = part.fact.value
    if value is None:
        return _Grey(part.reason, part.evidence)
    if part.criterion.basis == "measured" or part.fact.observed_on is None:
        return _Reading(value, part.criterion.basis, part.reason, part.evidence)
    on, by = part.fact.observed_on, part.fact.source
    said = Text(
        en=f"Declared on {day(on, 'en')} by {by}; not observed under the peak load.",
        fr=f"Déclaré le {day(on, 'fr')} par {by} ; non observé sous la charge de pointe.",
    )
    return _Reading(value, "declared", said, part.evidence)


def _summed(item: Official, forecast: Text, parts: Sequence[Judged]) -> _Reading | _Grey:
    """The sum of the cautious ends of ``parts``, or of their points; declared as soon as one part is."""
    values = [_cautious(part) for part in parts]
    if any(v is None for v in values):
        return _Grey(Text(en="A part of the sum is not a number.", fr="Un terme de la somme n’est pas un nombre."))
    numbers = [v for v in values if v is not None]
    shown = [both(v, p.criterion.unit) for v, p in zip(numbers, parts, strict=True)]
    said = Text(en=forecast.en.format(*(s.en for s in shown)), fr=forecast.fr.format(*(s.fr for s in shown)))
    total: int | float = math.fsum(numbers)
    if item.points:
        total = sum(points_of(p, v) for p, v in zip(item.points, numbers, strict=True))
    declared = any(p.criterion.basis == "declared" for p in parts)
    pointers = tuple(dict.fromkeys(e for p in parts for e in p.evidence))
    return _Reading(total, "declared" if declared else "measured", said, pointers)


def _cautious(part: Judged) -> float | None:
    """The worse end of what was observed, else the value."""
    fact = part.fact
    if fact is None or fact.value is None or isinstance(fact.value, bool | str):
        return None
    end = fact.high if part.criterion.better == "lower" else fact.low
    return float(fact.value if end is None else end)


def _with_what_it_needs(item: Official, name: str, seen: Shade, judged: Mapping[str, Judged]) -> Shade:
    """Red where what the publisher asks for is missing or has run out, grey where nobody knows of it."""
    needed = judged.get(name)
    if needed is None:
        return seen
    title = quoted(needed.criterion.title)
    gone = [j for j in (needed, *(judged[n] for n in item.read_from if n in judged)) if _has_run_out(j)]
    if needed.verdict in _NOT_MET or gone:
        why = gone[0].reason if gone else needed.reason
        but = followed(Text(en=f"Red without {title.en}", fr=f"Rouge sans {title.fr}"), why)
        return Shade(
            Colour.RED, Text(en="not valid", fr="non valable") if seen.colour is Colour.GREY else seen.shown, but
        )
    if needed.verdict is Verdict.UNKNOWN and seen.colour not in (Colour.GREY, Colour.RED):
        but = followed(
            Text(en=f"It counts only with {title.en}", fr=f"Cela ne compte qu’avec {title.fr}"), needed.reason
        )
        return Shade(Colour.GREY, UNKNOWN, but)
    return seen


def _has_run_out(judged: Judged) -> bool:
    return judged.verdict is Verdict.UNKNOWN and judged.expires_on is not None


def _beside(name: str, seen: Shade, judged: Mapping[str, Judged]) -> Shade:
    """Yellow at best where a measurement shows that a green declaration cannot be right."""
    beside = judged.get(name)
    if beside is None or beside.verdict not in _NOT_MET or seen.colour is not Colour.GREEN:
        return seen
    but = followed(
        Text(en="Not green, since a measurement contradicts it", fr="Pas de vert, car une mesure le contredit"),
        beside.reason,
    )
    return Shade(Colour.YELLOW, seen.shown, but)
