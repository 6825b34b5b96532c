"""Command that lends this machine to the load of another: load-worker."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from scorecard.cli.language import t
from scorecard.cli.program import app


@app.command(
    name="load-worker",
    help=t(
        "Play a share of the load for 'portance run --workers-listen' on another machine, until Ctrl-C.",
        "Jouer une part de la charge pour « portance run --workers-listen » d’une autre machine, jusqu’à Ctrl-C.",
    ),
)
def load_worker(
    master: Annotated[
        str,
        typer.Option(
            "--master",
            metavar="HOST:PORT",
            help=t("Address where that run listens.", "Adresse où cette évaluation écoute."),
            show_default=False,
        ),
    ],
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes",
            min=1,
            max=64,
            help=t("Processes; one a core by default.", "Processus ; un par cœur par défaut."),
            show_default=False,
        ),
    ] = None,
) -> None:
    """Exit code 2 when no master is there, or a worker fails."""
    from loadtests.joining import JoiningError, join
    from scorecard.cli.errors import CommandError
    from scorecard.cli.workers import address
    from scorecard.evidence import Text

    wanted = processes if processes is not None else len(os.sched_getaffinity(0))
    try:
        join(*address("--master", master), wanted)
    except JoiningError as error:
        raise CommandError(
            Text(
                en=str(error),
                fr=f"un processus de charge s’est arrêté (code {error.code})\u202f: aucune évaluation n’écoute à "
                f"{master}, ou voir ci-dessus",
            )
        ) from error
