"""Where what was declared and what was measured disagree, both are shown."""

from __future__ import annotations

from collections.abc import Mapping

from scorecard.evidence import Text
from scorecard.scorecard import Judged, Verdict

_GOOD = frozenset({Verdict.PASS})
_BAD = frozenset({Verdict.FAIL, Verdict.WAIVED})


def contradictions(judged: Mapping[str, Judged]) -> list[Text]:
    """One sentence for each declaration that a measurement of the same question contradicts."""
    found = []
    for item in judged.values():
        measured = judged.get(item.criterion.contradicts) if item.criterion.contradicts is not None else None
        if measured is not None and _disagree(item.verdict, measured.verdict):
            found.append(_both_sides(item, measured))
    return found


def _disagree(declared: Verdict, measured: Verdict) -> bool:
    return (declared in _GOOD and measured in _BAD) or (declared in _BAD and measured in _GOOD)


def _both_sides(declared: Judged, measured: Judged) -> Text:
    title = declared.criterion.title
    return Text(
        en=f"Declared and measured disagree on “{title.en}”. "
        f"Declared: {declared.reason.en} Measured: {measured.reason.en}",
        fr=f"Déclaré et mesuré se contredisent sur « {title.fr} ». "
        f"Déclaré : {declared.reason.fr} Mesuré : {measured.reason.fr}",
    )
