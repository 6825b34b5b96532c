"""Commands for the team that keeps the service running: operations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import ProjectOption, app
from scorecard.evidence import Text
from scorecard.project import FILE_NAME, load


@app.command(
    help=t(
        "Write alerts, a dashboard, a collector's configuration and runbooks from the objectives of portance.toml.",
        "Écrire alertes, tableau de bord, configuration de collecteur et procédures d’après portance.toml.",
    )
)
def operations(
    project: ProjectOption = Path(FILE_NAME),
    out: Annotated[Path, typer.Option("--out", "-o", help=t("Folder to write.", "Dossier à écrire."))] = Path(
        "operations"
    ),
    runbooks: Annotated[
        str,
        typer.Option(
            "--runbooks",
            help=t(
                "Address that alerts link to, before the name of the runbook.",
                "Adresse vers laquelle mènent les alertes, avant le nom de la procédure.",
            ),
        ),
    ] = "runbooks",
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 when they were written and promtool, where it is installed, has nothing against them."""
    from scorecard.cli.operations_files import make

    made = make(load(project), out, lang, runbooks)
    if as_json:
        document = {
            "written": [str(path) for path in made.written],
            "kept": [str(path) for path in made.kept],
            "tests_passed": made.alerts_tried,
            "notes": [note.in_(lang) for note in made.notes],
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    if quiet:
        return
    for path in made.written:
        typer.echo(str(path))
    for path in made.kept:
        typer.echo(Text(en=f"{path} (kept)", fr=f"{path} (gardé)").in_(lang))
    for note in made.notes:
        typer.echo(note.in_(lang), err=True)
    typer.echo(_tried(made.alerts_tried).in_(lang), err=made.alerts_tried is None)


def _tried(passed: int | None) -> Text:
    if passed is None:
        return Text(
            en="not tried: promtool is not installed here (it comes with Prometheus)",
            fr="non essayé : promtool n’est pas installé ici (il vient avec Prometheus)",
        )
    return Text(
        en=f"tried by promtool: each alert fires at its rate and not below ({passed} files of tests)",
        fr=f"essayé par promtool : chaque alerte part à son seuil et pas en dessous ({passed} fichiers d’essai)",
    )
