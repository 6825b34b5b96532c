"""Rules on words: both languages, French typography, and a source that a reader can look up."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scorecard.criteria import Criterion
from scorecard.linting.problem import Problem, problem

LEAST_SOURCE = 8
"""Characters under which no source says where to look ("RGPD, art. 6" has 12)."""

_BARE = {"field practice", "practice", "good practice", "standard", "law", "internal", "experience"}
_LOOSE_SIGN = re.compile("(?<=\\S)(?:[^\\S\\u202f\\u00a0])[;:?!»%](?=\\s|$)|«[^\\S\\u202f\\u00a0]")


def badly_worded(criterion: Criterion) -> Iterator[Problem]:
    """What is missing or the same in both languages, or badly set in French; a source without a reference."""
    said = {"title": criterion.title, "why": criterion.why, "remedy": criterion.remedy, "source": criterion.source}
    for name, text in said.items():
        for lang, words in (("en", text.en), ("fr", text.fr)):
            if not words.strip():
                yield problem(criterion, "languages", f"{name}.{lang} says nothing", f"{name}.{lang} ne dit rien")
        if name != "source" and text.en.strip() and text.en.strip() == text.fr.strip():
            yield problem(
                criterion,
                "languages",
                f"{name} is the same in English and in French",
                f"{name} est identique en anglais et en français",
            )
        if "'" in text.fr or _LOOSE_SIGN.search(text.fr):
            yield problem(
                criterion,
                "typography",
                f"{name}.fr has a straight apostrophe, or a sign that is not held by a no-break space",
                f"{name}.fr contient une apostrophe droite, ou un signe sans espace insécable",
            )
    source = criterion.source.en.strip()
    if len(source) < LEAST_SOURCE or source.rstrip(".:").lower() in _BARE:
        yield problem(
            criterion,
            "source",
            f"the source {source!r} cannot be looked up",
            f"la source « {criterion.source.fr} » ne peut être consultée",
        )
