"""A run signed with a key, and verified offline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from scorecard.cli.errors import CommandError
from scorecard.cli.proof import restater, resumer
from scorecard.cli.runs import Run, write_text
from scorecard.evidence import Text
from scorecard.proof import ProofError, signature
from scorecard.proof.files import FOLDER, STATEMENT, SUMMARY, envelope
from scorecard.proof.program import program
from scorecard.proof.verification import Verified, Verifier
from scorecard.proof.verification import verify as verify_run
from scorecard.scorecard import Scorecard

Regrade = Callable[[Run, date], Scorecard]


def sign(run: Run, key: Path, passphrase: str | None, regrade: Regrade) -> str:
    """Sign the statement and the summary of ``run`` with the private key at ``key``; returns the key's identifier.

    Raises:
        CommandError: the key cannot be used, or the run is not what it says: that is not signed.
        OSError: the folder cannot be written.
    """
    try:
        signer = signature.private_key(key, passphrase)
    except ProofError as error:
        raise CommandError(Text(en=str(error), fr=str(error))) from error
    folder = run.folder / FOLDER
    faults = verify(run, None, regrade, signatures=False).faults
    if faults:
        raise CommandError(Text(en=f"not signed: {faults[0].text.en}", fr=f"pas de signature : {faults[0].text.fr}"))
    for name in (STATEMENT, SUMMARY):
        write_text(folder / envelope(name), signature.signed((folder / name).read_bytes(), signer).decode())
    return str(signer.public_key.keyid)


def verify(run: Run, key: Path | None, regrade: Regrade, *, signatures: bool = True) -> Verified:
    """Whether ``run`` is what it says, and signed by the public key at ``key`` where one is given.

    Without ``signatures`` those that are there are left unread.

    Raises:
        CommandError: the key cannot be used, or the folder is no run.
        OSError: a file cannot be read.
    """
    try:
        wanted = None if key is None else signature.public_key(key)
    except ProofError as error:
        raise CommandError(Text(en=str(error), fr=str(error))) from error
    if not (run.folder / FOLDER).is_dir():
        run.read()  # says so where it is no run at all
    by = Verifier(
        regrade=lambda day: regrade(run, day),
        restate=restater(run),
        resume=resumer(run),
        program=program(),
        now=datetime.now(UTC),
        key=wanted,
    )
    return verify_run(run.folder, by, signatures=signatures)
