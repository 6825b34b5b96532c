"""The proof of a run, written with its reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from scorecard.cli import origin
from scorecard.cli.errors import CommandError
from scorecard.cli.runs import Run, write_text
from scorecard.evidence import Text
from scorecard.gating import Ruling
from scorecard.proof import ProofError
from scorecard.proof.files import FOLDER, SCORECARD, STATEMENT, SUMMARY, digests
from scorecard.proof.program import program
from scorecard.proof.statement import criteria_digest, statement
from scorecard.proof.summary import BUILT_IN, judged_at, summary
from scorecard.reports import FORMATS, json_report
from scorecard.scorecard import Scorecard


def seal(run: Run, card: Scorecard, kept: frozenset[str]) -> None:
    """Write the statement and the summary of a run that was just graded as ``card``.

    ``kept`` are the names of the reports written with it; a report that is asked for later is not in the statement,
    and is made again when the run is verified. Grading that changes nothing leaves the time of the summary, and so the
    signatures, as they are.

    Raises:
        OSError: the folder cannot be written.
    """
    later = {renderer.file_name for renderer in FORMATS.values()} - kept
    held = {name: digest for name, digest in digests(run.folder).items() if name not in later}
    said, resume = restater(run)(card, held), resumer(run)
    folder = run.folder / FOLDER
    folder.mkdir(exist_ok=True)
    write_text(folder / STATEMENT, said.decode())
    if not _stands(folder / SUMMARY, lambda when: resume(card, said, when)):
        write_text(folder / SUMMARY, resume(card, said, datetime.now(UTC)).decode())


def attest(run: Run, ruling: Ruling, lang: str, verified: datetime) -> bytes:
    """The verification summary of a ruling of the gate: on the scorecard it ruled on, by the policy that was in force.

    Raises:
        CommandError: the run has no statement for the summary to rest on.
    """
    try:
        said = (run.folder / FOLDER / STATEMENT).read_bytes()
    except FileNotFoundError as error:
        text = Text(
            en=f"{run.folder}: has no {FOLDER}/{STATEMENT} that a summary could rest on; 'portance grade' makes one",
            fr=f"{run.folder} : n’a pas de {FOLDER}/{STATEMENT} sur quoi fonder un résumé ; « portance grade » le fait",
        )
        raise CommandError(text) from error
    built_in = BUILT_IN, criteria_digest(ruling.card)
    return summary(
        ruling.card,
        scorecard=json_report.render(ruling.card, lang).encode(),
        statement=said,
        exit_code=ruling.exit_code,
        policy=built_in if ruling.policy_digest is None else (ruling.policy, ruling.policy_digest),
        verified=verified,
        version=program().version,
    )


def restater(run: Run) -> Callable[[Scorecard, Mapping[str, str]], bytes]:
    """Makes the statement of ``run`` from its card and the digests of its files."""
    found = origin.read(run)

    def restate(card: Scorecard, held: Mapping[str, str]) -> bytes:
        return statement(
            card,
            held,
            by=program(),
            state=run.state(),
            commit={"commit": found.commit, "changed": found.changed},
        )

    return restate


def resumer(run: Run) -> Callable[[Scorecard, bytes, datetime], bytes]:
    """Makes the summary of ``run`` from its card, the bytes of its statement and a time."""

    def resume(card: Scorecard, said: bytes, verified: datetime) -> bytes:
        return summary(
            card,
            scorecard=(run.folder / SCORECARD).read_bytes(),
            statement=said,
            exit_code=card.decision.exit_code,
            policy=(BUILT_IN, criteria_digest(card)),
            verified=verified,
            version=program().version,
        )

    return resume


def _stands(path: Path, resume: Callable[[datetime], bytes]) -> bool:
    """Whether the summary at ``path`` is the one that ``resume`` makes at its time."""
    try:
        content = path.read_bytes()
        return content == resume(judged_at(content))
    except (OSError, ProofError):
        return False
