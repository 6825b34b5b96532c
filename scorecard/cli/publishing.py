"""Commands around the organisation's service: publish, publication serve, publication token."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import RunArgument, app

TOKEN = "PORTANCE_TOKEN"  # noqa: S105 (the name of a variable)

publication = typer.Typer(
    no_args_is_help=True,
    help=t(
        "The service where an organisation keeps its scorecards.",
        "Le service où une organisation garde ses fiches d’évaluation.",
    ),
)
app.add_typer(publication, name="publication")


@app.command(
    help=t(
        f"Publish a run to the organisation's service; the token is read from {TOKEN}.",
        f"Publier une évaluation au service de l’organisation ; le jeton est lu dans {TOKEN}.",
    )
)
def publish(
    to: Annotated[str, typer.Option("--to", help=t("Address of the service.", "Adresse du service."))],
    folder: RunArgument = Path("runs/latest"),
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Exit code 0 when the service keeps the run (also when it did already), 2 when it refused or did not answer."""
    from scorecard.cli.publish import send

    answer = send(folder, to, os.environ.get(TOKEN, ""), lang)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif not quiet:
        typer.echo(
            f"{t('Published', 'Publié') if answer['new'] else t('Kept already', 'Déjà publié')}  {answer['url']}"
        )


@publication.command(help=t("Run it; settings come from the environment.", "Le lancer ; réglages par l’environnement."))
def serve(
    host: Annotated[str, typer.Option("--host", help=t("Address to listen on.", "Adresse d’écoute."))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=t("Port to listen on.", "Port d’écoute."))] = 8080,
    lang: LangOption = DEFAULT_LANG,
) -> None:
    """Bring the database to the newest schema, then serve until SIGTERM or SIGINT."""
    from scorecard.cli.publication import serve as run

    run(host, port)


@publication.command(
    help=t(
        "Make a token for a pipeline; it is printed once.", "Créer un jeton pour une chaîne ; il est affiché une fois."
    )
)
def token(
    name: Annotated[str, typer.Option("--name", help=t("What it is for.", "À quoi il sert."))],
    role: Annotated[Literal["publisher", "reader"], typer.Option("--role")] = "publisher",
    project: Annotated[
        str | None, typer.Option("--project", help=t("The only project it is for.", "Le seul projet concerné."))
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=400, help=t("Days it lasts.", "Durée en jours."))] = 180,
    lang: LangOption = DEFAULT_LANG,
) -> None:
    """Works on the database itself (DATABASE_URL): for the first token, before anybody can sign in."""
    from scorecard.cli.publication import make_token

    last = datetime.now(UTC).date() + timedelta(days=days)
    typer.echo(make_token(name=name, role=role, project=project, expires_on=last))
