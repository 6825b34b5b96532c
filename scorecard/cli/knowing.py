"""Commands that need no run: init, reference up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import httpx
import typer

from scorecard.cli.language import LANG, t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import app, reference
from scorecard.evidence import Text


@app.command(
    help=t("Write a commented portance.toml for a service.", "Écrire un portance.toml commenté pour un service.")
)
def init(
    url: Annotated[
        str | None, typer.Option("--url", help=t("Address of a running service.", "Adresse d’un service qui tourne."))
    ] = None,
    openapi: Annotated[
        str | None,
        typer.Option("--openapi", help=t("Path of its OpenAPI document.", "Chemin de son document OpenAPI.")),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help=t("Name of the service.", "Nom du service."))] = None,
    folder: Annotated[Path, typer.Option("--folder", help=t("Where to write it.", "Où l’écrire."))] = Path(),
    force: Annotated[
        bool, typer.Option("--force", help=t("Replace an existing file.", "Remplacer un fichier existant."))
    ] = False,
    har: Annotated[
        Path | None,
        typer.Option(
            "--har",
            help=t(
                "Recording of a browser (HAR) to take the journey from.",
                "Enregistrement de navigateur (HAR) du parcours.",
            ),
        ),
    ] = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read the OpenAPI document of a service, or a recording, and turn it into journeys."""
    from scorecard.cli.init import initialise

    with httpx.Client(timeout=3.0, trust_env=False) as client:
        path = initialise(url, folder, openapi=openapi, name=name, client=client, lang=lang, force=force, har=har)
    if as_json:
        typer.echo(json.dumps({"path": str(path)}))
    elif not quiet:
        typer.echo(
            t(f"{path} written; read it, then: portance run", f"{path} écrit ; relisez-le, puis : portance run")
            if lang == LANG
            else str(path)
        )


@reference.command(help=t("Run it for a person to click through.", "Le lancer pour le parcourir soi-même."))
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
            typer.echo(Text(en=f"{url}  (Ctrl-C stops it)", fr=f"{url}  (Ctrl-C l’arrête)").in_(lang))

    serve(port, workers, ready)
