"""What was asked of a run, kept as ``asked.json`` so that one that was cut off can go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, ValidationError

from scorecard.cli.errors import CommandError
from scorecard.cli.runs import Run, write_text
from scorecard.evidence import Strict, Text
from scorecard.project import RunProfile

FILE = "asked.json"


class Asked(Strict):
    """The profile, and the collectors or rooms that were chosen; none stands for all."""

    schema_: Literal["portance/asked/1"] = Field(default="portance/asked/1", alias="schema")
    profile: RunProfile
    only: tuple[str, ...] = Field(default=(), strict=False)


def record(run: Run, profile: RunProfile, only: Sequence[str]) -> None:
    """Write what was asked into the run. Raises OSError."""
    write_text(run.folder / FILE, Asked(profile=profile, only=tuple(only)).model_dump_json(by_alias=True) + "\n")


def read(run: Run) -> Asked:
    """What :func:`record` wrote.

    Raises:
        CommandError: nothing that can be read; the run cannot go on.
    """
    try:
        return Asked.model_validate_json((run.folder / FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise CommandError(
            Text(
                en=f"{run.folder}: cannot be resumed, it does not say what was asked of it ({FILE})",
                fr=f"{run.folder} : ne peut pas être repris, ce qui lui était demandé n’y est pas ({FILE})",
            )
        ) from error
