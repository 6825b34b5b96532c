"""The command that asks for what cannot be measured: declare."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from scorecard.cli.errors import CommandError
from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption, console
from scorecard.cli.program import CriteriaOption, OnOption, ProjectOption, app, day
from scorecard.criteria import Criterion, Domain
from scorecard.evidence import Text
from scorecard.project import FILE_NAME, ProjectFile, load


@app.command(
    help=t(
        "Answer what cannot be measured, from the terminal or a file; list what expires.",
        "Répondre à ce qui ne se mesure pas, au terminal ou par un fichier ; lister ce qui expire.",
    )
)
def declare(
    project: ProjectOption = Path(FILE_NAME),
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", help=t("Answers as TOML or CSV, all or nothing.", "Réponses en TOML ou CSV, toutes ou aucune.")
        ),
    ] = None,
    domain: Annotated[
        list[Domain] | None, typer.Option("--domain", help=t("Questions of this domain.", "Questions de ce domaine."))
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help=t("Also what is declared and still counts.", "Aussi ce qui est déclaré et vaut encore.")
        ),
    ] = False,
    owner: Annotated[
        str, typer.Option("--owner", help=t("Owner proposed first.", "Responsable proposé d’abord."))
    ] = "",
    due: Annotated[
        bool,
        typer.Option(
            "--due",
            help=t("List what expires when; exit 1 if something has.", "Lister ce qui expire ; code 1 si c’est fait."),
        ),
    ] = False,
    within: Annotated[
        int | None,
        typer.Option("--within", min=0, help=t("Only within this many days.", "Seulement dans ce nombre de jours.")),
    ] = None,
    format_: Annotated[
        Literal["text", "ics"],
        typer.Option("--format", "-f", help=t("Text, or a calendar (ics).", "Texte, ou calendrier (ics).")),
    ] = "text",
    on: OnOption = None,
    criteria: CriteriaOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Answers go into the project file as [[declarations]], which otherwise stays as it is."""
    from scorecard.cli.criteria_folders import criteria_of, folders
    from scorecard.declarations import declared

    found = load(project)
    known = criteria_of(folders(found, project.resolve().parent, [] if criteria is None else criteria))
    declared(found, known)  # what stands there already must be right before anything is added
    today = day(on)
    if due:
        _list_due(found, known, today, within, format_, lang, as_json=as_json, quiet=quiet)
    elif from_ is not None:
        _take(from_, project, known, today, as_json=as_json, quiet=quiet)
    else:
        _ask(project, found, known, today, domain, owner, lang, everything=everything, as_json=as_json, quiet=quiet)


def _list_due(
    project: ProjectFile,
    criteria: Sequence[Criterion],
    today: date,
    days: int | None,
    format_: str,
    lang: str,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from scorecard.cli import declare_due

    everything = declare_due.due(project, criteria)
    found = declare_due.within(everything, today, days)
    if as_json:
        rows = [
            {
                "kind": d.kind,
                "name": d.name,
                "title": d.title.in_(lang),
                "owner": d.owner,
                "link": d.link,
                "until": d.until.isoformat(),
                "expired": d.expired(today),
            }
            for d in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif format_ == "ics":
        typer.echo(declare_due.calendar(found, project.project.name, today, lang), nl=False)
    elif not quiet:
        for item in found:
            typer.echo(declare_due.line(item, today, lang))
        if not found:
            typer.echo(t("Nothing expires.", "Rien n’expire."))
    raise typer.Exit(1 if any(d.expired(today) for d in everything) else 0)


def _take(
    answers: Path, project: Path, criteria: Sequence[Criterion], today: date, *, as_json: bool, quiet: bool
) -> None:
    from scorecard.cli import declare_answers, declare_file

    try:
        found = declare_answers.read(answers, criteria, today)
    except declare_answers.AnswersError as error:
        for line in error.lines:
            typer.echo(line, err=True)
        raise CommandError(
            Text(
                en=f"nothing was written: {len(error.lines)} wrong in {answers}",
                fr=f"rien n’a été écrit : {len(error.lines)} à corriger dans {answers}",
            )
        ) from error
    declare_file.save(project, found)
    _tell(len(found), project, as_json=as_json, quiet=quiet)


def _ask(
    path: Path,
    project: ProjectFile,
    criteria: Sequence[Criterion],
    today: date,
    domains: Sequence[Domain] | None,
    owner: str,
    lang: str,
    *,
    everything: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    from scorecard.cli import declare_dialogue, declare_file
    from scorecard.cli.declare_questions import questions

    if not sys.stdin.isatty():
        raise CommandError(
            Text(
                en="nobody to ask: this is no terminal; give answers with --from FILE (TOML or CSV)",
                fr="personne à qui demander : ce n’est pas un terminal ; donner les réponses avec --from FICHIER",
            )
        )
    asked = [q for q in questions(project, criteria) if not domains or q.criterion.domain in domains]
    waiting = asked if everything else [q for q in asked if q.open(today)]
    screen = console(stderr=True)  # what is asked stays out of what is printed
    screen.soft_wrap = False
    kept = declare_dialogue.ask(
        waiting,
        criteria,
        screen=screen,
        lang=lang,
        proposals=declare_dialogue.Proposals(owner, today),
        keep=lambda found: declare_file.save(path, [found]),
    )
    _tell(kept, path, as_json=as_json, quiet=quiet)


def _tell(kept: int, project: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"declared": kept, "path": str(project)}))
    elif not quiet:
        many = "" if kept == 1 else "s"
        few = "" if kept < 2 else "s"
        typer.echo(
            t(f"{kept} declaration{many} written to {project}", f"{kept} déclaration{few} écrite{few} dans {project}")
        )
