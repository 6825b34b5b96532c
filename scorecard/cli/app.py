"""Commands of ``portance``: options are read here, the work is done elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from importlib import metadata, resources
from pathlib import Path
from typing import Annotated

import httpx
import typer

from scorecard.cli.errors import CommandError
from scorecard.cli.language import LANG, t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.runs import Run
from scorecard.criteria import catalogue
from scorecard.evidence import Text
from scorecard.project import FILE_NAME, RunProfile, load

app = typer.Typer(
    name="portance",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=t(
        "Tells whether a public service will bear its users, what breaks first, and what to mend.",
        "Dit si un service public portera ses usagers, ce qui cède d'abord, et quoi réparer.",
    ),
    epilog=t(
        "Exit codes: 0 met, 1 not met, 2 could not judge or was used wrongly.",
        "Codes de sortie : 0 satisfait, 1 non satisfait, 2 n'a pas pu juger ou mal utilisé.",
    ),
)
reference = typer.Typer(no_args_is_help=True, help=t("The reference service itself.", "Le service de référence."))
app.add_typer(reference, name="reference")

RunArgument = Annotated[Path, typer.Argument(help=t("Folder of a run.", "Dossier d'une mesure."))]
ProjectOption = Annotated[
    Path, typer.Option("--project", "-p", help=t("Project file.", "Fichier du projet."), show_default=True)
]
RunsOption = Annotated[Path, typer.Option("--runs", help=t("Folder the runs are kept in.", "Dossier des mesures."))]
ProfileOption = Annotated[
    RunProfile, typer.Option("--profile", help=t("How long and deep to look.", "Durée et profondeur de l'examen."))
]
OnOption = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        formats=["%Y-%m-%d"],
        help=t("Date to judge at; today by default.", "Date du jugement ; aujourd'hui par défaut."),
    ),
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"portance {metadata.version('portance')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help=t("Print the version.", "Afficher la version.")
        ),
    ] = False,
) -> None:
    """Options of the program itself."""


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


@app.command(help=t("Assess the service of a project file.", "Évaluer le service d'un fichier de projet."))
def run(
    project: ProjectOption = Path(FILE_NAME),
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            help=t(
                "Collectors or rooms, comma separated; all by default.",
                "Collecteurs ou domaines, séparés par des virgules.",
            ),
        ),
    ] = None,
    runs: RunsOption = Path("runs"),
    profile: ProfileOption = "quick",
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code of the gate: 0 met, 1 not met, 2 could not judge."""
    from scorecard.cli.run import Output, carry_out

    chosen = [name.strip() for given in only or [] for name in given.split(",") if name.strip()]
    card = carry_out(project, runs, Output(lang, as_json, quiet), profile=profile, only=chosen)
    raise typer.Exit(card.decision.exit_code)


@app.command(
    help=t("Grade a run again from its evidence alone.", "Noter à nouveau une mesure d'après ses seules preuves.")
)
def grade(
    folder: RunArgument = Path("runs/latest"),
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the scorecard and its pages anew; exit code of the gate."""
    from scorecard.cli.grade import grade_run, write_reports
    from scorecard.cli.run import Output, show

    graded = Run(folder)
    card = grade_run(graded, _day(on))
    write_reports(graded, card, lang)
    show(card, graded, Output(lang, as_json, quiet))
    raise typer.Exit(card.decision.exit_code)


@app.command(
    help=t(
        "May this release go out? Ten lines and an exit code.",
        "Cette version peut-elle sortir ? Dix lignes et un code.",
    )
)
def gate(
    folder: RunArgument = Path("runs/latest"),
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Judge a run without writing anything: 0 met, 1 not met, 2 could not judge."""
    from scorecard.cli.gate import as_document, lines
    from scorecard.cli.grade import grade_run

    card = grade_run(Run(folder), _day(on))
    if as_json:
        typer.echo(json.dumps(as_document(card, lang), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo("\n".join(lines(card, lang)))
    raise typer.Exit(card.decision.exit_code)


@app.command(
    help=t(
        "Say what changed between two runs, or two folders of runs.",
        "Dire ce qui a changé entre deux mesures, ou deux dossiers de mesures.",
    )
)
def compare(
    base: Annotated[Path, typer.Argument(help=t("A run, or a folder of runs.", "Une mesure, ou un dossier."))],
    new: Annotated[Path, typer.Argument(help=t("What to compare with it.", "Ce qui lui est comparé."))],
    noise: Annotated[
        float,
        typer.Option(
            "--noise",
            help=t(
                "Share under which a shift is no change, however sure.",
                "Part en dessous de laquelle un écart, même sûr, n'est pas un changement.",
            ),
        ),
    ] = 0.05,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 no regression, 1 regression, 2 not all of it could be compared."""
    from scorecard.cli.compare import as_document, compare_paths, lines

    found = compare_paths(base, new, _day(None), floor=noise)
    if as_json:
        typer.echo(json.dumps(as_document(found, lang), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo("\n".join(lines(found, lang)))
    raise typer.Exit(found.outcome.exit_code)


@app.command(
    help=t(
        "Show many projects on one page: where each stands, what blocks whom.",
        "Montrer beaucoup de projets sur une page : où en est chacun, ce qui bloque qui.",
    )
)
def portfolio(
    folder: Annotated[
        Path, typer.Argument(help=t("Folder that holds the runs.", "Dossier qui contient les mesures."))
    ] = Path("runs"),
    page: Annotated[
        Path | None,
        typer.Option(
            "--page", help=t("Where to write the page; in the folder.", "Où écrire la page ; dans le dossier.")
        ),
    ] = None,
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 when at least one scorecard could be read, 2 otherwise; it judges nothing."""
    from scorecard.cli.portfolio import PAGE, as_document, gather, lines, write_page

    found = gather(folder, _day(on))
    target = folder / PAGE if page is None else page
    write_page(found, target, lang)
    if as_json:
        typer.echo(json.dumps(as_document(found, lang), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo("\n".join(lines(found, lang, target)))


@app.command(help=t("Write one report of a run.", "Écrire un rapport d'une mesure."))
def report(
    folder: RunArgument = Path("runs/latest"),
    format_: Annotated[
        str, typer.Option("--format", "-f", help="html, json, md, junit, sarif, gitlab, csv, prometheus, badge")
    ] = "html",
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print the path of the report written into the run folder."""
    from scorecard.cli.grade import grade_run, write_report

    reported = Run(folder)
    path = folder / write_report(reported, grade_run(reported, _day(on)), format_, lang)
    if as_json:
        typer.echo(json.dumps({"path": str(path)}))
    elif not quiet:
        typer.echo(str(path))


@app.command(
    help=t(
        "Say what a criterion asks, why, and what mends it.",
        "Dire ce qu'un critère demande, pourquoi, et ce qui le répare.",
    )
)
def explain(
    criterion: Annotated[str, typer.Argument(help=t("Identifier of a criterion.", "Identifiant d'un critère."))],
    project: ProjectOption = Path(FILE_NAME),
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Everything the catalogue holds about one criterion."""
    from scorecard.cli.explain import explanation, named

    found = named(criterion, catalogue())
    asked = load(project) if project.is_file() else None
    if as_json:
        typer.echo(found.model_dump_json(by_alias=True, indent=1))
    elif not quiet:
        typer.echo(explanation(found, asked, lang))


@app.command(
    help=t(
        "Rate at a level that was not measured, from a CSV or JSON of those that were.",
        "Débit à un niveau non mesuré, d'après un CSV ou un JSON de ceux qui l'ont été.",
    )
)
def extrapolate(
    file: Annotated[Path, typer.Argument(help=t("Levels and throughputs.", "Niveaux et débits."))],
    at: Annotated[float, typer.Option("--at", help=t("Level asked for.", "Niveau demandé."))],
    demand: Annotated[
        float | None, typer.Option("--demand", help=t("Rate to serve: how many replicas?", "Débit à servir."))
    ] = None,
    headroom: Annotated[float, typer.Option("--headroom", help=t("Share above the demand.", "Marge."))] = 0.3,
    confidence: Annotated[float, typer.Option("--confidence", help=t("Of the interval.", "De l'intervalle."))] = 0.9,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Value with its interval; exit code 2 beyond four times what was measured."""
    from loadtests import capacity
    from scorecard.cli.extrapolate import as_document, describe, read_points

    levels, rates = read_points(file)
    try:
        estimate = capacity.extrapolate(levels, rates, at, confidence)
        needed = None if demand is None else capacity.replicas_needed(levels, rates, demand, headroom)
    except capacity.CapacityError as error:
        raise CommandError(error.text) from error
    if as_json:
        typer.echo(json.dumps(as_document(estimate, needed), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo(describe(estimate, needed, lang))


@app.command(help=t("List the criteria.", "Lister les critères."))
def criteria(
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """One line a criterion, by domain."""
    from scorecard.cli.explain import listing

    found = catalogue()
    if as_json:
        typer.echo(json.dumps([c.model_dump(mode="json", by_alias=True) for c in found], ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo(listing(found, lang))


@app.command(
    help=t("Write a commented portance.toml for a service.", "Écrire un portance.toml commenté pour un service.")
)
def init(
    url: Annotated[
        str | None, typer.Option("--url", help=t("Address of a running service.", "Adresse d'un service qui tourne."))
    ] = None,
    openapi: Annotated[
        str | None,
        typer.Option("--openapi", help=t("Path of its OpenAPI document.", "Chemin de son document OpenAPI.")),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help=t("Name of the service.", "Nom du service."))] = None,
    folder: Annotated[Path, typer.Option("--folder", help=t("Where to write it.", "Où l'écrire."))] = Path(),
    force: Annotated[
        bool, typer.Option("--force", help=t("Replace an existing file.", "Remplacer un fichier existant."))
    ] = False,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read the OpenAPI document of a service and turn what answers into journeys."""
    from scorecard.cli.init import initialise

    with httpx.Client(timeout=3.0, trust_env=False) as client:
        path = initialise(url, folder, openapi=openapi, name=name, client=client, lang=lang, force=force)
    if as_json:
        typer.echo(json.dumps({"path": str(path)}))
    elif not quiet:
        typer.echo(
            t(f"{path} written; read it, then: portance run", f"{path} écrit ; relisez-le, puis : portance run")
            if lang == LANG
            else str(path)
        )


@reference.command(help=t("Serve it for a person to click through.", "Le servir pour s'y promener."))
def up(
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=1, max=65535, help=t("Port; 8000, or a free one.", "Port ; 8000, ou un port libre.")
        ),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64)] = 1,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run until Ctrl-C."""
    from scorecard.cli.reference import serve

    def ready(url: str) -> None:
        if as_json:
            typer.echo(json.dumps({"url": url}))
        elif not quiet:
            typer.echo(Text(en=f"{url}  (Ctrl-C stops it)", fr=f"{url}  (Ctrl-C l'arrête)").in_(lang))

    serve(port, workers, ready)


def _day(on: datetime | None) -> date:
    return datetime.now(UTC).date() if on is None else on.date()
