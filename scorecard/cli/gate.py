"""The gate's answer in ten lines for the log of a pipeline, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from scorecard.cli.cost import Cost
from scorecard.cli.waivers import Refused
from scorecard.evidence import Finding, Severity, Text
from scorecard.gating import BUILT_IN, Ruling
from scorecard.gating import baseline as against
from scorecard.quantities import day
from scorecard.reports import labels
from scorecard.reports.characters import for_log
from scorecard.reports.words import Words
from scorecard.scorecard import GradeRange, Judged, Verdict

MOST_LINES = 10
SCHEMA = "portance/gate/1"


def lines(ruling: Ruling, refused: Sequence[Refused], cost: Cost, lang: str) -> list[str]:
    """Decision, exit code and rule, then what closes the gate, the gravest first, and the cost of the gate.

    At most :data:`MOST_LINES` lines; what has no room is counted.
    """
    words = Words("fr" if lang == "fr" else "en")
    head = [words.say(ruling.card.decision_reason), words.say(_by_what(ruling))]
    closes, refuses = list(_closing_lines(ruling, words)), list(_refused(ruling, words))
    first = [*refuses, *closes] if ruling.card.decision.exit_code == 0 else [*closes, *refuses]
    reasons = [*first, *_notes(ruling, refused, words)]
    room = MOST_LINES - len(head) - 1
    if len(reasons) > room:
        left = len(reasons) - room + 1
        more = Text(en=f"… and {left} more; --json has them all", fr=f"… et {left} de plus ; --json les donne tous")
        reasons = [*reasons[: room - 1], words.say(more)]
    return [*map(for_log, head), *(f"  {for_log(line)}" for line in reasons), cost.said(lang)]


def as_document(ruling: Ruling, refused: Sequence[Refused], cost: Cost, lang: str) -> dict[str, Any]:
    """The same as JSON values, with everything that the log has no room for."""
    card, baseline = ruling.card, ruling.baseline
    return {
        "schema": SCHEMA,
        "decision": card.decision.value,
        "exit_code": ruling.exit_code,
        "grade": {"low": card.grade.low, "high": card.grade.high},
        "coverage": card.coverage,
        "reason": card.decision_reason.in_(lang),
        "policy": {"name": ruling.policy, "tables": list(ruling.tables)},
        "refusals": [
            {
                "at": refusal.at,
                "rule": refusal.rule,
                "certain": refusal.certain,
                "reason": refusal.text.in_(lang),
                "criteria": list(refusal.criteria),
            }
            for refusal in ruling.refusals
        ],
        "closing": [
            {"criterion": j.criterion.id, "verdict": j.verdict.value, "reason": j.reason.in_(lang)}
            for j in closing(ruling)
        ],
        "waivers": [
            {"criterion": w.criterion, "expires": w.expires.isoformat(), "approver": w.approver, "reason": w.reason}
            for w in ruling.waived
        ],
        "refused_waivers": [
            {"criterion": one.waiver.criterion, "at": one.at, "reason": one.text.in_(lang)} for one in refused
        ],
        "baseline": None
        if baseline is None
        else {
            "name": baseline.name,
            "graded_on": baseline.past.graded_on.isoformat(),
            "decision": baseline.past.decision.value,
            "new_failures": [j.criterion.id for j in against.new_failures(baseline, card)],
            "lost_answers": [j.criterion.id for j in against.lost_answers(baseline, card)],
            "new_findings": None if (new := against.new_findings(baseline, card)) is None else _by_severity(new),
            "not_scanned_again": list(against.not_scanned_again(baseline, card)),
        },
        "cost": asdict(cost),
    }


def closing(ruling: Ruling) -> Iterator[Judged]:
    """Blocking questions that are not met, the failures first."""
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.WARN):
        for judged in ruling.card.judged:
            if judged.criterion.blocking and judged.verdict is verdict:
                yield judged


def _by_what(ruling: Ruling) -> Text:
    code = ruling.exit_code
    if ruling.policy == BUILT_IN:
        rule = Text(en="by the built-in rule, no policy file", fr="par la règle de base, sans fichier de politique")
    else:
        tables, count = ", ".join(ruling.tables), len(ruling.refusals)
        rule = Text(
            en=f"by {ruling.policy} ({tables}), refusals: {count}",
            fr=f"par {ruling.policy} ({tables}), refus : {count}",
        )
    low = {lang: Words(lang).measured(ruling.card.coverage * 100) for lang in ("en", "fr")}
    grade = _grade(ruling.card.grade)
    return Text(
        en=f"Exit code {code} {rule.en}. Grade {grade.en}; {low['en']}% of the questions are answered.",
        fr=f"Code de sortie {code} {rule.fr}. Note {grade.fr} ; {low['fr']} % des questions ont une réponse.",
    )


def _grade(grade: GradeRange) -> Text:
    if grade.low == grade.high:
        return Text(en=grade.low, fr=grade.low)
    return Text(en=f"between {grade.low} and {grade.high}", fr=f"entre {grade.low} et {grade.high}")


def _refused(ruling: Ruling, words: Words) -> Iterator[str]:
    for refusal in ruling.refusals:
        head = Text(en="refused", fr="refusé") if refusal.certain else Text(en="cannot be told", fr="indécidable")
        yield f"{words.say(head)} – {words.say(refusal.text)} ({refusal.at})"


def _closing_lines(ruling: Ruling, words: Words) -> Iterator[str]:
    for judged in closing(ruling):
        verdict = words.gettext(labels.VERDICTS[judged.verdict])
        yield f"{verdict} – {words.say(judged.criterion.title)} ({judged.criterion.id}). {words.say(judged.reason)}"


def _notes(ruling: Ruling, refused: Sequence[Refused], words: Words) -> Iterator[str]:
    """What closes nothing by itself: waivers, and what moved since the baseline."""
    for item in refused:
        yield f"{words.say(Text(en='refused', fr='refusé'))} – {words.say(item.text)} ({item.at})"
    if ruling.baseline is not None:
        yield f"{words.say(_since(ruling, ruling.baseline))}"
    for waiver in ruling.waived:
        until = Text(en=f"until {day(waiver.expires, 'en')}", fr=f"jusqu’au {day(waiver.expires, 'fr')}")
        named = f"{waiver.criterion}, {words.say(until)}, {waiver.approver}"
        yield f"{words.say(Text(en='waived', fr='dérogation'))} – {named}. {waiver.reason}"


def _since(ruling: Ruling, baseline: against.Baseline) -> Text:
    failures = len(against.new_failures(baseline, ruling.card))
    lost = len(against.lost_answers(baseline, ruling.card))
    new = against.new_findings(baseline, ruling.card)
    findings = Text(en="not known", fr="inconnus") if new is None else Text(en=str(len(new)), fr=str(len(new)))
    return Text(
        en=f"against {baseline.name} of {day(baseline.past.graded_on, 'en')} – new failures: {failures}; "
        f"answers lost: {lost}; new findings: {findings.en}",
        fr=f"par rapport à {baseline.name} du {day(baseline.past.graded_on, 'fr')} – nouveaux échecs : {failures} ; "
        f"réponses perdues : {lost} ; nouveaux constats : {findings.fr}",
    )


def _by_severity(found: Sequence[Finding]) -> dict[str, int]:
    counted = Counter(one.severity for one in found)
    return {severity.value: counted[severity] for severity in Severity}
