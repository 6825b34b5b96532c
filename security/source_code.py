"""Python code read by bandit, by ruff, and by own rules for what neither sees.

Tests are left out on purpose (folders ``tests`` and ``test``, ``test_*.py``, ``*_test.py``, ``conftest.py``):
assertions and made-up passwords are their trade. ``# nosec`` and ``# noqa: S…`` marks are counted and listed, not
hidden. The counts are those of bandit and of the own rules, which are always here; what ruff adds where it is installed
is merged into them, and what it alone can say is unknown where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

from scorecard.evidence import Evidence, Provenance, Status, Suppression, Text, Unit
from scorecard.findings.route import table as routes_table
from scorecard.site import Site
from security import bandit, own_rules, ruff
from security.account import by_severity, facts_by_severity, found, handed_in
from security.code_results import CodeResult, merged
from security.linting import lines_of
from security.observation import count, keep, no_key, unobserved
from security.sweep import Swept, sweep
from security.tool import Tool, ToolError, scanner, version
from security.tree import Gap, Tree, incomplete, named, shown_from, source_folder, walk

NAME = "code"
TIMEOUT_S = 120.0
BLOCKING_CALLS = "security.blocking_calls"
FACTS = {**facts_by_severity("security.code"), BLOCKING_CALLS: Unit.COUNT}
# The mark of bandit, and that of ruff where it names the rule (Snnn is Bnnn).
_NOSEC = re.compile(r"#\s*nosec\b:?\s*(?P<rules>[^#]*)")
_NOQA = re.compile(r"#\s*noqa:\s*(?P<rules>[^#(]*\b(?:S|ASYNC)\d{3}\b[^#(]*)")
_MARKS = "marked # nosec or # noqa: S… in the source"


@dataclass(frozen=True)
class Second:
    """What the second reader gave: results, and why some are missing."""

    results: list[CodeResult]
    gap: Text | None
    version: str


def collect(
    site: Site, *, tool: Tool = bandit.BANDIT, second: Tool | None = None, timeout_s: float = TIMEOUT_S
) -> Evidence:
    """Evidence ``code``: findings by severity over every Python file of ``target.source`` but tests.

    The counts are unknown, or lower bounds, as soon as one file was not audited. ``second`` is ruff, looked for when it
    is None.
    """
    source = site.project.target.source
    if source is None:
        reason = no_key("target.source", "the source code audited", "le code source soit audité")
        return unobserved(site, NAME, Status.SKIPPED, reason, FACTS)
    started = datetime.now(UTC)
    try:
        tree = _python_files(site, source)
        known_version = version(tool)
        swept = sweep(
            site,
            tree,
            tool,
            bandit.ARGUMENTS,
            bandit.report,
            bandit.unaudited,
            doing=_READING_THE_CODE,
            timeout_s=timeout_s,
        )
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    again = _read_again(site, tree, second, timeout_s)
    own = own_rules.read(
        tree.root, tree.files, timeout_s=timeout_s, tick=lambda share: site.progress(_READING_THE_CODE, share, None)
    )
    provenance = Provenance.since(
        started,
        tool=tool.name,
        version=known_version + (f" (ruff {again.version})" if again.version else ""),
        command=(*tool.shown, *bandit.ARGUMENTS, f"{named(source)}/**/*.py"),
    )
    return _evidence(site, tree, swept, again, own, provenance)


def _python_files(site: Site, source: str) -> Tree:
    root = source_folder(site, source)
    tree = walk(root, lambda path: path.suffix in (".py", ".pyw") and not _is_test(path), enter=_enter, runs=site.run)
    if not tree.files:
        raise ToolError(incomplete(tree.gaps, 0) or _no_python(named(source)))
    return tree


def _read_again(site: Site, tree: Tree, tool: Tool | None, timeout_s: float) -> Second:
    try:
        tool = scanner(ruff.PROGRAM) if tool is None else tool
        known_version = version(tool)
        swept = sweep(
            site,
            tree,
            tool,
            ruff.ARGUMENTS,
            ruff.report,
            lambda batch, report: ruff.unaudited(tree.root, batch, report),
            doing=_READING_THE_CODE,
            timeout_s=timeout_s,
        )
    except ToolError as error:
        return Second([], error.text, "")
    results = [result for report in swept.reports for result in ruff.results(tree.root, report)]
    return Second(results, swept.gap, known_version)


def _evidence(
    site: Site, tree: Tree, swept: Swept, again: Second, own: own_rules.Read, provenance: Provenance
) -> Evidence:
    first = [result for report in swept.reports for result in report["results"]]
    late = [Gap(file, _NO_TIME) for file in own.unread]
    gap = swept.gap if swept.gap is not None else incomplete(late, swept.read - len(late))
    second = (one for one in again.results if not one.rule.startswith(ruff.BLOCKING))
    results = merged(first, second, own.results)
    blocking = [one for one in again.results if one.rule.startswith(ruff.BLOCKING)]
    lines = {name: lines_of(tree.root / name) for name in {one.file for one in (*results, *blocking)}}
    prefix = shown_from(site, tree.root)

    def apart(every: Iterable[CodeResult]) -> tuple[list[CodeResult], list[CodeResult]]:
        split: tuple[list[CodeResult], list[CodeResult]] = ([], [])
        for one in every:
            split[_marked(one, lines[one.file])].append(one)
        return split

    standing, marked = apart(results)
    waiting, excused = apart(blocking)
    seen = found((one.hit(prefix) for one in standing), (one.hit(prefix) for one in marked), _MARKED)
    held_up = found((one.hit(prefix) for one in waiting), (one.hit(prefix) for one in excused), _MARKED)
    left_out = f"{swept.read} files; left out: tests, {', '.join(tree.excluded[:8]) or 'no other folder'}"
    raw = {
        **keep(site, NAME, "bandit.json", [_kept(one) for one in first]),
        **keep(site, NAME, "own-rules.json", [_kept(one) for one in own.results]),
        **({} if not again.version else keep(site, NAME, "ruff.json", [_kept(one) for one in again.results])),
    }
    evidence = handed_in(
        site,
        NAME,
        (
            *by_severity("security.code", seen, swept.read, gap, left_out, _MARKS),
            count(BLOCKING_CALLS, len(held_up.open), again.gap, "rules ASYNC of ruff"),
        ),
        seen,
        gap if gap is not None else again.gap,
        provenance,
        raw,
    )
    routes = routes_table(replace(route, file=prefix + route.file) for route in own.routes)
    return evidence.model_copy(
        update={
            "findings": (*seen.open, *held_up.open, *seen.suppressed, *held_up.suppressed),
            "tables": (routes,) if routes.rows else (),
        }
    )


def _kept(one: CodeResult) -> dict[str, object]:
    return {
        "rule": one.rule,
        "file": one.file,
        "lines": [one.first, one.last],
        "severity": one.tool_severity,
        "confidence": one.confidence,
        "message": one.message,
    }


def _marked(one: CodeResult, lines: dict[int, str]) -> bool:
    """Whether a line of the piece says that somebody looked at it: at this rule, or with ``# nosec`` at all."""
    for number in range(one.first, one.last + 1):
        line = lines.get(number, "")
        if (mark := _NOSEC.search(line)) is not None:
            rules, every = mark["rules"], True
        elif (mark := _NOQA.search(line)) is not None:
            rules, every = re.sub(r"\bS(?=\d{3}\b)", "B", mark["rules"]), False
        else:
            continue
        named = re.findall(r"\b[A-Z]+\d{3}\b|\b[a-z]+(?:_[a-z0-9]+)+\b", rules)
        if (not named and every) or set(named) & set(one.names):
            return True
    return False


def _enter(folder: PurePosixPath) -> bool:
    return folder.name not in ("tests", "test")


def _is_test(path: PurePosixPath) -> bool:
    return path.name == "conftest.py" or path.stem.startswith("test_") or path.stem.endswith("_test")


_READING_THE_CODE = Text(en="Reading the code", fr="Lecture du code")
_NO_TIME = Text(en="no time was left for the own rules", fr="il ne restait plus de temps pour les règles propres")
_MARKED = Suppression(reason="marked # nosec or # noqa in the source", owner="author of the line")


def _no_python(source: str) -> Text:
    return Text(
        en=f"no Python file in {source!r} (tests and virtual environments are left out): nothing was audited",
        fr=f"aucun fichier Python dans {source!r} (hors tests et environnements virtuels) : rien n’a été audité",
    )
