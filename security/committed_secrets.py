"""Secrets in the files of the project, tests included: a key is as readable there as anywhere.

Every text file of ``target.source`` is read, with the Containerfiles, manifests and workflows that portance.toml names.
Left out on purpose are binary files and the kinds of files that detect-secrets itself leaves out. A text that is not
UTF-8 would be passed over in silence by the tool, so it is told apart here and reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import assert_never

from scorecard.evidence import Evidence, Fact, Provenance, Status, Text, Unit
from scorecard.site import Site
from security import detect_secrets
from security.account import found, handed_in
from security.containerfile import containerfiles
from security.environment_secrets import TYPE, named_secrets
from security.linting import lines_of
from security.observation import count, keep, no_key, unobserved
from security.sweep import Swept, sweep
from security.tool import Tool, ToolError, version
from security.tree import Gap, Tree, incomplete, joined, named, shown_from, source_folder, tree_of, walk

NAME = "secrets"
TIMEOUT_S = 120.0
FACTS = {
    "security.secrets": Unit.COUNT,
    "security.secrets_suppressed": Unit.COUNT,
    "security.secrets_files": Unit.COUNT,
}
_SNIFFED = 8192


class Kind(Enum):
    """What a file holds, as far as a search for secrets goes."""

    TEXT = "UTF-8 text"
    FOREIGN = "text in another encoding"
    BINARY = "no text"


def collect(site: Site, *, tool: Tool = detect_secrets.DETECT_SECRETS, timeout_s: float = TIMEOUT_S) -> Evidence:
    """Evidence ``secrets``: lines of the project's files that hold what looks like a secret.

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
        swept = sweep(
            site,
            tree,
            tool,
            detect_secrets.ARGUMENTS,
            detect_secrets.report,
            detect_secrets.unread,
            doing=_SEARCHING_FOR_SECRETS,
            timeout_s=timeout_s,
        )
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    command = (*tool.shown, *detect_secrets.ARGUMENTS, f"{named(source)}/**")
    provenance = Provenance.since(started, tool=tool.name, version=known_version, command=command)
    return _evidence(site, tree, swept, left_out, provenance)


def _text_files(site: Site, source: str) -> tuple[Tree, int]:
    """Text files of the project, and how many files were left out for their kind."""
    every = joined([walk(source_folder(site, source), lambda _path: True, runs=site.run), *_beside(site)])
    kept = Tree(every.root, excluded=every.excluded, gaps=list(every.gaps))
    for name in every.files:
        if PurePosixPath(name).suffix in detect_secrets.LEFT_OUT:
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


def _beside(site: Site) -> Iterator[Tree]:
    """What portance.toml names beside the source and may hold a secret; a name that leads nowhere is a gap."""
    target = site.project.target
    if target.containerfile is None and (usual := containerfiles(site)).files:
        yield usual
    named_ones = (
        ("containerfile", target.containerfile),
        ("manifests", target.manifests),
        ("workflows", target.workflows),
    )
    for key, value in named_ones:
        if value is not None:
            try:
                yield tree_of(site.path(value), lambda _path: True, f"target.{key}", runs=site.run)
            except ToolError as error:
                yield Tree(site.root.resolve(), gaps=[Gap(named(value), error.text)])


def _kind(path: Path) -> Kind:
    content = path.read_bytes()
    if b"\0" in content[:_SNIFFED]:
        return Kind.BINARY
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return Kind.FOREIGN
    return Kind.TEXT


def _evidence(site: Site, tree: Tree, swept: Swept, left_out: int, provenance: Provenance) -> Evidence:
    lines: dict[tuple[str, int], set[str]] = {}
    for report in swept.reports:
        for one in report["hits"]:
            lines.setdefault((one["file"], one["line"]), set()).add(one["type"])
    unread = {gap.path for gap in swept.gaps}
    for file in tree.files:
        if file not in unread:
            text = (tree.root / file).read_text(encoding="utf-8", errors="replace")
            for line in named_secrets(file, text):
                lines.setdefault((file, line), set()).add(TYPE)
    marked = {file: detect_secrets.marked_lines(lines_of(tree.root / file)) for file, _ in lines}
    prefix = shown_from(site, tree.root)
    hits = {place: detect_secrets.hit(prefix + place[0], place[1], types) for place, types in sorted(lines.items())}
    seen = found(
        (hit for (file, line), hit in hits.items() if line not in marked[file]),
        (hit for (file, line), hit in hits.items() if line in marked[file]),
        detect_secrets.MARKED,
    )
    detail = f"{swept.read} text files; left out: {left_out} binary or of a kind without secrets"
    facts = (
        count("security.secrets", len(seen.open), swept.gap, detail),
        count("security.secrets_suppressed", len(seen.suppressed), swept.gap, "marked in the source as no secret"),
        Fact(id="security.secrets_files", value=swept.read, unit=Unit.COUNT),
    )
    raw = keep(site, NAME, "detect-secrets.json", swept.reports)
    return handed_in(site, NAME, facts, seen, swept.gap, provenance, raw)


_SEARCHING_FOR_SECRETS = Text(en="Searching for secrets", fr="Recherche de secrets")
_NOT_UTF8 = Text(en="text that is not UTF-8, which the tool cannot read", fr="texte hors UTF-8, que l’outil ne lit pas")


def _no_text(source: str) -> Text:
    return Text(
        en=f"no text file in {source!r}: nothing was searched",
        fr=f"aucun fichier texte dans {source!r} : rien n’a été fouillé",
    )
