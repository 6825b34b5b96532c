"""From a run folder, a policy file and a baseline to a ruling: the disk stays here, out of the gate."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scorecard import project
from scorecard.cli.errors import CommandError
from scorecard.cli.grade import grade_run
from scorecard.cli.runs import STATE, Run
from scorecard.cli.waivers import Refused, refused_waivers
from scorecard.evidence import Evidence, Text
from scorecard.gating import Baseline, BaselineError, PolicyError, PolicyFile, Ruling, rule
from scorecard.gating import baseline as against
from scorecard.gating import policy as policies
from scorecard.reports import FORMATS
from scorecard.scorecard import Scorecard


@dataclass(frozen=True)
class Question:
    """What the gate is asked beside the run: where the policy is, the stage or branch, and where the baseline is.

    ``criteria`` are folders of own criteria to judge with, instead of those the run keeps.
    """

    policy: Path | None = None
    stage: str | None = None
    branch: str | None = None
    baseline: Path | None = None
    criteria: Sequence[Path] | None = None


def rule_run(folder: Path, asked: Question, today: date) -> tuple[Ruling, list[Refused]]:
    """The ruling on the run in ``folder``, and its waivers that count for nothing with the line that is wrong.

    Raises:
        CommandError: the folder is no run, the policy is missing or has a hole, or the baseline is missing or cannot be
            compared with the run.
        ProjectError: the project file of the run is wrong.
    """
    run = Run(folder)
    try:
        policy = _policy(asked, today)
        card = grade_run(run, today, asked.criteria)
        waivers = project.load(run.project_file).waivers
        baseline = None if asked.baseline is None else read_baseline(asked.baseline, today)
        ruling = rule(
            card, waivers, today=today, policy=policy, stage=asked.stage, branch=asked.branch, baseline=baseline
        )
    except BaselineError as error:
        raise CommandError(error.text) from error
    except PolicyError as error:
        raise CommandError(Text(en=str(error), fr=str(error))) from error
    return ruling, refused_waivers(run, today, card.project.file, asked.criteria)


def read_baseline(path: Path, today: date) -> Baseline:
    """The baseline at ``path``: a run, judged by today's criteria on the day of its own judgement, or a scorecard.json.

    Raises:
        BaselineError: it is neither.
        CommandError, ProjectError: the run cannot be judged.
    """
    name = str(path)
    if path.is_dir():
        run = Run(path)
        return against.of_card(grade_run(run, _judged_on(run, today)), name)
    try:
        return against.of_json(path.read_bytes(), name)
    except OSError as error:
        raise BaselineError(
            Text(
                en=f"the baseline {name} cannot be read ({error.strerror})",
                fr=f"la référence {name} ne peut pas être lue ({error.strerror})",
            )
        ) from error


def earlier_findings(path: Path, card: Scorecard, formats: Sequence[str]) -> tuple[Evidence, ...]:
    """The evidence of the run in ``path``, that the findings of ``card`` are held against in reports.

    Raises:
        CommandError: none of ``formats`` can say it, or the run is none that ``card`` can be compared with.
        ProjectError: its project file is wrong.
    """
    if not any(name in FORMATS and FORMATS[name].against is not None for name in formats):
        able = ", ".join(name for name, form in FORMATS.items() if form.against is not None)
        raise CommandError(
            Text(
                en=f"--baseline: only these formats say what is new: {able}",
                fr=f"--baseline : seuls ces formats disent ce qui est nouveau : {able}",
            )
        )
    if not path.is_dir():
        raise CommandError(
            Text(
                en=f"--baseline {path}: not the folder of a run, and only its evidence holds findings",
                fr=f"--baseline {path} : pas le dossier d’une mesure, et seules ses preuves contiennent les constats",
            )
        )
    try:
        baseline = read_baseline(path, card.graded_on)
        against.check(baseline, card)
    except BaselineError as error:
        raise CommandError(error.text) from error
    assert baseline.evidence is not None
    return baseline.evidence


def _policy(asked: Question, today: date) -> PolicyFile | None:
    """The policy that was named, else the one of this folder, else None. A stage without a policy is a mistake."""
    if asked.policy is not None:
        return policies.load(asked.policy, today)
    here = Path(policies.FILE_NAME)
    if os.path.lexists(here):  # a link that leads nowhere is a policy that is missing, not none
        return policies.load(here, today)
    if asked.stage is not None:
        raise CommandError(
            Text(
                en=f"--stage {asked.stage}: there is no policy file, and so no stage",
                fr=f"--stage {asked.stage} : il n’y a pas de fichier de politique, donc pas d’étape",
            )
        )
    return None


def _judged_on(run: Run, today: date) -> date:
    try:
        return date.fromisoformat(json.loads((run.folder / STATE).read_text(encoding="utf-8"))["graded_on"])
    except (OSError, ValueError, KeyError, TypeError):
        return today
