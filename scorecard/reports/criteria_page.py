"""The documentation of a catalogue: one Markdown page, an index and then a section a criterion, by domain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from scorecard.criteria import Criterion
from scorecard.evidence import Text
from scorecard.grading import explain, thresholds
from scorecard.project import KINDS, TIERS
from scorecard.reports.labels import DOMAINS
from scorecard.reports.labels import KINDS as KIND_NAMES
from scorecard.reports.labels import TIERS as TIER_NAMES
from scorecard.reports.words import Words

_TITLE = Text(en="The criteria", fr="Les critères")
_INTRODUCTION = Text(
    en="{count} criteria in ten domains, made from the catalogue by `portance criteria --format md`: do not edit this "
    "page. A criterion is met, nearly met or not met by one fact; it is unknown when that fact is missing, broken, too "
    "old, or measured under conditions that do not count. What blocks depends on the tier of the service: *national* "
    "from 200,000 users on, *local* below, *experiment* only where the project file says so.",
    fr="{count} critères en dix domaines, tirés du catalogue par `portance criteria --format md`\u202f: "
    "ne pas modifier cette page. "
    "Un critère est satisfait, presque satisfait ou non satisfait d’après un seul fait\u202f; il est inconnu dès que "
    "ce fait manque, est abîmé, trop vieux, ou mesuré dans des conditions qui ne comptent pas. "
    "Ce qui bloque dépend du niveau du service\u202f: *national* à partir de 200 000 usagers, *local* au-dessous, "
    "*expérimentation* si le fichier de projet le dit.",
)
_HEADS = (
    Text(en="Criterion", fr="Critère"),
    Text(en="Threshold", fr="Seuil"),
    Text(en="Blocks", fr="Bloque"),
)
_PROFILE_HEADS = (
    Text(en="Kind of service", fr="Type de service"),
    Text(en="`kind`", fr="`kind`"),
    Text(en="measured", fr="mesurés"),
    Text(en="declared", fr="déclarés"),
)
_SHOWN_ELSEWHERE = ("Question", "Domain")
"""Lines of the explanation that the headings say already."""


def page(criteria: Sequence[Criterion], lang: str) -> str:
    """The whole page in ``lang`` ("en" or "fr")."""
    return "\n".join(_lines(criteria, Words("fr" if lang == "fr" else "en"))) + "\n"


def blocks(criterion: Criterion, words: Words) -> str:
    """Where ``criterion`` blocks: nowhere, always, or in these tiers."""
    if not criterion.blocking:
        return "–"
    if criterion.blocks_in == TIERS:
        return Text(en="always", fr="toujours").in_(words.lang)
    return ", ".join(words.gettext(TIER_NAMES[tier]) for tier in criterion.blocks_in)


def _lines(criteria: Sequence[Criterion], words: Words) -> Iterator[str]:
    lang = words.lang
    yield f"# {_TITLE.in_(lang)}"
    yield ""
    yield _INTRODUCTION.in_(lang).format(count=len(criteria))
    yield from _profiles(criteria, words)
    domains = [(domain, tuple(group)) for domain, group in groupby(criteria, key=lambda c: c.domain)]
    for domain, group in domains:
        yield ""
        yield f"## {words.gettext(DOMAINS[domain])}"
        yield ""
        yield "| " + " | ".join(head.in_(lang) for head in _HEADS) + " |"
        yield "|---|---|---|"
        for criterion in group:
            link = f"[{_cell(criterion.title.in_(lang))}](#{criterion.id})"
            yield f"| {link} | {_cell(thresholds.words(criterion, None).in_(lang))} | {blocks(criterion, words)} |"
        for criterion in group:
            yield from _section(criterion, lang)


def _profiles(criteria: Sequence[Criterion], words: Words) -> Iterator[str]:
    """How many questions each kind of service is asked, and how many of them block in each tier."""
    lang = words.lang
    tiers = [words.gettext(TIER_NAMES[tier]) for tier in TIERS]
    blocking = Text(en="blocking, ", fr="bloquants, ").in_(lang)
    heads = [head.in_(lang) for head in _PROFILE_HEADS]
    yield ""
    yield f"| {' | '.join([*heads, *(blocking + tier for tier in tiers)])} |"
    yield "|---" * (len(heads) + len(tiers)) + "|"
    for kind in KINDS:
        asked = [c for c in criteria if kind in c.kinds]
        declared = sum(c.basis == "declared" for c in asked)
        closing = [sum(c.in_tier(tier).blocking for c in asked) for tier in TIERS]
        cells = [words.gettext(KIND_NAMES[kind]), f"`{kind}`", len(asked) - declared, declared, *closing]
        yield f"| {' | '.join(str(cell) for cell in cells)} |"


def _section(criterion: Criterion, lang: str) -> Iterator[str]:
    yield ""
    yield f'<a id="{criterion.id}"></a>'
    yield ""
    yield f"### {criterion.title.in_(lang)}"
    yield ""
    yield f"`{criterion.id}`"
    yield ""
    colon = "\u202f:" if lang == "fr" else ":"
    for line in explain(criterion):
        if line.label.en not in _SHOWN_ELSEWHERE:
            yield f"- **{line.label.in_(lang)}**{colon} {line.text.in_(lang)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
