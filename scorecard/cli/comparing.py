"""Commands over several runs or measurements, and over the demand: compare, portfolio, extrapolate, demand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from scorecard.cli.errors import CommandError
from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import OnOption, ProjectOption, app, day
from scorecard.evidence import Text
from scorecard.project import FILE_NAME


@app.command(
    help=t(
        "Say what changed between two runs, or between several on each side: compare BASE NEW, or compare NEW… "
        "--against BASE.",
        "Dire ce qui a changé entre deux évaluations, ou entre plusieurs de chaque côté : compare RÉFÉRENCE NOUVELLE, "
        "ou compare NOUVELLES… --against RÉFÉRENCE.",
    )
)
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help=t(
                "Runs, or folders of runs: two, or the new side.", "Évaluations ou dossiers : deux, ou le nouveau côté."
            )
        ),
    ],
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against",
            help=t(
                "A run, or a folder of runs, of the side before. May be given several times.",
                "Une évaluation, ou un dossier, du côté d’avant. Peut être répété.",
            ),
        ),
    ] = None,
    noise: Annotated[
        float,
        typer.Option(
            "--noise",
            help=t(
                "Share under which a shift is no change, however sure.",
                "Part en dessous de laquelle un écart, même sûr, n’est pas un changement.",
            ),
        ),
    ] = 0.05,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 no regression, 1 regression, 2 not all of it could be compared."""
    from scorecard.cli.compare import Sides, as_document, compare_paths, lines

    if against is None and len(runs) != 2:
        raise CommandError(
            Text(
                en=f"two runs or folders are compared, {len(runs)} given; several on a side: "
                "compare NEW… --against BASE",
                fr=f"on compare deux évaluations ou dossiers, {len(runs)} donnés ; plusieurs d’un côté : "
                "compare NOUVELLES… --against RÉFÉRENCE",
            )
        )
    sides = Sides.of(runs[:1], runs[1:]) if against is None else Sides.of(against, runs)
    found = compare_paths(sides, day(None), floor=noise)
    if as_json:
        typer.echo(json.dumps(as_document(found, sides, lang), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo("\n".join(lines(found, sides, lang)))
    raise typer.Exit(found.outcome.exit_code)


@app.command(
    help=t(
        "Show many projects on one page: where each stands, what blocks whom.",
        "Montrer beaucoup de projets sur une page : où en est chacun, ce qui bloque, et quels projets.",
    )
)
def portfolio(
    folder: Annotated[
        Path, typer.Argument(help=t("Folder that holds the runs.", "Dossier qui contient les évaluations."))
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

    found = gather(folder, day(on))
    target = folder / PAGE if page is None else page
    write_page(found, target, lang)
    if as_json:
        typer.echo(json.dumps(as_document(found, lang), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo("\n".join(lines(found, lang, target)))


@app.command(
    help=t(
        "Rate at a level that was not measured, from a CSV or JSON of those that were.",
        "Débit à un niveau non mesuré, d’après un CSV ou un JSON de ceux qui l’ont été.",
    )
)
def extrapolate(
    file: Annotated[Path, typer.Argument(help=t("Levels and throughputs.", "Niveaux et débits."))],
    at: Annotated[float, typer.Option("--at", help=t("Level asked for.", "Niveau demandé."))],
    demand: Annotated[
        float | None,
        typer.Option("--demand", help=t("Rate to serve: how many replicas?", "Débit à servir : combien d’instances ?")),
    ] = None,
    headroom: Annotated[
        float, typer.Option("--headroom", help=t("Margin above the demand.", "Marge au-dessus de la demande."))
    ] = 0.3,
    confidence: Annotated[
        float, typer.Option("--confidence", help=t("Confidence of the interval.", "Confiance de l’intervalle."))
    ] = 0.9,
    svg: Annotated[
        Path | None,
        typer.Option("--svg", help=t("Where to draw the curve, as SVG.", "Où dessiner la courbe, en SVG.")),
    ] = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Value with its interval; exit code 2 beyond four times what was measured."""
    from loadtests import capacity
    from scorecard.cli.extrapolate import as_document, describe, read_points
    from scorecard.cli.extrapolate_plot import bars, write_svg

    levels, rates = read_points(file)
    try:
        estimate = capacity.extrapolate(levels, rates, at, confidence)
        needed = None if demand is None else capacity.replicas_needed(levels, rates, demand, headroom)
        if svg is not None:
            write_svg(svg, levels, rates, estimate, None if needed is None else needed.required, lang)
    except capacity.CapacityError as error:
        raise CommandError(error.text) from error
    if as_json:
        typer.echo(json.dumps(as_document(estimate, needed), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo("\n".join([describe(estimate, needed, lang), "", *bars(levels, rates, estimate, lang)]))


@app.command(
    help=t(
        "Say how many requests the population brings at the busiest moment, step by step.",
        "Dire combien de requêtes la population amène au moment de pointe, étape par étape.",
    )
)
def demand(
    project: ProjectOption = Path(FILE_NAME),
    access_log: Annotated[
        Path | None,
        typer.Option(
            "--access-log",
            help=t(
                "Access log (common or combined format): think times and shares of the journeys from it.",
                "Journal d’accès (format common ou combined) : en tirer temps de réflexion et parts des parcours.",
            ),
        ),
    ] = None,
    analytics: Annotated[
        Path | None,
        typer.Option(
            "--analytics",
            help=t(
                "Analytics export, a CSV of pages with their average time and visits.",
                "Export de mesure d’audience, un CSV des pages avec leur durée moyenne et leurs visites.",
            ),
        ),
    ] = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Nothing is started and nothing is sent. Exit code 0, or 2 for a wrong file."""
    from scorecard.cli import demand as told
    from scorecard.cli import habits
    from scorecard.project import load
    from scorecard.site import Site

    found = load(project)
    if access_log is not None or analytics is not None:
        seen = habits.read(found, access_log, analytics)
        if as_json:
            typer.echo(json.dumps(habits.as_document(seen), ensure_ascii=False, indent=1))
        elif not quiet:
            typer.echo("\n".join(habits.lines(seen, lang)))
        return
    site = Site(project=found, root=project.parent, run=project.parent)
    if as_json:
        typer.echo(json.dumps(told.as_document(site), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo("\n".join(told.lines(site, lang, shutil.get_terminal_size((110, 24)).columns)))
