"""A criterion at length, as labelled lines for ``portance explain``."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.criteria import Criterion
from scorecard.evidence import Text, Unit
from scorecard.grading import thresholds
from scorecard.project import TIERS, ProjectFile, Tier
from scorecard.quantities import both

_YES = Text(en="yes", fr="oui")
_NO = Text(en="no", fr="non")
_BASIS = {"measured": Text(en="measured", fr="mesuré"), "declared": Text(en="declared", fr="déclaré")}
_TIERS = {
    "experiment": Text(en="experiment", fr="expérimentation"),
    "local": Text(en="local service", fr="service local"),
    "national": Text(en="national service", fr="service national"),
}
_EFFORT = {
    "hours": Text(en="hours", fr="quelques heures"),
    "days": Text(en="days", fr="quelques jours"),
    "weeks": Text(en="weeks", fr="quelques semaines"),
    "months": Text(en="months", fr="quelques mois"),
}
_USE = {
    "value": Text(en="the value", fr="la valeur"),
    "low": Text(en="the low end of the interval", fr="la borne basse de l’intervalle"),
    "high": Text(en="the high end of the interval", fr="la borne haute de l’intervalle"),
}


@dataclass(frozen=True)
class Line:
    """One labelled line."""

    label: Text
    text: Text


def explain(criterion: Criterion, project: ProjectFile | None = None) -> tuple[Line, ...]:
    """Everything a reader may ask about ``criterion``; with ``project``, its thresholds as that project has them."""
    by_tier = criterion.by_tier if project is None else {}
    if project is not None:
        criterion = criterion.in_tier(project.project.tier)
    at = None if project is None else thresholds.line(criterion, project)
    fact = f"{criterion.fact} ({criterion.evidence}.json)"
    found = [
        Line(Text(en="Question", fr="Question"), criterion.title),
        Line(Text(en="Why", fr="Pourquoi"), criterion.why),
        Line(Text(en="Source", fr="Source"), criterion.source),
        Line(Text(en="Domain", fr="Domaine"), _same(criterion.domain.value)),
        Line(Text(en="Basis", fr="Base"), _BASIS[criterion.basis]),
        Line(Text(en="Fact", fr="Fait"), _same(fact)),
        Line(Text(en="Threshold", fr="Seuil"), thresholds.words(criterion, at)),
        *(_in_tier(criterion, tier) for tier in by_tier),
        Line(Text(en="Blocking", fr="Bloquant"), _blocking(criterion, settled=project is not None)),
        Line(Text(en="Weight", fr="Poids"), both(criterion.weight, Unit.COUNT)),
        Line(Text(en="Counts for", fr="Vaut pendant"), both(criterion.max_age_days, Unit.DAYS, None)),
        Line(Text(en="Asked of", fr="Demandé à"), _same(", ".join(criterion.kinds))),
        Line(Text(en="Remedy", fr="Remède"), criterion.remedy),
        Line(Text(en="Effort", fr="Effort"), _EFFORT[criterion.effort]),
    ]
    if criterion.use != "value":
        found.insert(7, Line(Text(en="Judged on", fr="Jugé sur"), _USE[criterion.use]))
    if criterion.requires:
        found.append(Line(Text(en="Counts only if", fr="Ne compte que si"), _same(", ".join(criterion.requires))))
    if criterion.judges == "measurement":
        found.append(
            Line(
                Text(en="Short of it", fr="En deçà"),
                Text(
                    en="unknown, since it judges the measurement and not the service",
                    fr="inconnu, car il juge la mesure et non le service",
                ),
            )
        )
    return tuple(found)


def _in_tier(criterion: Criterion, tier: Tier) -> Line:
    label = Text(en=f"Threshold, {_TIERS[tier].en}", fr=f"Seuil, {_TIERS[tier].fr}")
    return Line(label, thresholds.words(criterion.in_tier(tier), None))


def _blocking(criterion: Criterion, *, settled: bool) -> Text:
    """Whether it blocks, and in which tiers where that is not settled by a project."""
    if not criterion.blocking:
        return _NO
    if settled or criterion.blocks_in == TIERS:
        return _YES
    names = [_TIERS[tier] for tier in criterion.blocks_in]
    return Text(en=f"yes, {', '.join(n.en for n in names)}", fr=f"oui, {', '.join(n.fr for n in names)}")


def _same(words: str) -> Text:
    return Text(en=words, fr=words)
