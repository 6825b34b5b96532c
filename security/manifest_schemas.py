"""Kubernetes manifests held against the published schemas by kubernetes-validate, misspelt fields included.

The files are read as they are written. One that a kustomization lists as a patch is no whole resource: that it lacks
fields is no defect, that it has a field nobody knows is one. A resource of a kind without a published schema
(a custom one, a kustomization) is not looked at; it is counted in the detail.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.project import Site
from security.account import found, handed_in
from security.observation import count, keep, no_key, unobserved
from security.rules import Hit, Rule
from security.sweep import Report, sweep
from security.tool import Finished, Tool, ToolError, crashed, garbage, scanner, version
from security.tree import Gap, Tree, incomplete, shown_from, tree_of, walk

NAME = "manifest-schemas"
_KEY = "target.manifests"
INVALID = "security.manifests_invalid"
VALIDATED = "security.manifests_validated"
FACTS = {INVALID: Unit.COUNT, VALIDATED: Unit.COUNT}
ARGUMENTS = ("--strict",)
_RULE = Rule(
    Severity.MEDIUM,
    "CWE-1173",
    "",
    "Mend the field: the cluster drops or refuses what it does not know, and a protection misspelt is none.",
)
_SAID = re.compile(r"^(?P<word>ERROR|WARN|INFO)\s+(?P<rest>.*)$")
_RESOURCE = re.compile(r" for resource (?P<resource>\S+) against version \S+(?:: (?P<why>.*))?$")
_MISSING = "is a required property"


def collect(site: Site, *, tool: Tool | None = None, timeout_s: float = 60.0) -> Evidence:
    """Evidence ``manifest-schemas``: resources of ``target.manifests`` that the cluster would refuse or misread."""
    key = site.project.target.manifests
    if key is None:
        reason = no_key(_KEY, "manifests held against the schemas", "les manifestes soient confrontés aux schémas")
        return unobserved(site, NAME, Status.SKIPPED, reason, FACTS)
    started = datetime.now(UTC)
    try:
        tree, patches = _resources(_manifests(site, key))
        tool = scanner("kubernetes-validate") if tool is None else tool
        known_version = version(tool)
        swept = sweep(site, tree, tool, ARGUMENTS, _report, _unread, doing=_DOING, timeout_s=timeout_s, size=50)
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    lines = [line for report in swept.reports for line in report["lines"]]
    checked = [line for line in lines if line["word"] != "WARN"]
    prefix = shown_from(site, tree.root)
    seen = found(_hit(prefix, line) for line in checked if _is_defect(line, patches))
    other = len(lines) - len(checked)
    detail = f"{swept.read} files, {len(checked)} resources; without a published schema: {other}"
    gap = swept.gap if swept.gap is not None or checked else _NO_MANIFEST
    return handed_in(
        site,
        NAME,
        (
            count(INVALID, len(seen.open), gap, detail),
            Fact(id=VALIDATED, value=len(checked), unit=Unit.COUNT),
        ),
        seen,
        gap,
        Provenance.since(started, tool=tool.name, version=known_version, command=(*tool.shown, *ARGUMENTS)),
        keep(site, NAME, "kubernetes-validate.json", lines),
    )


def _manifests(site: Site, key: str) -> Tree:
    """The files of ``key``, and of the folders that its kustomizations take their resources from."""
    start = site.path(key)
    if not start.is_dir():
        return tree_of(start, _is_manifest, _KEY, runs=site.run)
    folders, pending = {start}, [start]
    while pending:
        for kustomization in sorted(pending.pop().rglob("kustomization.y*ml")):
            for entry in _named(kustomization, ("resources", "bases", "components")):
                folder = (kustomization.parent / entry).resolve()
                if folder.is_dir() and folder not in folders:
                    folders.add(folder)
                    pending.append(folder)
    root = Path(os.path.commonpath(folders))
    return walk(
        root,
        _is_manifest,
        enter=lambda path: any((root / path).is_relative_to(f) or f.is_relative_to(root / path) for f in folders),
        runs=site.run,
    )


def _resources(tree: Tree) -> tuple[Tree, frozenset[str]]:
    """The files of ``tree`` that hold resources, and those among them that are patches.

    Raises:
        ToolError: none holds any.
    """
    kept = Tree(tree.root, excluded=tree.excluded, gaps=list(tree.gaps))
    patches = {
        (tree.root / name).parent.joinpath(entry).resolve().relative_to(tree.root).as_posix()
        for name in tree.files
        if PurePosixPath(name).stem == "kustomization"
        for entry in _named(tree.root / name, ("patches", "patchesStrategicMerge", "patchesJson6902"))
        if (tree.root / name).parent.joinpath(entry).resolve().is_relative_to(tree.root)
    }
    for name in tree.files:
        documents = _documents(tree.root / name)
        if documents is None:
            kept.gaps.append(Gap(name, _NO_YAML))
        elif documents and all(isinstance(one, dict) for one in documents):
            kept.files.append(name)
        elif documents and name not in patches:
            kept.gaps.append(Gap(name, _NO_RESOURCE))
    if not kept.files:
        raise ToolError(incomplete(kept.gaps, 0) or _NO_MANIFEST)
    return kept, frozenset(patches)


def _report(tool: Tool, finished: Finished) -> Report:
    if finished.exit_code not in (0, 1):
        raise crashed(tool, finished)
    words = (finished.stdout + finished.stderr).decode("utf-8", "replace")
    if "Traceback" in words:
        raise crashed(tool, finished)
    lines = []
    for line in words.splitlines():
        if (said := _SAID.match(line)) is not None:
            lines.append(_line(said["word"], said["rest"]))
    if not lines:
        raise garbage(tool, finished)
    return {"lines": lines}


def _line(word: str, rest: str) -> dict[str, str]:
    file = re.match(r"(?:\./)?(?P<file>.+?\.(?:ya?ml|json))\s", rest)
    about = _RESOURCE.search(rest)
    return {
        "word": word,
        "file": "" if file is None else file["file"],
        "resource": "" if about is None else about["resource"],
        "why": rest if about is None else (about["why"] or ""),
    }


def _unread(batch: list[str], report: Report) -> Iterator[Gap]:
    spoken_of = {line["file"] for line in report["lines"]}
    return (Gap(file, _UNSPOKEN) for file in batch if file not in spoken_of)


def _is_manifest(path: PurePosixPath) -> bool:
    return path.suffix in (".yaml", ".yml", ".json")


def _named(kustomization: Path, keys: tuple[str, ...]) -> Iterator[str]:
    """The files and folders that a kustomization names under ``keys``."""
    for document in _documents(kustomization) or []:
        for key in keys if isinstance(document, dict) else ():
            for entry in document.get(key) or []:
                path = entry.get("path") if isinstance(entry, dict) else entry
                if isinstance(path, str) and "\n" not in path and "://" not in path:
                    yield path


def _documents(path: Path) -> list[Any] | None:
    """The documents of a YAML file that hold anything, None when it is not YAML."""
    try:
        return [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one is not None]
    except (yaml.YAMLError, OSError, UnicodeDecodeError, RecursionError):
        return None


def _is_defect(line: dict[str, str], patches: frozenset[str]) -> bool:
    return line["word"] == "ERROR" and not (line["file"] in patches and _MISSING in line["why"])


def _hit(prefix: str, line: dict[str, str]) -> Hit:
    return Hit(
        category="manifests",
        rule="schema",
        what=_RULE,
        location=prefix + line["file"],
        place=prefix + line["file"],
        trait=f"{line['resource']} {line['why'].split(':')[0]}",
        message=f"{line['resource']}: {line['why']}",
        tool_severity="error",
        confidence="HIGH",
    )


_DOING = Text(en="Holding manifests against the schemas", fr="Confrontation des manifestes aux schémas")
_NO_YAML = Text(en="not YAML that can be read", fr="ce n'est pas du YAML lisible")
_NO_RESOURCE = Text(en="holds something that is no resource", fr="contient autre chose que des ressources")
_UNSPOKEN = Text(en="the tool says nothing of it", fr="l'outil n'en dit rien")
_NO_MANIFEST = Text(
    en="no Kubernetes resource where target.manifests points: nothing was validated",
    fr="aucune ressource Kubernetes là où mène target.manifests : rien n'a été validé",
)
