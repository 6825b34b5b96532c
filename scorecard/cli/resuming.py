"""A run that was cut off goes on: what was observed stays, the load goes on from its last step."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from scorecard.cli import asked, assess
from scorecard.cli.errors import CommandError
from scorecard.cli.run import Output, assess_into
from scorecard.cli.runs import Run
from scorecard.evidence import Text
from scorecard.project import load
from scorecard.scorecard import Scorecard
from scorecard.site import Site


def resume(folder: Path, project_file: Path, output: Output) -> Scorecard:
    """Carry the run in ``folder`` on to its end, print the summary, return the scorecard.

    Collectors whose evidence is there are not asked again. The load offers none of the steps again that it had written
    down, unless they are of another project file, profile or machine, or older than a day (loadtests.step_log).

    Raises:
        ProjectError: the project file is wrong.
        CommandError: the folder is no run, the run had gone to its end, or the project file is not what it was.
        Interrupted: as :func:`scorecard.cli.run.carry_out`.
    """
    run = Run(folder.resolve())
    wanted = asked.read(run)
    _check(run, project_file)
    project = load(project_file)
    site = Site(project=project, root=project_file.resolve().parent, run=run.folder, profile=wanted.profile)
    chosen = assess.plan(wanted.only)
    left = tuple(c for c in chosen.collectors if not _has(run, c.id))
    return assess_into(
        run,
        site,
        replace(chosen, collectors=left, traces=chosen.traces and not _has(run, "traces")),
        output,
        began=time.monotonic(),
    )


def _has(run: Run, evidence: str) -> bool:
    """Whether that evidence is there: each is written whole, once its collector has ended."""
    return (run.evidence_folder / f"{evidence}.json").is_file()


def _check(run: Run, project_file: Path) -> None:
    if run.state() == "completed":
        raise CommandError(
            Text(
                en=f"{run.folder}: this run went to its end; there is nothing to resume",
                fr=f"{run.folder} : cette évaluation est allée à son terme, il n’y a rien à reprendre",
            )
        )
    if project_file.read_bytes() != run.project_file.read_bytes():
        raise CommandError(
            Text(
                en=f"{project_file}: not what it was when the run began; begin a new run",
                fr=f"{project_file} : a changé depuis le début de l’évaluation ; lancez-en une nouvelle",
            )
        )
