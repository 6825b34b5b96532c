"""Secrets that were once committed and are no longer in the files: whoever has a clone still has them.

Every line that a commit of any branch added to the files of the project is read once, those that still stand in the
files left out, since they are found there. The reading is bounded in commits, bytes and seconds, and says what it did
not read; the history of a shallow clone is not all here.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from scorecard.evidence import Evidence, Fact, Provenance, Status, Text, Unit
from scorecard.site import Site
from security import detect_secrets
from security.account import found, handed_in
from security.environment_secrets import TYPE, named_secrets
from security.observation import count, keep, no_key, unobserved
from security.rules import Hit, Rule
from security.sweep import sweep
from security.tool import Finished, Tool, ToolError, crashed, run, version
from security.tree import Gap, Tree, source_folder

NAME = "secrets-history"
GIT = Tool("git", ("git",))
FACTS = {
    "security.secrets_in_history": Unit.COUNT,
    "security.secrets_in_history_suppressed": Unit.COUNT,
    "security.history_commits": Unit.COUNT,
}
_REMEDY = (
    "Change it at once: whoever cloned the repository has it, and rewriting the history takes it back from nobody."
)
# No configuration, hook or filter of the repository runs a program, and nothing is fetched.
_QUIET = ("-c", "core.quotePath=false", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_ENVIRONMENT = {
    **dict.fromkeys(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF", "GIT_TRACE"), None),
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}
_SHOW = (
    "show", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--diff-merges=first-parent",
    "--format=%x00%H",
)  # fmt: skip
_LONGEST_LINE = 10_000


@dataclass(frozen=True)
class Bounds:
    """How much history is read: the newest ``commits``, ``bytes`` of added lines, ``seconds`` in all.

    ``batch`` commits are asked of git at a time: what they add is the most that is taken above the bound.
    """

    commits: int = 5_000
    bytes: int = 64 * 1024 * 1024
    seconds: float = 60.0
    batch: int = 100


@dataclass
class Past:
    """Lines that commits added: by file, each text with the oldest commit known to have added it, and its number."""

    lines: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    marked: set[tuple[str, str]] = field(default_factory=set)
    size: int = 0
    commits: int = 0


def collect(
    site: Site, *, git: Tool = GIT, tool: Tool = detect_secrets.DETECT_SECRETS, bounds: Bounds | None = None
) -> Evidence:
    """Evidence ``secrets-history``: lines that looked like a secret in earlier commits and are gone from the files."""
    source = site.project.target.source
    if source is None:
        reason = no_key(
            "target.source", "secrets searched in the history", "les secrets soient cherchés dans l’historique"
        )
        return unobserved(site, NAME, Status.SKIPPED, reason, FACTS)
    started = datetime.now(UTC)
    bounds = Bounds() if bounds is None else bounds
    end = time.monotonic() + bounds.seconds
    try:
        known_version = f"{version(tool)}, git {version(git)}"
        top, shallow = _repository(git, source_folder(site, source), end)
        past, gaps = _read(site, git, top, _paths(site, top), bounds, end)
        if shallow:
            gaps.append(Gap("history", _SHALLOW))
        if past.commits == 0:
            raise ToolError(_unread(gaps, 0) or _NO_COMMIT)
        hits, marked, more = _search(site, tool, top, past, max(end - time.monotonic(), 10.0))
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    gap = _unread([*gaps, *more], past.commits)
    seen = found(hits, marked, detect_secrets.MARKED)
    detail = f"{past.commits} commits, {past.size // 1024} kB of lines that are gone"
    return handed_in(
        site,
        NAME,
        (
            count("security.secrets_in_history", len(seen.open), gap, detail),
            count("security.secrets_in_history_suppressed", len(seen.suppressed), gap, "marked as no secret"),
            Fact(id="security.history_commits", value=past.commits, unit=Unit.COUNT),
        ),
        seen,
        gap,
        Provenance.since(started, tool=tool.name, version=known_version, command=("git", *_SHOW)),
        keep(site, NAME, "history.json", [{"rule": one.rule, "location": one.location} for one in hits]),
    )


def _repository(git: Tool, folder: Path, end: float) -> tuple[Path, bool]:
    """Top folder of the working tree that ``folder`` is in, and whether its history is cut."""
    asked = ("rev-parse", "--show-toplevel", "--is-shallow-repository")
    done = run(git, (*_QUIET, *asked), cwd=folder, timeout_s=max(end - time.monotonic(), 0.1), env=_ENVIRONMENT)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if done.exit_code != 0 or len(lines) != 2:
        raise ToolError(_NO_REPOSITORY) if b"not a git repository" in done.stderr else crashed(git, done)
    return Path(lines[0]).resolve(), lines[1] == "true"


def _paths(site: Site, top: Path) -> list[str]:
    """The files and folders that portance.toml names, as git wants them."""
    target = site.project.target
    named = (target.source, target.containerfile, target.manifests, target.workflows, target.requirements)
    inside = [site.path(one) for one in named if one is not None and site.path(one).is_relative_to(top)]
    return [f":(top,literal){one.relative_to(top).as_posix()}" if one != top else ":(top)" for one in inside]


def _read(site: Site, git: Tool, top: Path, paths: list[str], bounds: Bounds, end: float) -> tuple[Past, list[Gap]]:
    # --full-history: without it git leaves out a branch that was merged without effect on the files.
    asked = ("rev-list", "--all", "--full-history", "--", *paths)
    listed = _git(git, asked, top, end)
    commits = listed.stdout.decode("ascii").split()
    past = Past()
    gaps: list[Gap] = []
    if len(commits) > bounds.commits:
        gaps.append(Gap("history", _older(len(commits) - bounds.commits)))
        commits = commits[: bounds.commits]
    now: dict[str, set[str]] = {}
    pending = [commits[start : start + bounds.batch] for start in range(0, len(commits), bounds.batch)]
    while pending:
        batch = pending.pop(0)
        site.progress(_DOING, 0.5 * past.commits / len(commits), None)
        if time.monotonic() > end or past.size > bounds.bytes:
            left = len(batch) + sum(map(len, pending))
            gaps.append(Gap("history", _older(left)))
            break
        try:
            shown = _git(git, (*_SHOW, *batch, "--", *paths), top, end, partial(site.progress, _DOING, 0.5, None))
        except ToolError as error:
            if len(batch) == 1 or time.monotonic() > end:
                gaps += [Gap(f"commit {commit[:10]}", error.text) for commit in batch]
            else:  # perhaps too much at once
                middle = len(batch) // 2
                pending[:0] = [batch[:middle], batch[middle:]]
            continue
        _take(past, shown.stdout.decode("utf-8", "replace"), top, now)
        past.commits += len(batch)
    return past, gaps


def _git(
    git: Tool, arguments: tuple[str, ...], top: Path, end: float, tick: Callable[[], None] | None = None
) -> Finished:
    done = run(
        git, (*_QUIET, *arguments), cwd=top, timeout_s=max(end - time.monotonic(), 0.1), tick=tick, env=_ENVIRONMENT
    )
    if done.exit_code != 0:
        raise crashed(git, done)
    return done


def _take(past: Past, shown: str, top: Path, now: dict[str, set[str]]) -> None:
    """Take the lines that the commits of ``shown`` added and that do not stand in the files ``now``."""
    commit, file, number, previous = "", "", 0, ""
    for line in shown.split("\n"):
        if line.startswith("\0"):
            commit, file = line[1:], ""
        elif line.startswith("diff --git "):
            file = ""
        elif line.startswith("+++ ") and not file:
            file = _added_to(line[4:])
            previous = ""
        elif (hunk := re.match(r"@@ -\S+ \+(\d+)", line)) is not None:
            number, previous = int(hunk[1]), ""
        elif line.startswith("+") and file:
            text = line[1:].rstrip("\r")
            if file not in now:
                now[file] = set(_lines(top / file))
            if text.strip() and len(text) <= _LONGEST_LINE and text not in now[file]:
                kept = past.lines.setdefault(file, {})
                past.size += len(text) if text not in kept else 0
                kept[text] = (commit, number)
                if detect_secrets.MARK.search(text) or _marks_next(previous):
                    past.marked.add((file, text))
            number, previous = number + 1, text


def _marks_next(line: str) -> bool:
    return (mark := detect_secrets.MARK.search(line)) is not None and bool(mark["next"])


def _added_to(name: str) -> str:
    """The file that a patch adds lines to; empty for none, and for a kind that is not searched."""
    path = name.rstrip("\t").removeprefix("b/")
    return "" if path == "/dev/null" or PurePosixPath(path).suffix in detect_secrets.LEFT_OUT else path


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    except OSError:
        return []


def _search(
    site: Site, tool: Tool, top: Path, past: Past, timeout_s: float
) -> tuple[list[Hit], list[Hit], tuple[Gap, ...]]:
    """What looks like a secret among the lines, and what was marked; files keep their endings, which the tool reads."""
    with tempfile.TemporaryDirectory(prefix="portance-") as folder:
        tree = Tree(Path(folder).resolve())
        names: dict[str, str] = {}
        types_of: dict[tuple[str, str], set[str]] = {}
        for number, (file, texts) in enumerate(sorted(past.lines.items())):
            name = f"{number}{PurePosixPath(file).suffix}"
            names[name] = file
            content = "\n".join(texts) + "\n"
            (tree.root / name).write_text(content, encoding="utf-8", errors="replace")
            tree.files.append(name)
            ordered = list(texts)
            for line in named_secrets(PurePosixPath(file).name, content):
                types_of.setdefault((file, ordered[line - 1]), set()).add(TYPE)
        if not tree.files:
            return [], [], ()
        swept = sweep(
            site,
            tree,
            tool,
            detect_secrets.ARGUMENTS,
            detect_secrets.report,
            detect_secrets.unread,
            doing=_DOING,
            timeout_s=timeout_s,
        )
    for report in swept.reports:
        for one in report["hits"]:
            file = names[one["file"]]
            types_of.setdefault((file, list(past.lines[file])[one["line"] - 1]), set()).add(one["type"])
    hits: list[Hit] = []
    marked: list[Hit] = []
    for (file, text), types in sorted(types_of.items()):
        (marked if (file, text) in past.marked else hits).append(_hit(site, top, file, past.lines[file][text], types))
    return hits, marked, tuple(Gap(names.get(gap.path, gap.path), gap.reason) for gap in swept.gaps)


def _hit(site: Site, top: Path, file: str, where: tuple[str, int], types: set[str]) -> Hit:
    commit, number = where
    path = top / file
    root = site.root.resolve()
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else file
    hit = detect_secrets.hit(shown, number, types)
    return Hit(
        category=hit.category,
        rule=hit.rule,
        what=Rule(hit.what.severity, hit.what.cwe, hit.what.asvs, _REMEDY),
        location=f"{shown}@{commit[:10]}:{number}",
        place=f"{shown}@history",
        trait=hit.trait,
        message=f"{hit.message} It is gone from the file, and still in the history since commit {commit[:10]}.",
        confidence=hit.confidence,
    )


def _unread(gaps: list[Gap], commits: int) -> Text | None:
    if not gaps:
        return None
    return Text(
        en=f"not the whole history was read ({commits} commits were): " + "; ".join(f"{g.reason.en}" for g in gaps[:3]),
        fr=f"tout l’historique n’a pas été lu ({commits} commits l’ont été)\u202f: "
        + "\u202f; ".join(f"{g.reason.fr}" for g in gaps[:3]),
    )


_DOING = Text(en="Searching the history for secrets", fr="Recherche de secrets dans l’historique")
_NO_REPOSITORY = Text(
    en="the source is in no git working tree: there is no history to search",
    fr="les sources ne sont pas dans un dépôt git : il n’y a pas d’historique à fouiller",
)
_NO_COMMIT = Text(
    en="no commit of the repository touches the source: nothing was searched",
    fr="aucun commit du dépôt ne touche les sources : rien n’a été fouillé",
)
_SHALLOW = Text(
    en="the clone is shallow, older commits are not here (git fetch --unshallow)",
    fr="le clone est superficiel, les commits plus anciens n’y sont pas (git fetch --unshallow)",
)


def _older(number: int) -> Text:
    return Text(en=f"{number} older commits were left out", fr=f"{number} commits plus anciens ont été laissés de côté")
