"""From the evidence of a run to its scorecard and its pages: the clock and the disk stay here, out of grading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from scorecard.cli.criteria_folders import criteria_of, kept
from scorecard.cli.errors import CommandError
from scorecard.cli.origin import placed
from scorecard.cli.origin import read as read_origin
from scorecard.cli.runs import Run, write_bytes
from scorecard.evidence import Evidence, Text
from scorecard.grading import grade
from scorecard.reports import FORMATS
from scorecard.scorecard import Scorecard

KEPT_FORMATS = ("json", "html", "why", "md", "junit")
"""Reports written into every run folder."""


def grade_run(run: Run, today: date, own: Sequence[Path] | None = None) -> Scorecard:
    """The scorecard of what is in the run folder, judged on ``today``.

    ``own`` are folders of own criteria to judge with, instead of those the run keeps.
    """
    project, found, problems = run.read()
    criteria = criteria_of(kept(run) if own is None else own)
    card = grade(project, criteria, found, project.waivers, today, problems)
    return card.model_copy(update={"project": placed(card.project, read_origin(run), project.target.source)})


def write_reports(run: Run, card: Scorecard, lang: str) -> None:
    """Write every kept report into the run folder, then its proof. Raises OSError on a full disk."""
    from scorecard.cli.proof import seal  # protobuf takes a tenth of a second, and most commands write no proof

    seal(run, card, frozenset(write_report(run, card, name, lang) for name in KEPT_FORMATS))


def write_report(
    run: Run,
    card: Scorecard,
    name: str,
    lang: str,
    into: Path | None = None,
    earlier: Sequence[Evidence] | None = None,
) -> str:
    """Write one report into the folder of the run, or ``into`` another; returns the name of its file.

    With the evidence of an ``earlier`` run, a format that can say it tells what became of each finding since.

    Raises:
        CommandError: no such format.
        OSError: the folder cannot be written.
    """
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise CommandError(
            Text(
                en=f"no report format {name!r}; known: {known}",
                fr=f"format de rapport inconnu : {name!r} ; connus : {known}",
            )
        )
    form = FORMATS[name]
    if earlier is not None and form.against is not None:
        written = form.against(card, lang, earlier)
    else:
        written = form.render(card, lang)
    write_bytes(
        (run.folder if into is None else into) / form.file_name,
        written if isinstance(written, bytes) else written.encode(),
    )
    return form.file_name
