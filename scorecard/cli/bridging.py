"""Commands that take over what other tools wrote: import, import-objectives."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import app


@app.command(
    name="import",
    help=t(
        "Take the result of another tool into a run, as evidence whose source is named, and grade the run again.",
        "Verser dans une évaluation le résultat d’un autre outil, source nommée, et la noter à nouveau.",
    ),
)
def import_(
    file: Annotated[Path, typer.Argument(help=t("File the other tool wrote.", "Fichier produit par l’autre outil."))],
    format_: Annotated[
        str, typer.Option("--as", "-a", help="k6, gatling, locust, junit, sarif, dashlord", show_default=False)
    ],
    run: Annotated[Path, typer.Option("--run", help=t("Run to take it into.", "Évaluation où le verser."))] = Path(
        "runs/latest"
    ),
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            help=t(
                "Short name of the evidence; the format by default.",
                "Nom court de la preuve ; par défaut, celui du format.",
            ),
        ),
    ] = None,
    link: Annotated[
        str, typer.Option("--link", help=t("Where the original is kept.", "Où l’original est conservé."))
    ] = "",
    url: Annotated[
        str | None,
        typer.Option(
            "--url", help=t("Address to look up in a DashLord report.", "Adresse à retenir dans un rapport DashLord.")
        ),
    ] = None,
    observed: Annotated[
        datetime | None,
        typer.Option(
            "--observed",
            formats=["%Y-%m-%d"],
            help=t(
                "Day of the observation, where the file does not say.",
                "Jour de l’observation, si le fichier ne le dit pas.",
            ),
        ),
    ] = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 when it was taken over, 2 when it could not be: what it is worth is for the gate to say."""
    from scorecard.cli.imports import Wanted, take_over

    wanted = Wanted(file=file, format=format_, name=name, link=link, url=url, observed=observed)
    taken = take_over(run, wanted, now=datetime.now(UTC), lang=lang)
    if as_json:
        typer.echo(taken.model_dump_json(by_alias=True, indent=1))
    elif not quiet:
        known = sum(fact.value is not None for fact in taken.facts)
        typer.echo(
            t(
                f"{taken.name}: {known} of {len(taken.facts)} facts, {len(taken.findings)} findings",
                f"{taken.name} : {known} faits sur {len(taken.facts)}, {len(taken.findings)} constats",
            )
        )


@app.command(
    name="import-objectives",
    help=t(
        "Turn the objectives of Keptn (slo.yaml) into criteria of your own.",
        "Tirer des objectifs de Keptn (slo.yaml) des critères propres.",
    ),
)
def import_objectives(
    file: Annotated[Path, typer.Argument(help="slo.yaml")],
    sli: Annotated[
        list[str] | None,
        typer.Option(
            "--sli",
            help=t(
                "What an indicator means: NAME=EVIDENCE:FACT:UNIT, and :FACTOR from its unit to ours.",
                "Ce que vise un indicateur : NOM=PREUVE:FAIT:UNITÉ, puis :FACTEUR de son unité à la nôtre.",
            ),
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=t("File to write; the terminal by default.", "Fichier à écrire ; par défaut, le terminal."),
        ),
    ] = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 when every objective was taken, 1 when some were left out (each is named), 2 when none could be."""
    from scorecard.cli.import_objectives import as_toml, read_objectives

    slo = read_objectives(file, sli or [])
    content = as_toml(slo.objectives, file.name)
    if as_json:
        found = {"criteria": content, "left": [text.in_(lang) for text in slo.left]}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    elif output is None:
        typer.echo(content, nl=False)
    if output is not None:
        from scorecard.cli.runs import write_text

        write_text(output, content)
    if not quiet and not as_json:
        for text in slo.left:
            typer.echo(t("left out: ", "laissé de côté : ") + text.in_(lang), err=True)
    raise typer.Exit(1 if slo.left else 0)
