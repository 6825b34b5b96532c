"""The command before a commit: check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption
from scorecard.cli.program import ProjectOption, app, day
from scorecard.project import FILE_NAME


@app.command(
    help=t(
        "Look at changed files before they are committed: project file, policy, own criteria, code, secrets.",
        "Regarder les fichiers modifiés avant leur commit : projet, politique, critères propres, code, secrets.",
    )
)
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help=t(
                "Changed files; the project file alone by default.",
                "Fichiers modifiés ; par défaut, le fichier de projet seul.",
            )
        ),
    ] = None,
    project: ProjectOption = Path(FILE_NAME),
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """0 nothing to say, 1 something to mend, 2 a file could not be looked at. Nothing is started, nothing is kept."""
    from scorecard.cli.check import check as look

    found = look([project] if files is None else files, project, day(None))
    if as_json:
        remarks = [{"at": r.at, "text": r.text.in_(lang), "certain": r.certain} for r in found]
        typer.echo(json.dumps(remarks, ensure_ascii=False, indent=1))
    elif not quiet:
        for remark in found:
            typer.echo(f"{remark.at}: {remark.text.in_(lang)}")
    raise typer.Exit(1 if any(r.certain for r in found) else 2 if found else 0)
