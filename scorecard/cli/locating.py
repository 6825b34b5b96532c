"""The command that leads from "too slow" to the statement: why."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from scorecard.cli.errors import CommandError
from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption, console
from scorecard.cli.program import OnOption, RunArgument, app, day
from scorecard.cli.runs import Run
from scorecard.evidence import Text


@app.command(
    help=t(
        "Show where the time of a run goes: its routes, then one of them call by call.",
        "Montrer où passe le temps d’une évaluation : ses routes, puis l’une d’elles appel par appel.",
    )
)
def why(
    folder: RunArgument,
    route: Annotated[
        str | None,
        typer.Argument(
            help=t("Number of a route, or a part of its name.", "Numéro d’une route, ou une partie de son nom.")
        ),
    ] = None,
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 when there is something to show, 2 when the run holds no traces or no such route."""
    from scorecard.cli.grade import grade_run
    from scorecard.reports import why as found
    from scorecard.reports import why_terminal
    from scorecard.reports.words import Words

    card = grade_run(Run(folder), day(on))
    words = Words(lang)
    routes = found.routes(card, words)
    if not routes:
        raise CommandError(
            Text(
                en=f"{folder}: the run holds no traces of routes asked often enough (10 requests)",
                fr=f"{folder} : aucune trace de route appelée assez souvent (10 appels)",
            )
        )
    screen = console()
    try:
        chosen = routes if route is None else (why_terminal.find(routes, route),)
    except LookupError as error:
        names = ", ".join(one.route for one in routes[:5])
        raise CommandError(
            Text(en=f"no route {route!r}; there are: {names}", fr=f"pas de route {route!r} ; il y a : {names}")
        ) from error
    if as_json:
        content = {
            "paces": [asdict(one) for one in found.paces(card)],
            "mends": [asdict(one) for one in found.mends(card, words)],
            "routes": [asdict(one) for one in chosen],
        }
        typer.echo(json.dumps(content, ensure_ascii=False, indent=1))
    elif not quiet:
        lines = (
            why_terminal.overview(card, lang, screen.width)
            if route is None
            else why_terminal.route(card, route, lang, screen.width)
        )
        for line in lines:
            screen.print(line, soft_wrap=not screen.is_terminal)
