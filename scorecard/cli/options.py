"""Options that every command has."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.console import Console

from scorecard.cli.language import LANG, Lang, t

LangOption = Annotated[
    Lang, typer.Option("--lang", help=t("Language of what is printed and written.", "Langue des sorties."))
]
JsonOption = Annotated[
    bool, typer.Option("--json", help=t("Print JSON on standard output.", "Écrire du JSON sur la sortie standard."))
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help=t("No progress, no summary.", "Ni avancement ni résumé."))
]

DEFAULT_LANG: Lang = LANG


def console(*, stderr: bool = False) -> Console:
    """A console that honours NO_COLOR and, off a terminal, neither cuts nor wraps lines."""
    return Console(stderr=stderr, no_color="NO_COLOR" in os.environ, soft_wrap=True)
