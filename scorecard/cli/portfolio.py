"""``portance portfolio DIR``: many projects as a table in the terminal, as JSON values, and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from scorecard.cli.errors import CommandError
from scorecard.cli.portfolio_files import read
from scorecard.cli.runs import write_text
from scorecard.criteria import catalogue
from scorecard.evidence import Text
from scorecard.grading.official import OFFICIAL
from scorecard.portfolio import GOAL, Portfolio, Project, Standing, Unreadable, portfolio
from scorecard.reports import portfolio_page
from scorecard.reports.words import Lang, Words

SCHEMA = "portance/portfolio/1"
PAGE = "portfolio.html"

MOST_PROJECTS = 30
MOST_QUESTIONS = 8
MOST_FOLDERS = 5
"""Lines of each kind in the terminal; the page and the JSON hold them all."""

_LONGEST_NAME = 40


def gather(folder: Path, today: date) -> Portfolio:
    """The portfolio of every run below ``folder``.

    Raises:
        CommandError: ``folder`` is none, or no run below it could be read.
    """
    if not folder.is_dir():
        raise CommandError(Text(en=f"{folder}: not a folder", fr=f"{folder} : n’est pas un dossier"))
    records, unreadable = read(folder, today)
    if not records:
        first = _first_reason(unreadable)
        raise CommandError(
            Text(
                en=f"{folder}: no scorecard below it could be read{first.en}",
                fr=f"{folder} : aucune fiche d’évaluation lisible dans ce dossier{first.fr}",
            )
        )
    titles = {c.id: c.title for c in catalogue()} | {o.id: o.title for o in OFFICIAL}
    return portfolio(records, unreadable, titles, today)


def write_page(found: Portfolio, path: Path, lang: str) -> None:
    """Write the page of ``found`` whole or not at all. Raises OSError."""
    write_text(path, portfolio_page.render(found, lang))


def lines(found: Portfolio, lang: str, page: Path | None = None) -> list[str]:
    """The portfolio for a terminal: where the projects stand, what blocks most of them, then each of them."""
    known: Lang = "fr" if lang == "fr" else "en"
    return [line.rstrip() for line in _lines(found, Words(known), page)]


def as_document(found: Portfolio, lang: str) -> dict[str, Any]:
    """The same as JSON values, schema ``portance/portfolio/1``, with every run's decision and grade."""
    return {
        "schema": SCHEMA,
        "seen_on": found.seen_on.isoformat(),
        "runs": found.runs,
        "standings": {standing.value: number for standing, number in found.standings.items()},
        "criteria": [
            {
                "id": reach.criterion,
                "title": reach.title.in_(lang),
                "asked": reach.asked,
                "share_met": reach.share_met,
                "verdicts": {verdict.value: number for verdict, number in sorted(reach.counts.items())},
                "failing": list(reach.failing),
                "unknown": list(reach.unknown),
            }
            for reach in found.reaches
        ],
        "indicators": [
            {
                "id": target.indicator,
                "title": target.title.in_(lang),
                "colours": {colour.value: number for colour, number in sorted(target.counts.items())},
                "known": target.known,
                "share_green": target.share_green,
                "goal": GOAL,
                "reached": target.reached,
            }
            for target in found.targets
        ],
        "projects": [_project_document(project, lang) for project in found.projects],
        "unreadable": [_unreadable_document(item, lang) for item in found.unreadable],
    }


def _first_reason(unreadable: Sequence[Unreadable]) -> Text:
    if not unreadable:
        return Text(en="", fr="")
    first = min(unreadable, key=lambda u: u.folder)
    return Text(en=f" ({first.folder}: {first.reason.en})", fr=f" ({first.folder} : {first.reason.fr})")


def _lines(found: Portfolio, words: Words, page: Path | None) -> Iterator[str]:
    total = len(found.projects)
    for standing, number in found.standings.items():
        share = portfolio_page.percent(number / total, words)
        yield f"{number:>6}  {share:>5}  {words.name(portfolio_page.STANDINGS, standing)}"
    yield ""
    yield words.say(
        Text(en="What blocks whom (met, not met, unknown)", fr="Ce qui bloque (satisfait, non satisfait, inconnu)")
    )
    for reach in found.reaches[:MOST_QUESTIONS]:
        met = portfolio_page.percent(reach.share_met, words)
        counts = f"{met:>5}  {len(reach.failing):>5}  {len(reach.unknown):>5}"
        yield f"  {counts}  {words.say(reach.title)} ({reach.criterion})"
    yield from _more(len(found.reaches) - MOST_QUESTIONS, words)
    yield from _targets(found, words)
    yield ""
    shown = found.projects[:MOST_PROJECTS]
    width = min(_LONGEST_NAME, max(len(project.record.name) for project in shown))
    decisions = {standing: words.name(portfolio_page.STANDINGS, standing) for standing in Standing}
    wide = max(len(decisions[project.standing]) for project in shown)
    for project in shown:
        name = _short(project.record.name, width)
        grade = f"{project.last.grade.low}–{project.last.grade.high}"
        held = portfolio_page.blockers(project.failing, project.unknown)
        named = ", ".join(answer.criterion for answer in held[: portfolio_page.MOST_BLOCKERS])
        more = f" +{len(held) - portfolio_page.MOST_BLOCKERS}" if len(held) > portfolio_page.MOST_BLOCKERS else ""
        stands = f"{name:<{width}}  {decisions[project.standing]:<{wide}}"
        yield f"{stands}  {grade}  {project.last.graded_on}  {named}{more}"
    yield from _more(total - MOST_PROJECTS, words)
    if found.unreadable:
        yield ""
        number = len(found.unreadable)
        yield words.say(
            Text(en=f"Folders without a scorecard: {number}", fr=f"Dossiers sans fiche d’évaluation : {number}")
        )
        for item in found.unreadable[:MOST_FOLDERS]:
            yield f"  {item.folder}  {words.say(item.reason)}"
        yield from _more(number - MOST_FOLDERS, words)
    if page is not None:
        yield ""
        yield str(page)


def _targets(found: Portfolio, words: Words) -> Iterator[str]:
    """The share that reaches each official target; of those that nobody knows, how many there are."""
    known = [(target, share) for target in found.targets if (share := target.share_green) is not None]
    if not found.targets:
        return
    goal = portfolio_page.percent(GOAL, words)
    yield ""
    yield words.say(
        Text(
            en=f"Official targets reached (goal: {goal}; known)",
            fr=f"Cibles officielles atteintes ({goal} visés ; connus)",
        )
    )
    for target, share in known:
        yield f"  {portfolio_page.percent(share, words):>5}  {target.known:>5}  {words.say(target.title)}"
    unknown = len(found.targets) - len(known)
    if unknown:
        yield words.say(Text(en=f"  not known anywhere: {unknown}", fr=f"  inconnus partout : {unknown}"))


def _more(number: int, words: Words) -> Iterator[str]:
    if number > 0:
        yield words.say(Text(en=f"  and {number} more", fr=f"  et {number} de plus"))


def _short(name: str, width: int) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def _project_document(project: Project, lang: str) -> dict[str, Any]:
    record = project.record
    return {
        "name": record.name,
        "kind": record.kind,
        "users": record.users,
        "standing": project.standing.value,
        "trend": project.trend.value,
        "until": None if record.until is None else record.until.isoformat(),
        "users_cap": record.users_cap,
        "failing": [answer.criterion for answer in project.failing],
        "unknown": [answer.criterion for answer in project.unknown],
        "runs": [
            {
                "folder": point.folder,
                "graded_on": point.graded_on.isoformat(),
                "decision": point.decision.value,
                "grade": point.grade.model_dump(),
            }
            for point in record.points
        ],
        "newer_unreadable": [_unreadable_document(item, lang) for item in project.newer],
    }


def _unreadable_document(item: Unreadable, lang: str) -> dict[str, Any]:
    return {"folder": item.folder, "project": item.project, "reason": item.reason.in_(lang)}
