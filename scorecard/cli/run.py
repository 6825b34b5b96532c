"""One run from its project file to its scorecard: folder, evidence, judgement, pages, summary."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import typer

from scorecard.cli import asked, assess, criteria_folders, origin, stages
from scorecard.cli.errors import CommandError
from scorecard.cli.grade import grade_run, write_reports
from scorecard.cli.language import Lang
from scorecard.cli.options import console
from scorecard.cli.progress import Reporter
from scorecard.cli.runs import Run, create
from scorecard.cli.waivers import misnamed
from scorecard.declarations import declared
from scorecard.evidence import Text
from scorecard.interruption import Interrupted
from scorecard.project import RunProfile, load
from scorecard.reports import FORMATS
from scorecard.reports.terminal import print_summary
from scorecard.scorecard import Scorecard
from scorecard.site import LoadWorkers, Site


@dataclass(frozen=True)
class Output:
    """How a command speaks."""

    lang: Lang
    as_json: bool
    quiet: bool

    def document(self, value: object) -> None:
        """Print ``value`` as JSON."""
        typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


def carry_out(
    path: Path,
    parent: Path,
    output: Output,
    *,
    profile: RunProfile,
    only: Sequence[str] = (),
    criteria: Sequence[Path] = (),
    name: str | None = None,
    workers: LoadWorkers | None = None,
) -> Scorecard:
    """Assess the project file at ``path`` into a new folder below ``parent``, print the summary, return the scorecard.

    Args:
        only: collectors or rooms; all when empty.
        criteria: folders of own criteria, beside those of the project file.
        name: of the folder; the project's when None.
        workers: who plays the load, where that is not this machine.

    Raises:
        ProjectError: the file is wrong; nothing was started and no folder made.
        CommandError: ``only`` names something unknown; or the service failed, and what was observed is kept and graded;
            or the disk takes no more, and what was observed is kept.
        Interrupted: what was observed is kept in a folder that says so.
    """
    _check(only)
    project = load(path)
    own = criteria_folders.folders(project, path.resolve().parent, criteria)
    criteria_known = criteria_folders.criteria_of(own)
    declared(project, criteria_known)  # what is misspelt is said now, not after the load
    wrong = misnamed(project, path.read_text(encoding="utf-8"), str(path), {one.id for one in criteria_known})
    if wrong is not None:
        raise CommandError(wrong)
    began = time.monotonic()
    run = create(parent.absolute(), name or project.project.name, path.read_bytes(), datetime.now(UTC))
    asked.record(run, profile, only)
    origin.record(run, path)
    criteria_folders.keep(run, own)
    site = Site(project=project, root=path.resolve().parent, run=run.folder, profile=profile, workers=workers)
    return assess_into(run, site, assess.plan(only), output, began)


def assess_into(run: Run, site: Site, chosen: assess.Plan, output: Output, began: float) -> Scorecard:
    """Ask the collectors of ``chosen``, grade all the evidence of ``run``, print the summary, return the scorecard.

    ``began`` is when the command did, in monotonic seconds. Raises CommandError and Interrupted as
    :func:`carry_out`.
    """
    run.mark("running", today=today(), lang=output.lang)
    quiet = output.quiet or output.as_json
    reporter = Reporter(console(stderr=True), output.lang, assess.stages(chosen, site), quiet=quiet)
    try:
        with reporter.live():
            troubles = assess.collect(site, run, chosen, reporter)
            reporter.begin("grading")
            day = today()  # after the last evidence: a run may cross midnight
            run.mark("completed", today=day, lang=output.lang)
            card = grade_run(run, day)
            write_reports(run, card, output.lang)
    except Interrupted as stop:
        _mark_interrupted(run, output.lang)
        stop.kept = run.folder
        raise
    except OSError as error:
        _mark_interrupted(run, output.lang)
        raise CommandError(
            Text(
                en=f"{run.folder}: {error.strerror}; the run ends here, the evidence so far is kept",
                fr=f"{run.folder} : {error.strerror} ; l’évaluation s’arrête, les preuves déjà écrites restent",
            )
        ) from error
    show(card, run, output, seconds=time.monotonic() - began)
    if troubles:
        raise CommandError(troubles[0])
    return card


def show(card: Scorecard, run: Run, output: Output, *, seconds: float | None = None) -> None:
    """Print the scorecard: a summary, JSON, or nothing."""
    if output.as_json:
        typer.echo(FORMATS["json"].render(card, output.lang), nl=False)
    elif not output.quiet:
        page = run.folder / FORMATS["html"].file_name
        print_summary(card, console(), output.lang, page=page, seconds=seconds)


def today() -> date:
    """The date in UTC, as evidence is dated."""
    return datetime.now(UTC).date()


def _check(only: Sequence[str]) -> None:
    known = stages.known_names()
    unknown = [given for given in only if given not in known]
    if unknown:
        names = ", ".join(known)
        raise CommandError(
            Text(
                en=f"--only: unknown {unknown[0]!r}; known: {names}",
                fr=f"--only : {unknown[0]!r} inconnu ; connus : {names}",
            )
        )


def _mark_interrupted(run: Run, lang: Lang) -> None:
    try:
        run.mark("interrupted", today=today(), lang=lang)
    except OSError:
        return
