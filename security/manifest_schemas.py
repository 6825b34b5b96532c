"""Kubernetes manifests held against the published schemas by kubernetes-validate, misspelt fields included.

They are held as they would be applied: what a patch misspells is misspelt in the whole. Who renders them is handed in,
since that is another room's work. A resource of a kind without a published schema (a custom one) is not looked at.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.site import Site
from security.account import found, handed_in
from security.observation import count, keep, no_key, unobserved
from security.rules import Hit, Rule
from security.tool import Finished, Tool, ToolError, crashed, garbage, run, scanner, version

NAME = "manifest-schemas"
INVALID = "security.manifests_invalid"
VALIDATED = "security.manifests_validated"
FACTS = {INVALID: Unit.COUNT, VALIDATED: Unit.COUNT}
ARGUMENTS = ("--strict",)
_RULE = Rule(
    Severity.MEDIUM,
    "CWE-1173",
    "",
    "Fix the field: the cluster drops or refuses what it does not know, and a protection misspelt is none.",
)
_SAID = re.compile(r"^(?P<word>ERROR|WARN|INFO) (?P<number>\d+)\.json (?P<rest>.*)$", re.MULTILINE)
_WHY = re.compile(r" against version \S+: (?P<why>.*)$")
_MOST = 2_000


@dataclass(frozen=True)
class Rendered:
    """Resources as they would be applied, each with where it comes from, and why there may be more."""

    resources: Sequence[tuple[str, Mapping[str, Any]]]
    problems: Sequence[Text]


Render = Callable[[Path], Rendered]
"""Renders manifests; raises ToolError when nothing can be known of them."""


def collect(site: Site, *, render: Render, tool: Tool | None = None, timeout_s: float = 60.0) -> Evidence:
    """Evidence ``manifest-schemas``: resources of ``target.manifests`` that the cluster would refuse or misread."""
    key = site.project.target.manifests
    if key is None:
        reason = no_key("target.manifests", "manifests held against the schemas", "les manifestes soient validés")
        return unobserved(site, NAME, Status.SKIPPED, reason, FACTS)
    started = datetime.now(UTC)
    try:
        rendered = render(site.path(key))
        if not rendered.resources:
            raise ToolError(rendered.problems[0] if rendered.problems else _NO_MANIFEST)
        tool = scanner("kubernetes-validate") if tool is None else tool
        known_version = version(tool)
        said = _validate(site, rendered.resources[:_MOST], tool, timeout_s)
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    checked = [number for number, (word, _) in said.items() if word != "WARN"]
    seen = found(_hit(*rendered.resources[number], why) for number, (word, why) in said.items() if word == "ERROR")
    gap = _gap(rendered, len(said)) if checked else _NO_MANIFEST
    detail = f"{len(checked)} resources; without a published schema: {len(said) - len(checked)}"
    lines = [
        {"resource": _place(rendered.resources[n][1]), "said": word, "why": why} for n, (word, why) in said.items()
    ]
    return handed_in(
        site,
        NAME,
        (count(INVALID, len(seen.open), gap, detail), Fact(id=VALIDATED, value=len(checked), unit=Unit.COUNT)),
        seen,
        gap,
        Provenance.since(started, tool=tool.name, version=known_version, command=(*tool.shown, *ARGUMENTS)),
        keep(site, NAME, "kubernetes-validate.json", lines),
    )


def _validate(
    site: Site, resources: Sequence[tuple[str, Mapping[str, Any]]], tool: Tool, timeout_s: float
) -> dict[int, tuple[str, str]]:
    """What the tool says of each resource by its number: a word, and why."""
    with tempfile.TemporaryDirectory(prefix="portance-") as folder:
        names = [f"{number}.json" for number in range(len(resources))]
        for name, (_, body) in zip(names, resources, strict=True):
            (Path(folder) / name).write_text(json.dumps(body, default=str), encoding="utf-8")
        finished = run(
            tool,
            (*ARGUMENTS, *names),
            cwd=Path(folder),
            timeout_s=timeout_s,
            tick=partial(site.progress, _DOING, 0.5, None),
        )
    return _read(tool, finished)


def _read(tool: Tool, finished: Finished) -> dict[int, tuple[str, str]]:
    if finished.exit_code not in (0, 1):
        raise crashed(tool, finished)
    said: dict[int, tuple[str, str]] = {}
    for line in _SAID.finditer((finished.stdout + b"\n" + finished.stderr).decode("utf-8", "replace")):
        why = _WHY.search(line["rest"])
        said[int(line["number"])] = (line["word"], "" if why is None else why["why"])
    if not said:
        raise garbage(tool, finished)
    return said


def _gap(rendered: Rendered, said: int) -> Text | None:
    if rendered.problems:
        return rendered.problems[0]
    left = len(rendered.resources) - said
    if left == 0:
        return None
    return Text(
        en=f"{left} of {len(rendered.resources)} resources were not validated",
        fr=f"{left} ressources sur {len(rendered.resources)} n’ont pas été validées",
    )


def _hit(source: str, body: Mapping[str, Any], why: str) -> Hit:
    return Hit(
        category="manifests",
        rule="schema",
        what=_RULE,
        location=_place(body),
        place=_place(body),
        trait=why.split(":")[0],
        message=f"{why} ({source})",
        tool_severity="error",
        confidence="HIGH",
    )


def _place(body: Mapping[str, Any]) -> str:
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{body.get('kind')}/{name}"


_DOING = Text(en="Holding manifests against the schemas", fr="Confrontation des manifestes aux schémas")
_NO_MANIFEST = Text(
    en="no Kubernetes resource where target.manifests points has a published schema: nothing was validated",
    fr="aucune ressource Kubernetes là où mène target.manifests n’a de schéma publié : rien n’a été validé",
)
