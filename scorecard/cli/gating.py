"""The command that a pipeline obeys: gate."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import CriteriaOption, OnOption, RunArgument, app, day
from scorecard.cli.runs import Run, write_bytes


@app.command(
    help=t(
        "May this release go out? Ten lines and an exit code, by the policy of the pipeline if it has one.",
        "Cette version peut-elle sortir ? Dix lignes et un code de sortie, selon la politique de la chaîne.",
    )
)
def gate(
    folder: RunArgument = Path("runs/latest"),
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            help=t(
                "Policy file; portance-policy.toml of this folder if there is one, else the built-in rule.",
                "Fichier de politique ; portance-policy.toml de ce dossier s’il existe, sinon la règle de base.",
            ),
        ),
    ] = None,
    stage: Annotated[
        str | None, typer.Option("--stage", help=t("Stage of the policy.", "Étape de la politique."))
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option(
            "--branch",
            help=t(
                "Branch the change goes into; that of GitHub's or GitLab's variables by default.",
                "Branche visée ; par défaut celle que disent les variables de GitHub ou de GitLab.",
            ),
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            help=t(
                "Earlier run, or its scorecard.json, to compare with.",
                "Évaluation antérieure, ou son scorecard.json, à laquelle comparer.",
            ),
        ),
    ] = None,
    summary: Annotated[
        Path | None,
        typer.Option(
            "--summary",
            dir_okay=False,
            help=t(
                "Write a SLSA verification summary of the ruling to this file.",
                "Écrire dans ce fichier un résumé de vérification SLSA de la réponse.",
            ),
        ),
    ] = None,
    on: OnOption = None,
    criteria: CriteriaOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Judge a run and leave it as it is: 0 met, 1 not met, 2 could not judge."""
    from scorecard.cli.cost import measure
    from scorecard.cli.gate import as_document, lines
    from scorecard.cli.pipeline import target_branch, tell_github
    from scorecard.cli.ruling import Question, rule_run

    today: date = day(on)
    asked = Question(policy, stage, target_branch(os.environ) if branch is None else branch, baseline, criteria)
    ruling, refused = rule_run(folder, asked, today)
    if summary is not None:
        from scorecard.cli.proof import attest

        write_bytes(summary, attest(Run(folder), ruling, lang, datetime.now(UTC)))
    cost = measure(ruling.card.evidence)
    log = lines(ruling, refused, cost, lang)
    commands = tell_github(os.environ, ruling, refused, log, lang, folder)
    if as_json:
        typer.echo(json.dumps(as_document(ruling, refused, cost, lang), ensure_ascii=False, indent=1))
    elif not quiet:
        typer.echo("\n".join(log))
    for command in commands:
        typer.echo(command, err=as_json)  # GitHub reads both streams; JSON stays JSON
    raise typer.Exit(ruling.exit_code)
