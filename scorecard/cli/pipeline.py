"""What a pipeline on GitHub reads beside the log: annotations on lines of code, outputs, and the summary of the job.

GitHub shows ten annotations of each level for a step and drops the others unseen; the gravest come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scorecard.cli.waivers import Refused
from scorecard.evidence import Severity, Text
from scorecard.gating import Ruling
from scorecard.reports import markdown
from scorecard.reports.characters import for_log, one_line
from scorecard.reports.places import anchor, place, set_aside
from scorecard.scorecard import Decision, Scorecard

MOST_OF_A_LEVEL = 10
REFUSALS = 4
"""Refusals among the errors: the others leave room for findings."""

Level = Literal["error", "warning", "notice"]

_LEVELS: dict[Severity, Level] = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
"""Findings of low severity are in SARIF and in the report, not beside the code."""


@dataclass(frozen=True)
class Annotation:
    """A remark of a level on a line of a file, or on the whole job where ``file`` is None."""

    level: Level
    title: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        """The workflow command that makes it; none of its words can be a command of its own."""
        places = [] if self.file is None else [f"file={_property(self.file)}"]
        if self.line is not None:
            places.append(f"line={self.line}")
        return f"::{self.level} {','.join([*places, f'title={_property(self.title)}'])}::{_data(self.message)}"


def target_branch(environment: Mapping[str, str]) -> str | None:
    """The branch that a change would go into: of a merge request its target, else the branch itself."""
    names = ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME")
    return next((environment[name] for name in names if environment.get(name)), None)


def remarks(ruling: Ruling, refused: Sequence[Refused], lang: str) -> list[Annotation]:
    """The ruling, what refuses, then the findings by severity; at most ten of each level."""
    every = [_decision(ruling, lang), *_refusals(ruling, lang), *_waivers(refused, lang), *_findings(ruling.card)]
    kept: list[Annotation] = []
    for remark in every:
        if sum(one.level == remark.level for one in kept) < MOST_OF_A_LEVEL:
            kept.append(remark)
    return kept


def tell_github(
    environment: Mapping[str, str], ruling: Ruling, refused: Sequence[Refused], log: Sequence[str], lang: str, run: Path
) -> list[str]:
    """Append outputs and summary to the files that GitHub names; the workflow commands to print, none elsewhere.

    Raises:
        OSError: a file that GitHub names cannot be written.
    """
    if environment.get("GITHUB_OUTPUT"):
        _append(environment["GITHUB_OUTPUT"], "".join(f"{key}={value}\n" for key, value in _outputs(ruling, run)))
    if environment.get("GITHUB_STEP_SUMMARY"):
        _append(environment["GITHUB_STEP_SUMMARY"], _summary(ruling, log, lang))
    if environment.get("GITHUB_ACTIONS") != "true":
        return []
    return [str(remark) for remark in remarks(ruling, refused, lang)]


def _summary(ruling: Ruling, log: Sequence[str], lang: str) -> str:
    """What the gate says, then the report: a go that a policy refuses must not read as a go."""
    title = {
        0: Text(en="The gate is open", fr="Le contrôle donne son accord"),
        1: Text(en="The gate is closed", fr="Le contrôle refuse"),
    }.get(ruling.exit_code, Text(en="The gate could not judge", fr="Le contrôle n’a pas pu juger"))
    quoted = "\n".join(f"    {line}" for line in log)
    return f"## {title.in_(lang)}\n\n{quoted}\n\n{markdown.render(ruling.card, lang)}\n"


def _outputs(ruling: Ruling, run: Path) -> Iterator[tuple[str, str]]:
    card = ruling.card
    held = card.capacity.users_low
    yield "decision", card.decision.value
    yield "exit-code", str(ruling.exit_code)
    yield "grade-low", card.grade.low
    yield "grade-high", card.grade.high
    yield "users-low", "" if held is None else str(held)
    yield "policy", one_line(ruling.policy)
    yield "run", one_line(str(run))


def _decision(ruling: Ruling, lang: str) -> Annotation:
    card, title = ruling.card, f"Portance, {ruling.card.project.name}"
    reason = card.decision_reason
    if ruling.exit_code != card.decision.exit_code:
        reason = Text(
            en=f"Refused beyond the decision of the scorecard, which is: {reason.en}",
            fr=f"Refusé au-delà de la décision de la fiche d’évaluation, qui est : {reason.fr}",
        )
    if ruling.exit_code != 0:
        return Annotation("error", title, reason.in_(lang))
    level: Level = "warning" if card.decision is Decision.CONDITIONAL else "notice"
    return Annotation(level, title, reason.in_(lang))


def _refusals(ruling: Ruling, lang: str) -> Iterator[Annotation]:
    title = Text(en="Refused by the policy", fr="Refusé par la politique").in_(lang)
    for refusal in ruling.refusals[:REFUSALS]:
        yield Annotation("error", title, refusal.text.in_(lang), *_split(refusal.at))


def _waivers(refused: Sequence[Refused], lang: str) -> Iterator[Annotation]:
    title = Text(en="Waiver refused", fr="Dérogation refusée").in_(lang)
    for item in refused:
        yield Annotation("warning", title, item.text.in_(lang), *_split(item.at))


def _split(at: str) -> tuple[str, int | None]:
    """File and line of ``file:line``; the whole is a file where no line is known."""
    file, _, line = at.rpartition(":")
    return (file, int(line)) if file and line.isdecimal() else (at, None)


def _findings(card: Scorecard) -> Iterator[Annotation]:
    """Findings on lines of code that nobody set aside, the gravest first."""
    found = [f for e in card.evidence for f in e.findings if f.severity in _LEVELS and not set_aside(f, card)]
    order = list(Severity)
    for finding in sorted(found, key=lambda f: (order.index(f.severity), f.location, f.rule)):
        where = place(finding.location, card.project)
        if where.path is not None:
            file, line = anchor(where, card.project)
            yield Annotation(
                _LEVELS[finding.severity], f"{finding.category}/{finding.rule}", finding.message, file, line
            )


def _append(path: str, words: str) -> None:
    with Path(path).open("a", encoding="utf-8", errors="replace") as file:
        file.write(words)


def _data(words: str) -> str:
    return for_log(words).replace("%", "%25")


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")
