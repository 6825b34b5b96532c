"""Secrets in the source folder, searched by detect-secrets without asking their makers whether they are valid.

Every text file of ``target.source`` is read, tests included: a key is as readable there as anywhere. Left out on
purpose are binary files and the kinds of files that detect-secrets itself leaves out. A text that is not UTF-8 would be
passed over in silence by the tool, so it is told apart here and reported. Neither a secret nor a digest of one is kept:
a digest of a weak password gives it away to a dictionary.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from os import sched_getaffinity
from pathlib import Path, PurePosixPath
from typing import assert_never

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Suppression, Text, Unit
from scorecard.project import Site
from security.account import found, handed_in
from security.observation import count, keep, no_key, unobserved
from security.rules import Hit, Rule
from security.sweep import Report, Swept, sweep
from security.tool import Finished, Tool, ToolError, crashed, garbage, module, version
from security.tree import Gap, Tree, incomplete, named, shown_from, source_folder, walk

NAME = "secrets"
DETECT_SECRETS = module("detect-secrets", "detect_secrets")
TIMEOUT_S = 120.0
FACTS = {
    "security.secrets": Unit.COUNT,
    "security.secrets_suppressed": Unit.COUNT,
    "security.secrets_files": Unit.COUNT,
}
# Extensions that detect-secrets 1.5 leaves out by itself.
LEFT_OUT = frozenset(
    {
        ".7z", ".bin", ".bmp", ".bz2", ".class", ".css", ".dmg", ".doc", ".eot", ".exe", ".gif", ".gz", ".ico", ".iml",
        ".ipr", ".iws", ".jar", ".jpg", ".jpeg", ".lock", ".map", ".mo", ".pdf", ".png", ".prefs", ".psd", ".rar",
        ".realm", ".s7z", ".sum", ".svg", ".tar", ".tif", ".tiff", ".ttf", ".webp", ".woff", ".xls", ".xlsx", ".zip",
    }
)  # fmt: skip
_ARGUMENTS = (
    "--cores",
    str(min(len(sched_getaffinity(0)), 4)),
    "scan",
    "--no-verify",
    "--disable-plugin",
    "IPPublicDetector",  # an address is not a secret
    "--disable-filter",
    "detect_secrets.filters.allowlist.is_line_allowlisted",  # marks are listed here, not hidden
    "--disable-filter",
    "detect_secrets.filters.heuristic.is_swagger_file",  # it would pass over any path that holds "swagger"
    "--exclude-lines",
    r"^\s*--hash=sha(256|384|512):[0-9a-f]+",
)
# The mark of detect-secrets, and those of ruff and bandit for "this is not a password".
_MARK = re.compile(
    r"pragma: ?(?:allow|white)list(?P<next>[ -]nextline)?[ -]secret"
    r"|#\s*(?:noqa|nosec):[^#(]*\b[SB]10[567]\b"
)
_SNIFFED = 8192

_REMEDY = "Take it from the environment or a vault, and change it: what was committed is known."
_TOKEN = Rule(Severity.CRITICAL, "CWE-798", "v5.0.0-13.3.1", _REMEDY)
_NAMED = Rule(Severity.HIGH, "CWE-798", "v5.0.0-13.3.1", _REMEDY)
_RANDOM = Rule(
    Severity.MEDIUM,
    "CWE-798",
    "v5.0.0-13.3.1",
    "If it opens anything, take it from the environment or a vault and change it; else mark the line as no secret.",
)
_GUESSED: dict[str, Rule] = {
    "Secret Keyword": _NAMED,
    "Basic Auth Credentials": _NAMED,
    "JSON Web Token": _NAMED,
    "Base64 High Entropy String": _RANDOM,
    "Hex High Entropy String": _RANDOM,
}


class Kind(Enum):
    """What a file holds, as far as a search for secrets goes."""

    TEXT = "UTF-8 text"
    FOREIGN = "text in another encoding"
    BINARY = "no text"


def collect(site: Site, *, tool: Tool = DETECT_SECRETS, timeout_s: float = TIMEOUT_S) -> Evidence:
    """Evidence ``secrets``: lines of ``target.source`` that hold what looks like a secret.

    The count is unknown, or a lower bound, as soon as one text file was not read.
    """
    source = site.project.target.source
    if source is None:
        reason = no_key("target.source", "secrets searched in the source", "les secrets y soient recherchés")
        return unobserved(site, NAME, Status.SKIPPED, reason, FACTS)
    started = datetime.now(UTC)
    try:
        tree, left_out = _text_files(site, source)
        known_version = version(tool)
        swept = sweep(site, tree, tool, _ARGUMENTS, _report, _unread, doing=_SEARCHING_FOR_SECRETS, timeout_s=timeout_s)
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    provenance = Provenance.since(
        started, tool=tool.name, version=known_version, command=(*tool.shown, *_ARGUMENTS, f"{named(source)}/**")
    )
    return _evidence(site, tree, swept, left_out, provenance)


def _text_files(site: Site, source: str) -> tuple[Tree, int]:
    """Text files of the source, and how many files were left out for their kind."""
    every = walk(source_folder(site, source), lambda _path: True, runs=site.run)
    kept = Tree(every.root, excluded=every.excluded, gaps=list(every.gaps))
    for name in every.files:
        if PurePosixPath(name).suffix in LEFT_OUT:
            continue
        match _kind(every.root / name):
            case Kind.TEXT:
                kept.files.append(name)
            case Kind.BINARY:
                pass
            case Kind.FOREIGN:
                kept.gaps.append(Gap(name, _NOT_UTF8))
            case other:
                assert_never(other)
    if not kept.files:
        raise ToolError(incomplete(kept.gaps, 0) or _no_text(named(source)))
    foreign = len(kept.gaps) - len(every.gaps)
    return kept, len(every.files) - len(kept.files) - foreign


def _kind(path: Path) -> Kind:
    content = path.read_bytes()
    if b"\0" in content[:_SNIFFED]:
        return Kind.BINARY
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return Kind.FOREIGN
    return Kind.TEXT


def _report(tool: Tool, finished: Finished) -> Report:
    if finished.exit_code != 0:
        raise crashed(tool, finished)
    try:
        report = json.loads(finished.stdout)
        if not report["plugins_used"]:
            raise ValueError("it searched for nothing")
        hits = [
            {"file": posixpath.normpath(name), "line": int(secret["line_number"]), "type": str(secret["type"])}
            for name, secrets in report["results"].items()
            for secret in secrets
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise garbage(tool, finished) from error
    unopened = re.findall(r"Unable to open file: (.+)", finished.stderr.decode("utf-8", "replace"))
    return {"hits": hits, "unopened": [posixpath.normpath(name) for name in unopened]}


def _unread(batch: list[str], report: Report) -> Iterator[Gap]:
    return (Gap(file, _UNOPENED) for file in batch if file in report["unopened"])


def _evidence(site: Site, tree: Tree, swept: Swept, left_out: int, provenance: Provenance) -> Evidence:
    lines: dict[tuple[str, int], set[str]] = {}
    for report in swept.reports:
        for hit in report["hits"]:
            lines.setdefault((hit["file"], hit["line"]), set()).add(hit["type"])
    marked = {file: _marked_lines(tree.root / file) for file, _ in lines}
    prefix = shown_from(site, tree.root)
    hits = {place: _hit(prefix + place[0], place[1], types) for place, types in sorted(lines.items())}
    seen = found(
        (hit for (file, line), hit in hits.items() if line not in marked[file]),
        (hit for (file, line), hit in hits.items() if line in marked[file]),
        _MARKED,
    )
    detail = f"{swept.read} text files; left out: {left_out} binary or of a kind without secrets"
    facts = (
        count("security.secrets", len(seen.open), swept.gap, detail),
        count("security.secrets_suppressed", len(seen.suppressed), swept.gap, "marked in the source as no secret"),
        Fact(id="security.secrets_files", value=swept.read, unit=Unit.COUNT),
    )
    raw = keep(site, NAME, "detect-secrets.json", swept.reports)
    return handed_in(site, NAME, facts, seen, swept.gap, provenance, raw)


def _hit(file: str, line: int, types: set[str]) -> Hit:
    known = sorted(types, key=lambda kind: (list(Severity).index(_rule(kind).severity), kind))
    return Hit(
        category="secrets",
        rule=re.sub(r"\W+", "-", known[0].lower()),
        what=_rule(known[0]),
        location=f"{file}:{line}",
        place=file,
        trait=known[0],
        message=f"The line looks like it holds a secret ({', '.join(known)}).",
        confidence="LOW" if _rule(known[0]) is _RANDOM else "MEDIUM" if known[0] in _GUESSED else "HIGH",
    )


def _rule(kind: str) -> Rule:
    """What a type of detect-secrets means: those not guessed at are the formats of well-known makers."""
    return _GUESSED.get(kind, _TOKEN)


def _marked_lines(path: Path) -> set[int]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    found = ((number, _MARK.search(line)) for number, line in enumerate(lines, start=1))
    return {number + 1 if match["next"] else number for number, match in found if match is not None}


_SEARCHING_FOR_SECRETS = Text(en="Searching for secrets", fr="Recherche de secrets")
_MARKED = Suppression(reason="marked in the source as no secret", owner="author of the line")
_NOT_UTF8 = Text(en="text that is not UTF-8, which the tool cannot read", fr="texte hors UTF-8, que l'outil ne lit pas")
_UNOPENED = Text(en="the tool could not open it", fr="l'outil n'a pas pu l'ouvrir")


def _no_text(source: str) -> Text:
    return Text(
        en=f"no text file in {source!r}: nothing was searched",
        fr=f"aucun fichier texte dans {source!r} : rien n'a été fouillé",
    )
