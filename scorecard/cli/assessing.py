"""Commands that assess and judge: demo, run, grade, report."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import (
    CriteriaOption,
    OnOption,
    ProfileOption,
    ProjectOption,
    RunArgument,
    RunsOption,
    app,
    day,
)
from scorecard.cli.runs import Run
from scorecard.project import FILE_NAME


@app.command(
    help=t(
        "Assess the reference service that ships with Portance.", "Évaluer le service de référence livré avec Portance."
    )
)
def demo(
    runs: RunsOption = Path("runs"),
    profile: ProfileOption = "quick",
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 when the assessment went to its end, whatever the decision: it is a demonstration."""
    from scorecard.cli.run import Output, carry_out

    with resources.as_file(resources.files("reference_app") / FILE_NAME) as path:
        carry_out(path, runs, Output(lang, as_json, quiet), profile=profile, name="demo")


@app.command(help=t("Assess the service of a project file.", "Évaluer le service d’un fichier de projet."))
def run(
    project: ProjectOption = Path(FILE_NAME),
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help=t(
                "Collectors or rooms, comma separated; all by default.",
                "Collecteurs ou dossiers du code, séparés par des virgules.",
            ),
        ),
    ] = None,
    runs: RunsOption = Path("runs"),
    profile: ProfileOption = "quick",
    criteria: CriteriaOption = None,
    workers_listen: Annotated[
        str | None,
        typer.Option(
            "--workers-listen",
            metavar="HOST:PORT",
            help=t(
                "Address of this machine where other machines join to play the load (portance load-worker).",
                "Adresse de cette machine où d’autres machines viennent jouer la charge (portance load-worker).",
            ),
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=1,
            max=1000,
            help=t("Processes waited for there.", "Nombre de processus attendus à cette adresse."),
        ),
    ] = 1,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help=t(
                "Go on with a run that was cut off: what was observed stays, the load goes on from its last step.",
                "Reprendre une évaluation interrompue : ce qui a été observé reste, la charge repart de son dernier "
                "palier.",
            ),
            show_default=False,
        ),
    ] = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code of the gate: 0 met, 1 not met, 2 could not judge."""
    from scorecard.cli import resuming
    from scorecard.cli.run import Output, carry_out
    from scorecard.cli.workers import invitation, load_workers

    chosen = [name.strip() for given in only or [] for name in given.split(",") if name.strip()]
    own = [] if criteria is None else criteria
    output = Output(lang, as_json, quiet)
    if resume is not None:
        raise typer.Exit(resuming.resume(resume, project, output).decision.exit_code)
    crew = None if workers_listen is None else load_workers(workers_listen, workers)
    if crew is not None and not quiet:
        typer.echo(invitation(crew, lang), err=True)
    card = carry_out(project, runs, output, profile=profile, only=chosen, criteria=own, workers=crew)
    raise typer.Exit(card.decision.exit_code)


@app.command(
    help=t("Grade a run again from its evidence alone.", "Noter à nouveau une évaluation d’après ses seules preuves.")
)
def grade(
    folder: RunArgument = Path("runs/latest"),
    on: OnOption = None,
    against: Annotated[
        Path | None,
        typer.Option(
            help=t(
                "Earlier scorecard.json of the project: show what changed since, and why.",
                "Un scorecard.json antérieur du projet : montrer ce qui a changé, et pourquoi.",
            ),
        ),
    ] = None,
    criteria: CriteriaOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the scorecard and its pages anew; exit code of the gate. Own criteria that are given are kept."""
    from scorecard.cli import against as earlier
    from scorecard.cli.criteria_folders import keep
    from scorecard.cli.grade import grade_run, write_reports
    from scorecard.cli.run import Output, show
    from scorecard.cli.waivers import refused_waivers

    graded = Run(folder)
    card = grade_run(graded, day(on), criteria)
    old = None if against is None else earlier.read(against, card.project.name)  # before it is written anew
    if criteria is not None:
        keep(graded, criteria)
    write_reports(graded, card, lang)
    if old is None or not as_json:
        show(card, graded, Output(lang, as_json, quiet))
    for one in [] if quiet else refused_waivers(graded, day(on)):
        typer.echo(f"{one.at}: {one.text.in_(lang)}", err=True)
    if old is not None and as_json:
        typer.echo(earlier.document(old, card, lang))
    elif old is not None and not quiet:
        typer.echo("\n".join(earlier.lines(old, card, lang)))
    raise typer.Exit(card.decision.exit_code)


@app.command(help=t("Write reports of a run.", "Écrire des rapports d’une évaluation."))
def report(
    folder: RunArgument = Path("runs/latest"),
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help=t("Formats, comma separated: ", "Formats, séparés par des virgules : ")
            + "html, pdf, json, md, junit, sarif, gitlab, gitlab-metrics, csv, prometheus, badge, dashlord, why",
        ),
    ] = "html",
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            file_okay=False,
            help=t(
                "Folder to write to; by default that of the run.",
                "Dossier des rapports ; par défaut celui de l’évaluation.",
            ),
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            help=t(
                "Earlier run: SARIF then says of each finding whether it is new, unchanged or gone.",
                "Évaluation antérieure : le SARIF dit alors de chaque constat s’il est nouveau, inchangé ou disparu.",
            ),
        ),
    ] = None,
    on: OnOption = None,
    criteria: CriteriaOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print the path of each report that was written."""
    from scorecard.cli.grade import grade_run, write_report
    from scorecard.cli.ruling import earlier_findings

    reported = Run(folder)
    wanted = [name.strip() for name in format_.split(",")]
    card = grade_run(reported, day(on), criteria)
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
    earlier = None if baseline is None else earlier_findings(baseline, card, wanted)
    names = [write_report(reported, card, name, lang, into, earlier) for name in wanted]
    paths = [str((folder if into is None else into) / name) for name in names]
    if as_json:
        typer.echo(json.dumps({"path": paths[0]} if len(paths) == 1 else {"paths": paths}))
    elif not quiet:
        typer.echo("\n".join(paths))
