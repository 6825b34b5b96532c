"""Verification of a run, offline: is it what it says it is? Every fault is one clear line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # public, but not re-exported

from scorecard import evidence
from scorecard.evidence import EvidenceError, Text
from scorecard.proof import ProofError, attestation, signature
from scorecard.proof.attestation import Json
from scorecard.proof.files import FOLDER, KNOWN, LINK, SCORECARD, STATEMENT, SUMMARY, digests, envelope
from scorecard.proof.program import Program
from scorecard.proof.statement import PREDICATE, criteria_digest
from scorecard.proof.summary import judged_at
from scorecard.reports import FORMATS, origin
from scorecard.scorecard import Scorecard

CLOCKS_DIFFER_BY = timedelta(minutes=5)


@dataclass(frozen=True)
class Fault:
    """What is wrong; not ``certain`` where it cannot be told whether the run is what it says.

    ``report`` says that it is with a report, which the run does not rest on.
    """

    text: Text
    certain: bool = True
    report: bool = False


@dataclass(frozen=True)
class Verifier:
    """What a verification needs beside the folder, all of it from here, none of it from the run.

    Attributes:
        regrade: the scorecard of the run as judged on a day.
        restate: the statement that the run deserves, of its scorecard and the digests of its files.
        resume: the summary it deserves, of its scorecard and the bytes of its statement, at the time it was made.
        program: this one.
        now: aware.
        key: whose signature is asked for; None when nobody's is.
    """

    regrade: Callable[[date], Scorecard]
    restate: Callable[[Scorecard, Mapping[str, str]], bytes]
    resume: Callable[[Scorecard, bytes, datetime], bytes]
    program: Program
    now: datetime
    key: SSlibKey | None = None


@dataclass(frozen=True)
class Verified:
    """What came out: the faults, how many files were compared, and who signed.

    ``digest`` is that of all the evidence, which the first sheet of a report shows too; None where some of it cannot be
    read, or there is none.
    """

    faults: tuple[Fault, ...]
    files: int
    signed_by: tuple[str, ...]
    checked: bool
    digest: str | None

    @property
    def exit_code(self) -> int:
        """0 it is what it says, 1 it is not, 2 it cannot be told."""
        if any(fault.certain for fault in self.faults):
            return 1
        return 2 if self.faults else 0


def verify(run: Path, by: Verifier, *, signatures: bool = True) -> Verified:
    """Compare every file of ``run`` with its statement, and redo the scorecard, the statement and the summary.

    Without ``signatures`` those that are there are left unread, as they must be before a new one is made.

    Raises:
        OSError: a file cannot be read.
        CommandError, ProjectError: as ``by.regrade`` raises them.
    """
    held = digests(run)
    proof = run / FOLDER
    content = _content(proof / STATEMENT)
    if content is None:
        missing = [_unsigned(STATEMENT)] if by.key is not None else []
        return Verified((*missing, _no_statement()), len(held), (), False, _digest(run, held))
    try:
        said = attestation.read(content, PREDICATE)
    except ProofError as error:
        return Verified((Fault(_in(f"{FOLDER}/{STATEMENT}", str(error))),), len(held), (), False, _digest(run, held))
    other = list(_files(held, attestation.subjects(said)))
    faults = [*other, *_evidence(run, held), *_strays(proof)]
    if all(fault.report for fault in other):  # what is graded from other files comes out otherwise, or not at all
        faults += _redone(run, by, said, content, held)
    signers, unsigned = _signatures(proof, by.key) if signatures else ((), [])
    return Verified((*faults, *unsigned), len(held), signers, by.key is not None, _digest(run, held))


def _digest(run: Path, held: Mapping[str, str]) -> str | None:
    """What the first sheet of a report on this evidence shows."""
    try:
        found = [evidence.read(run / name) for name in held if _is_evidence(name)]
    except EvidenceError:
        return None
    return origin.digest_of(found) if found else None


def _is_evidence(name: str) -> bool:
    return name.startswith("evidence/") and name.endswith(".json")


def _files(held: Mapping[str, str], said: Mapping[str, str]) -> Iterator[Fault]:
    """Files against the subjects of the statement; a report that was made later is redone instead."""
    reports = {renderer.file_name for renderer in FORMATS.values()}
    for name in sorted(said.keys() - held.keys()):
        yield Fault(Text(en=f"{name}: is missing", fr=f"{name} : manque"), report=name in reports)
    for name in sorted(held.keys() - said.keys() - reports):
        yield Fault(Text(en=f"{name}: was added after the run", fr=f"{name} : ajouté après l’évaluation"))
    for name in sorted(held.keys() & said.keys()):
        if held[name] == LINK:
            text = Text(en=f"{name}: is a link, which proves nothing", fr=f"{name} : est un lien, qui ne prouve rien")
            yield Fault(text, report=name in reports)
        elif held[name] != said[name]:
            changed = Text(en=f"{name}: was changed after the run", fr=f"{name} : modifié après l’évaluation")
            yield Fault(changed, report=name in reports)


def _evidence(run: Path, held: Mapping[str, str]) -> Iterator[Fault]:
    """Evidence against its own digest, and the raw output of the tools against the evidence."""
    for name in held:
        if not _is_evidence(name):
            continue
        try:
            found = evidence.read(run / name)
        except EvidenceError as error:
            yield Fault(Text(en=str(error), fr=str(error)))
            continue
        for raw, digest in sorted(found.raw.items()):
            if raw not in held:
                yield Fault(Text(en=f"{raw}: is missing, {name} rests on it", fr=f"{raw} : manque, {name} en dépend"))
            elif held[raw] != digest:
                yield Fault(
                    Text(en=f"{raw}: is not what {name} rests on", fr=f"{raw} : n’est pas ce dont {name} dépend")
                )


def _strays(proof: Path) -> Iterator[Fault]:
    for path in sorted(proof.rglob("*")):
        name = path.relative_to(proof).as_posix()
        if name not in KNOWN or path.is_symlink():
            yield Fault(Text(en=f"{FOLDER}/{name}: does not belong there", fr=f"{FOLDER}/{name} : n’a rien à faire là"))


def _redone(run: Path, by: Verifier, said: Json, content: bytes, held: Mapping[str, str]) -> Iterator[Fault]:
    """The scorecard graded again from the evidence, the reports, the statement and the summary made again."""
    written = _content(run / SCORECARD)
    try:
        document = json.loads(b"" if written is None else written)
        lang, day = str(document["lang"]), date.fromisoformat(document["graded_on"])
        if lang not in ("en", "fr"):
            raise ValueError(lang)
    except (ValueError, KeyError, TypeError, RecursionError):
        yield Fault(Text(en=f"{SCORECARD}: is no scorecard", fr=f"{SCORECARD} : n’est pas une fiche d’évaluation"))
        return
    card = by.regrade(day)
    other = _other_rules(said, card, by.program)
    if other is not None:
        yield other
        return
    for renderer in FORMATS.values():
        kept = _content(run / renderer.file_name)
        if kept is not None and kept not in (_bytes(renderer.render(card, one)) for one in (lang, "en", "fr")):
            yield Fault(
                Text(
                    en=f"{renderer.file_name}: is not what this evidence gives when judged on {day.isoformat()}",
                    fr=f"{renderer.file_name} : n’est pas ce que donnent ces preuves, jugées au {day.isoformat()}",
                )
            )
    if by.restate(card, {name: held[name] for name in attestation.subjects(said) if name in held}) != content:
        yield Fault(
            _in(f"{FOLDER}/{STATEMENT}", "does not say what this run holds", "ne dit pas ce que contient l’évaluation")
        )
    yield from _summary(run / FOLDER / SUMMARY, card, content, by)


def _other_rules(said: Json, card: Scorecard, here: Program) -> Fault | None:
    """A run judged by another program or by other criteria cannot be redone to the byte: that is no tampering."""
    try:
        program, criteria = said["predicate"]["portance"], said["predicate"]["criteria"]["digest"]["sha256"]
        then = str(program["version"]), str(program["digest"]["sha256"]), str(criteria)
    except (KeyError, TypeError):
        return Fault(_in(f"{FOLDER}/{STATEMENT}", "does not say by what it was graded", "ne dit pas ce qui l’a notée"))
    now = here.version, here.digest, criteria_digest(card)
    if then == now:
        return None
    was, is_ = (f"{version} ({made[:12]})" for version, made, _ in (then, now))
    asked, asks = (f"{digest[:12]}" for _, _, digest in (then, now))
    return Fault(
        Text(
            en=f"it was graded by Portance {was} with criteria {asked}, here are {is_} and {asks}: it cannot be graded "
            "again to the byte; 'portance grade RUN --against RUN/scorecard.json' shows what changed",
            fr=f"elle a été notée par Portance {was} avec les critères {asked}, ici {is_} et {asks} : elle ne peut pas "
            "être renotée à l’octet près ; « portance grade RUN --against RUN/scorecard.json » montre ce qui a changé",
        ),
        certain=False,
    )


def _summary(path: Path, card: Scorecard, statement: bytes, by: Verifier) -> Iterator[Fault]:
    where = f"{FOLDER}/{SUMMARY}"
    content = _content(path)
    if content is None:
        yield Fault(_in(where, "is missing", "manque"))
        return
    try:
        verified = judged_at(content)
    except ProofError as error:
        yield Fault(_in(where, str(error)))
        return
    if verified > by.now + CLOCKS_DIFFER_BY:
        yield Fault(_in(where, "is dated in the future", "porte une date future"))
    elif by.resume(card, statement, verified) != content:
        yield Fault(_in(where, "does not say how this run is judged", "ne dit pas comment cette évaluation est jugée"))


def _signatures(proof: Path, key: SSlibKey | None) -> tuple[tuple[str, ...], list[Fault]]:
    """Who says to have signed, and what is wrong with it."""
    signers: set[str] = set()
    faults: list[Fault] = []
    for name in (STATEMENT, SUMMARY):
        where, content = f"{FOLDER}/{envelope(name)}", _content(proof / envelope(name))
        if content is None:
            faults += [] if key is None else [_unsigned(name)]
            continue
        try:
            found = signature.opened(content)
        except ProofError as error:
            faults.append(Fault(_in(where, str(error))))
            continue
        signers.update(signature.key_ids(found))
        if found.payload != _content(proof / name):
            faults.append(
                Fault(_in(f"{FOLDER}/{name}", "was changed after it was signed", "modifié après sa signature"))
            )
        elif key is not None and not signature.holds(found, key):
            faults.append(Fault(_in(where, "is not signed by this key", "n’est pas signé par cette clé")))
    return tuple(sorted(signers)), faults


def _no_statement() -> Fault:
    return Fault(
        Text(
            en=f"{FOLDER}/{STATEMENT}: is missing, nothing says what this run held; 'portance grade' makes one",
            fr=f"{FOLDER}/{STATEMENT} : manque, rien ne dit ce que contenait l’évaluation ; « portance grade » le fait",
        ),
        certain=False,
    )


def _unsigned(name: str) -> Fault:
    return Fault(_in(f"{FOLDER}/{name}", "is not signed", "n’est pas signé"))


def _in(name: str, en: str, fr: str | None = None) -> Text:
    return Text(en=f"{name}: {en}", fr=f"{name} : {en if fr is None else fr}")


def _content(path: Path) -> bytes | None:
    """The bytes of a file, None where there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _bytes(rendered: str | bytes) -> bytes:
    return rendered if isinstance(rendered, bytes) else rendered.encode()
