"""The files of ``portance operations``: alerts, their unit tests, a dashboard, a collector, runbooks to begin with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from observability.operations import OperationsError, promtool
from observability.operations.dashboards import dashboard
from observability.operations.otelcol import collector
from observability.operations.rule_tests import rule_tests
from observability.operations.rules import as_yaml, bucket_bound, rules, service_of
from scorecard.cli.errors import CommandError
from scorecard.cli.runs import write_text
from scorecard.evidence import Text
from scorecard.project import ProjectFile

RULES, TESTS, DASHBOARD, COLLECTOR, RUNBOOKS = "alerts.yaml", "tests", "dashboard.json", "collector.yaml", "runbooks"


@dataclass(frozen=True)
class Made:
    """What was written, which runbooks were there already and kept, what promtool says, and what to know."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    alerts_tried: int | None
    notes: tuple[Text, ...]


def contents(project: ProjectFile, lang: str, runbooks: str = RUNBOOKS) -> dict[str, str]:
    """Every generated file but the runbooks, by its path in the folder; alerts link to ``runbooks``.

    Raises:
        CommandError: an objective leaves no error budget.
    """
    try:
        header = Template(_HEADER.in_(lang)).substitute(name=project.project.name.replace("\n", " "))
        files = {RULES: header + as_yaml(rules(project, lang, runbooks))}
        for name, document in rule_tests(project, f"../{RULES}").items():
            files[f"{TESTS}/{name}"] = header + as_yaml(document)
        files[DASHBOARD] = json.dumps(dashboard(project, lang), ensure_ascii=False, indent=1) + "\n"
        files[COLLECTOR] = header + collector(project)
    except OperationsError as error:
        raise CommandError(_impossible(str(error))) from error
    return files


def runbook_contents(project: ProjectFile, lang: str) -> dict[str, str]:
    """Runbooks to begin with, by their path in the folder."""
    names = {"service": project.project.name, "job": service_of(project).job}
    folder = resources.files("observability.operations") / "runbooks" / lang
    return {
        f"{RUNBOOKS}/{file.name}": Template(file.read_text(encoding="utf-8")).safe_substitute(names)
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
    }


def make(project: ProjectFile, folder: Path, lang: str, runbooks: str) -> Made:
    """Write the files into ``folder``; a runbook that is there already belongs to its team and is kept.

    Raises:
        CommandError: an objective leaves no error budget, or promtool finds that an alert does not do what it should.
        OSError: the folder cannot be written.
    """
    generated = contents(project, lang, runbooks)
    written = [_write(folder / name, content) for name, content in generated.items()]
    kept = []
    for name, content in runbook_contents(project, lang).items():
        path = folder / name
        if path.exists():
            kept.append(path)
        else:
            written.append(_write(path, content))
    return Made(tuple(written), tuple(kept), _tried(folder, generated), _notes(project))


def _write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, content)
    return path


def _tried(folder: Path, generated: Mapping[str, str]) -> int | None:
    """How many files of unit tests passed; None without promtool."""
    tests = [folder / name for name in generated if name.startswith(f"{TESTS}/")]
    try:
        checked = promtool.check_rules([folder / RULES])
        results = promtool.test_rules(tests)
    except promtool.PromtoolError as error:
        if error.text == promtool.NOT_INSTALLED:
            return None
        raise CommandError(error.text) from error
    wrong = [name for name, passed in results.items() if not passed]
    if checked.refused is not None or wrong:
        raise CommandError(_wrong(checked.refused if checked.refused is not None else wrong[0]))
    return len(tests)


def _notes(project: ProjectFile) -> tuple[Text, ...]:
    p95, bound = project.objectives.p95, bucket_bound(project.objectives.p95)
    if bound == p95:
        return ()
    return (
        Text(
            en=f"objectives.p95 is {p95:g} s, between two boundaries of OpenTelemetry's histogram: the alerts on "
            f"latency count requests slower than {bound:g} s",
            fr=f"objectives.p95 vaut {_fr(p95)} s, entre deux bornes de l’histogramme d’OpenTelemetry : les alertes "
            f"de lenteur comptent les requêtes de plus de {_fr(bound)} s",
        ),
    )


def _fr(number: float) -> str:
    return f"{number:g}".replace(".", ",")


def _impossible(why: str) -> Text:
    return Text(en=f"no alerts can be made: {why}", fr=f"aucune alerte ne peut être faite : {why}")


def _wrong(what: str) -> Text:
    return Text(
        en=f"promtool finds that the alerts do not do what they should: {what}",
        fr=f"promtool constate que les alertes ne font pas ce qu’elles doivent : {what}",
    )


_HEADER = Text(
    en="# Made by portance operations from the objectives of $name. To change it, change portance.toml.\n",
    fr="# Fait par portance operations d’après les objectifs de $name. Pour changer, modifier portance.toml.\n",
)
