"""The ``portance`` program and the options that several of its commands have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from scorecard.cli.language import t
from scorecard.project import RunProfile

app = typer.Typer(
    name="portance",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=t(
        "Tells whether a public service will bear its users, what breaks first, and what to mend.",
        "Dit si un service public portera ses usagers, ce qui cède d’abord, et quoi corriger.",
    ),
    epilog=t(
        "Exit codes: 0 met, 1 not met, 2 could not judge or was used wrongly.",
        "Codes de sortie : 0 satisfait, 1 non satisfait, 2 n’a pas pu juger ou mal utilisé.",
    ),
)
reference = typer.Typer(no_args_is_help=True, help=t("The reference service itself.", "Le service de référence."))
app.add_typer(reference, name="reference")

RunArgument = Annotated[Path, typer.Argument(help=t("Folder of a run.", "Dossier d’une évaluation."))]
ProjectOption = Annotated[
    Path, typer.Option("--project", "-p", help=t("Project file.", "Fichier du projet."), show_default=True)
]
RunsOption = Annotated[Path, typer.Option("--runs", help=t("Folder the runs are kept in.", "Dossier des évaluations."))]
ProfileOption = Annotated[
    RunProfile, typer.Option("--profile", help=t("How long and deep to look.", "Durée et profondeur de l’examen."))
]
CriteriaOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--criteria",
        help=t(
            "Folder of own criteria: added to the shipped ones, or stricter, never less. May be given several times.",
            "Dossier de critères propres : ajoutés ou plus stricts, jamais moins. Peut être répété.",
        ),
    ),
]
OnOption = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        formats=["%Y-%m-%d"],
        help=t("Date to judge at; today by default.", "Date du jugement ; aujourd’hui par défaut."),
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


def day(on: datetime | None) -> date:
    """The date to judge at: the one given, else today's in UTC, as evidence is dated."""
    return datetime.now(UTC).date() if on is None else on.date()
