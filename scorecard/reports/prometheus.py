"""The scorecard as Prometheus metrics (text exposition format 0.0.4), for dashboards and alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

from scorecard.criteria import Domain
from scorecard.evidence import Fact, Severity, Unit
from scorecard.reports.characters import one_line
from scorecard.reports.places import set_aside
from scorecard.scorecard import Decision, GradeRange, Scorecard, Verdict

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True)
class Metric:
    """A gauge with its samples; the label ``project`` is added to each."""

    name: str
    help: str
    samples: tuple[Sample, ...]


def render(card: Scorecard, lang: str) -> str:
    """``card`` as gauges; identifiers and help are the same in every language.

    What is not known has no value: its sample is left out and ``portance_fact_observed`` (or
    ``portance_capacity_known``) is 0, so that an alert can be set on it. No unknown is written as 0 or NaN.
    """
    del lang
    blocks = (_block(metric, card.project.name) for metric in _metrics(card) if metric.samples)
    return "".join(blocks)


def _metrics(card: Scorecard) -> Iterator[Metric]:
    decided = tuple(({"decision": d.value}, float(d is card.decision)) for d in Decision)
    yield Metric("portance_decision", "1 for the decision taken, 0 for the others.", decided)
    yield Metric(
        "portance_exit_code", "Exit code of the gate: 0 met, 1 not met, 2 could not be judged.",
        (({}, float(card.decision.exit_code)),),
    )  # fmt: skip
    graded = datetime.combine(card.graded_on, time(), UTC).timestamp()
    yield Metric("portance_graded_timestamp_seconds", "Start of the day (UTC) of the judgement.", (({}, graded),))
    yield Metric(
        "portance_grade_info", "Grade with unknowns as failures (low) and as passes (high).",
        (({"low": card.grade.low, "high": card.grade.high}, 1.0),),
    )  # fmt: skip
    yield Metric("portance_score", "Score from 0 to 1 at both ends of the grade.", tuple(_ends(card.grade, {})))
    shares = (("answered", card.coverage), ("fresh", card.confidence), ("measured", card.measured_share))
    yield Metric(
        "portance_questions_ratio",
        "Share of the weight of the questions: answered, answered by fresh evidence, and of the answered the measured.",
        tuple(({"share": name}, share) for name, share in shares),
    )
    colours = tuple(({"indicator": i.id, "colour": i.colour.value}, 1.0) for i in card.indicators)
    yield Metric("portance_indicator", "Always 1; the label colour is that of the official indicator.", colours)
    domains = [(d.id.value, d.grade) for d in card.domains if d.grade is not None]
    scores = tuple(s for name, grade in domains for s in _ends(grade, {"domain": name}))
    yield Metric("portance_domain_score", "Score of a domain from 0 to 1 at both ends of its grade.", scores)
    yield Metric("portance_criteria", "Criteria by domain and verdict.", tuple(_counts(card)))
    verdicts = tuple(
        ({"criterion": j.criterion.id, "domain": j.criterion.domain.value,
          "blocking": "true" if j.criterion.blocking else "false", "verdict": j.verdict.value}, 1.0)
        for j in card.judged
    )  # fmt: skip
    yield Metric("portance_criterion", "Always 1; the label verdict says what the criterion came to.", verdicts)
    yield from _capacity(card)
    yield from _facts(card)
    yield Metric("portance_findings", "Findings by severity, without those set aside.", tuple(_findings(card)))
    statuses = Counter((e.name, e.status.value) for e in card.evidence)
    evidence = tuple(({"evidence": name, "status": status}, float(n)) for (name, status), n in statuses.items())
    yield Metric("portance_evidence", "Evidence by the way its collection ended.", evidence)


def _ends(grade: GradeRange, labels: dict[str, str]) -> Iterator[Sample]:
    yield {**labels, "end": "low"}, grade.score_low
    yield {**labels, "end": "high"}, grade.score_high


def _counts(card: Scorecard) -> Iterator[Sample]:
    found = Counter((j.criterion.domain, j.verdict) for j in card.judged)
    for domain in Domain:
        for verdict in Verdict:
            yield {"domain": domain.value, "verdict": verdict.value}, float(found[domain, verdict])


def _capacity(card: Scorecard) -> Iterator[Metric]:
    held = card.capacity
    known = float(held.users_low is not None)
    yield Metric("portance_capacity_known", "1 when the users held are known, else 0.", (({}, known),))
    users = [("low", held.users_low), ("value", held.users), ("high", held.users_high)]
    samples = tuple(({"end": end}, float(value)) for end, value in users if value is not None)
    yield Metric("portance_capacity_users", "Users the service holds, with the interval of the measurement.", samples)
    yield Metric("portance_target_users", "Users the service is meant for.", (({}, float(card.project.users)),))


def _facts(card: Scorecard) -> Iterator[Metric]:
    """Numbers and yes/no answers; a fact that stands twice counts as not observed, since the two may differ."""
    found: dict[tuple[str, str, str], list[Fact]] = {}
    for evidence in card.evidence:
        for fact in evidence.facts:
            if fact.unit is not Unit.TEXT:
                found.setdefault((evidence.name, fact.id, fact.unit.value), []).append(fact)
    named = [(dict(zip(("evidence", "fact", "unit"), key, strict=True)), facts) for key, facts in found.items()]
    once = [(labels, facts[0]) for labels, facts in named if len(facts) == 1]
    observed = tuple((labels, float(len(facts) == 1 and facts[0].value is not None)) for labels, facts in named)
    values = tuple((labels, float(fact.value)) for labels, fact in once if isinstance(fact.value, bool | int | float))
    yield Metric("portance_fact_observed", "1 when the fact was observed, 0 when it is not known.", observed)
    yield Metric("portance_fact", "Value of a fact in the unit of its label; yes is 1, no is 0.", values)
    for end in ("low", "high"):
        ends = ((labels, getattr(fact, end)) for labels, fact in once if fact.value is not None)
        samples = tuple((labels, float(value)) for labels, value in ends if value is not None)
        yield Metric(f"portance_fact_{end}", f"The {end} end of the interval of a fact.", samples)


def _findings(card: Scorecard) -> Iterator[Sample]:
    found = Counter((e.name, f.severity) for e in card.evidence for f in e.findings if not set_aside(f, card))
    for name in sorted({name for name, _ in found}):
        for severity in Severity:
            yield {"evidence": name, "severity": severity.value}, float(found[name, severity])


def _block(metric: Metric, project: str) -> str:
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
    lines += [f"{metric.name}{_labels({'project': project, **labels})} {value!r}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    """A label value: on one line, with the backslash and the quote escaped."""
    return one_line(value).replace("\\", "\\\\").replace('"', '\\"')
