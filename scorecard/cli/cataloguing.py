"""Commands on the catalogue: criteria (list, document, lint) and explain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from scorecard.cli.language import t
from scorecard.cli.options import DEFAULT_LANG, JsonOption, LangOption, QuietOption, console
from scorecard.cli.program import CriteriaOption, ProjectOption, app
from scorecard.criteria import Criterion, Domain
from scorecard.project import FILE_NAME, Kind, ProjectFile, Tier, load

_OFF_TERMINAL = 240
"""Width where no screen sets one: a line a criterion, for grep."""


@app.command(
    help=t(
        "Say what a criterion asks, why, and what mends it.",
        "Dire ce qu’un critère demande, pourquoi, et que faire.",
    )
)
def explain(
    criterion: Annotated[str, typer.Argument(help=t("Identifier of a criterion.", "Identifiant d’un critère."))],
    project: ProjectOption = Path(FILE_NAME),
    own: CriteriaOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Everything the catalogue holds about one criterion."""
    from scorecard.cli.explain import explanation, named

    asked = load(project) if project.is_file() else None
    found = named(criterion, _catalogue(asked, project, own))
    if as_json:
        typer.echo(found.model_dump_json(by_alias=True, indent=1))
    elif not quiet:
        typer.echo(explanation(found, asked, lang))


@app.command(help=t("List, document or check the criteria.", "Lister, documenter ou vérifier les critères."))
def criteria(
    domain: Annotated[
        list[Domain] | None, typer.Option("--domain", help=t("Of this domain.", "De ce domaine."))
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option("--kind", help=t("Asked of this kind of service.", "Demandés à ce type de service."))
    ] = None,
    tier: Annotated[
        Tier | None, typer.Option("--tier", help=t("As asked in this tier.", "Tels que demandés à ce niveau."))
    ] = None,
    basis: Annotated[
        Literal["measured", "declared"] | None,
        typer.Option("--basis", help=t("Measured or declared.", "Mesurés ou déclarés.")),
    ] = None,
    blocking: Annotated[bool, typer.Option("--blocking", help=t("Those that block.", "Ceux qui bloquent."))] = False,
    format_: Annotated[
        Literal["table", "md"],
        typer.Option("--format", "-f", help=t("A table, or a page of documentation.", "Un tableau, ou une page.")),
    ] = "table",
    lint: Annotated[
        bool,
        typer.Option(
            "--lint",
            help=t(
                "Check the catalogue: 0 sound, 1 problems, 2 cannot be read.",
                "Vérifier le catalogue : 0 sain, 1 défauts, 2 illisible.",
            ),
        ),
    ] = False,
    project: ProjectOption = Path(FILE_NAME),
    own: CriteriaOption = None,
    lang: LangOption = DEFAULT_LANG,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """The criteria that are asked for; with own folders of --criteria, else of the project file if there is one."""
    from scorecard.cli import listing

    named = load(project) if own is None and project.is_file() else None
    found = _catalogue(named, project, own)
    if lint:
        _check(found, lang, as_json=as_json, quiet=quiet)
        return
    chosen = listing.chosen(found, domains=domain, kind=kind, tier=tier, basis=basis, blocking=blocking)
    if as_json:
        documents = [c.model_dump(mode="json", by_alias=True) for c in chosen]
        typer.echo(json.dumps(documents, ensure_ascii=False, indent=1))
    elif quiet:
        return
    elif format_ == "md":
        from scorecard.reports.criteria_page import page

        typer.echo(page(chosen, lang), nl=False)
    else:
        screen = console()
        if not screen.is_terminal:
            screen.width = _OFF_TERMINAL
        screen.print(listing.table(chosen, lang, screen.width), soft_wrap=False)


def _catalogue(asked: ProjectFile | None, path: Path, own: list[Path] | None) -> tuple[Criterion, ...]:
    """The shipped criteria with the folders that are given, else with those of the project file."""
    from scorecard.cli.criteria_folders import criteria_of, folders

    if own is not None:
        return criteria_of(own)
    return criteria_of(() if asked is None else folders(asked, path.resolve().parent, ()))


def _check(criteria: tuple[Criterion, ...], lang: str, *, as_json: bool, quiet: bool) -> None:
    from scorecard.linting import lint
    from scorecard.linting.producers import producers

    problems = lint(criteria, producers())
    if as_json:
        found = [{"criterion": p.criterion, "rule": p.rule, "text": p.text.in_(lang)} for p in problems]
        typer.echo(json.dumps({"criteria": len(criteria), "problems": found}, ensure_ascii=False, indent=1))
    elif not quiet:
        for p in problems:
            typer.echo(f"{p.criterion} [{p.rule}] {p.text.in_(lang)}")
        typer.echo(
            t(
                f"{len(criteria)} criteria, {len(problems)} problems",
                f"{len(criteria)} critères, {len(problems)} défauts",
            )
        )
    raise typer.Exit(1 if problems else 0)
