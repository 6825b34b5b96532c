"""A run is what it says it is: every way of tampering is caught, by one line that names the file."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

import scorecard
from scorecard.cli.errors import CommandError
from scorecard.cli.grade import grade_run, write_reports
from scorecard.cli.runs import Run
from scorecard.cli.verification import sign, verify
from scorecard.evidence import read, write
from scorecard.proof.program import Program, program
from scorecard.proof.signature import public_key

NOW = datetime.now(UTC)


def keys(folder: Path, name: str) -> tuple[Path, Path]:
    """A private and a public key in PEM."""
    made = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def seal(folder: Path) -> None:
    """Adds raw output to a run, as tools leave it, and grades it as the command does."""
    raw = folder / "raw" / "code" / "bandit.json"
    raw.parent.mkdir(parents=True)
    raw.write_text('{"results": []}', encoding="utf-8")
    code = read(folder / "evidence" / "code.json")
    digest = hashlib.sha256(raw.read_bytes()).hexdigest()
    write(code.model_copy(update={"raw": {"raw/code/bandit.json": digest}, "digest": ""}), folder / "evidence")
    write_reports(Run(folder), grade_run(Run(folder), NOW.date()), "en")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return keys(tmp_path_factory.mktemp("keys"), "key")


@pytest.fixture(scope="module")
def made(judged_run, key) -> Path:
    folder: Path = judged_run("made")
    seal(folder)
    sign(Run(folder), key[0], None, grade_run)
    return folder


@pytest.fixture(scope="module")
def other(judged_run) -> Path:
    """Another run of the same project, a worse one."""
    folder: Path = judged_run("other", worse={"security.code_high": 1})
    seal(folder)
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return Path(shutil.copytree(made, tmp_path / "run"))


def faults(run: Path, key: Path | None = None) -> tuple[int, list[str]]:
    found = verify(Run(run), key, grade_run)
    return found.exit_code, [fault.text.en for fault in found.faults]


def edited(path: Path, old: str, new: str) -> None:
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")


def envelope(run: Path, name: str = "statement") -> dict:
    return json.loads((run / "proof" / f"{name}.dsse.json").read_text(encoding="utf-8"))


@pytest.mark.wheel
def test_a_run_is_signed_and_verified_in_processes_of_their_own(judged_run, key, portance, tmp_path) -> None:
    run = judged_run("signed")
    assert portance("grade", str(run), "--quiet", cwd=tmp_path).returncode == 0
    assert portance("sign", str(run), "--key", str(key[0]), cwd=tmp_path).returncode == 0
    signed = portance("verify", str(run), "--key", str(key[1]), "--signed", "--json", cwd=tmp_path)
    said = json.loads(signed.stdout)
    assert (signed.returncode, said["faults"], said["signature_checked"]) == (0, [], True)
    assert said["signed_by"] == [public_key(key[1]).keyid]


def test_a_printed_sheet_is_matched_to_its_run_by_the_digest_on_it(run, other, inside) -> None:
    said = json.loads(inside("verify", str(run), "--json").stdout)["evidence_digest"]
    assert said in (run / "scorecard.html").read_text(encoding="utf-8")
    assert json.loads((run / "scorecard.json").read_text(encoding="utf-8"))["evidence_digest"] == said
    assert said in inside("verify", str(run), "--lang", "fr").stdout
    assert said not in inside("verify", str(other)).stdout  # the control
    edited(run / "evidence/code.json", '"value": 0', '"value": 1')
    assert said not in inside("verify", str(run)).stdout


def test_what_is_not_sealed_or_not_signed_is_said(judged_run, key, inside) -> None:
    run = judged_run("unsealed")
    bare = inside("verify", str(run))
    assert (bare.returncode, "nothing says what this run held" in bare.stdout) == (2, True)
    seal(run)
    unsigned = inside("verify", str(run))
    assert (unsigned.returncode, "it is not signed" in unsigned.stdout) == (0, True)
    assert inside("verify", str(run), "--key", str(key[1])).returncode == 1
    sign(Run(run), key[0], None, grade_run)
    unchecked = inside("verify", str(run), "--lang", "fr").stdout
    assert "ce qui n’a pas été contrôlé (--key)" in unchecked


def test_grading_again_on_the_same_day_keeps_the_signatures(run, key) -> None:
    write_reports(Run(run), grade_run(Run(run), NOW.date()), "en")
    assert faults(run, key[1]) == (0, [])


def test_a_report_that_is_asked_for_later_is_no_stranger(run, key, inside) -> None:
    for name in ("sarif", "csv", "badge"):
        assert inside("report", str(run), "--format", name, "--lang", "fr").returncode == 0
    assert faults(run, key[1]) == (0, [])


def swap_evidence(run: Path, other: Path) -> None:
    shutil.copy(other / "evidence" / "code.json", run / "evidence" / "code.json")


def swap_and_grade(run: Path, other: Path) -> None:
    """As one who has understood: what is graded anew agrees with itself again, but for the statement."""
    swap_evidence(run, other)
    kept = (run / "proof" / "statement.json").read_bytes()
    write_reports(Run(run), grade_run(Run(run), NOW.date()), "en")
    (run / "proof" / "statement.json").write_bytes(kept)


def improve_scorecard(run: Path, _other: Path) -> None:
    edited(run / "scorecard.json", '"coverage": 1.0', '"coverage": 0.99')


def future(run: Path, _other: Path) -> None:
    said = json.loads((run / "proof" / "summary.json").read_text(encoding="utf-8"))
    said["predicate"]["timeVerified"] = (NOW + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (run / "proof" / "summary.json").write_text(json.dumps(said), encoding="utf-8")


Tampering = Callable[[Path, Path], object]
CASES: dict[str, tuple[Tampering, str]] = {
    "evidence edited": (
        lambda run, _: edited(run / "evidence" / "code.json", '"status": "completed"', '"status":  "completed"'),
        "evidence/code.json: was changed after the run",
    ),
    "a value of evidence edited": (
        lambda run, _: edited(run / "evidence" / "code.json", '"value": 0', '"value": 1'),
        "code.json: the digest does not match, the file was changed after the run",
    ),
    "evidence of another run": (swap_evidence, "evidence/code.json: was changed after the run"),
    "evidence of another run, graded anew": (
        swap_and_grade,
        "evidence/code.json: was changed after the run",
    ),
    "evidence missing": (
        lambda run, _: (run / "evidence" / "code.json").unlink(),
        "evidence/code.json: is missing",
    ),
    "evidence added": (
        lambda run, other: shutil.copy(other / "evidence" / "code.json", run / "evidence" / "code2.json"),
        "evidence/code2.json: was added after the run",
    ),
    "raw output edited": (
        lambda run, _: edited(run / "raw/code/bandit.json", "[]", "[1]"),
        "raw/code/bandit.json: is not what evidence/code.json rests on",
    ),
    "raw output missing": (
        lambda run, _: (run / "raw/code/bandit.json").unlink(),
        "raw/code/bandit.json: is missing, evidence/code.json rests on it",
    ),
    "a file made a link": (
        lambda run, _: (
            (run / "raw/code/bandit.json").rename(run.parent / "elsewhere"),
            (run / "raw/code/bandit.json").symlink_to(run.parent / "elsewhere"),
        ),
        "raw/code/bandit.json: is a link, which proves nothing",
    ),
    "scorecard edited": (improve_scorecard, "scorecard.json: is not what this evidence gives"),
    "scorecard of another run": (
        lambda run, other: shutil.copy(other / "scorecard.json", run / "scorecard.json"),
        "scorecard.json: is not what this evidence gives",
    ),
    "scorecard missing": (lambda run, _: (run / "scorecard.json").unlink(), "scorecard.json: is missing"),
    "scorecard no longer one": (
        lambda run, _: (run / "scorecard.json").write_text("[]"),
        "scorecard.json: is no scorecard",
    ),
    "page edited": (
        lambda run, _: edited(run / "scorecard.html", "Aid", "Aïd"),
        "scorecard.html: is not what this evidence gives",
    ),
    "a forged report added": (
        lambda run, _: (run / "scorecard.sarif").write_text("{}", encoding="utf-8"),
        "scorecard.sarif: is not what this evidence gives",
    ),
    "project file edited": (
        lambda run, _: edited(run / "portance.toml", "users = 1_000", "users = 900"),
        "portance.toml: was changed after the run",
    ),
    "project file missing": (lambda run, _: (run / "portance.toml").unlink(), "portance.toml: is missing"),
    "state of the run edited": (
        lambda run, _: edited(run / "run.json", "completed", "running"),
        "run.json: was changed after the run",
    ),
    "a file added": (lambda run, _: (run / "note.txt").touch(), "note.txt: was added after the run"),
    "a file added to the proof": (lambda run, _: (run / "proof" / "x").touch(), "proof/x: does not belong there"),
    "statement edited": (
        lambda run, _: edited(run / "proof/statement.json", '"fail": 0', '"fail": 1'),
        "proof/statement.json: does not say what this run holds",
    ),
    "statement that does not say by what it was graded": (
        lambda run, _: edited(run / "proof/statement.json", '"portance": {', '"portal": {'),
        "proof/statement.json: does not say by what it was graded",
    ),
    "statement no longer one": (
        lambda run, _: edited(run / "proof/statement.json", '"subject"', '"subjects"'),
        "proof/statement.json: not an in-toto statement",
    ),
    "statement not even JSON": (
        lambda run, _: (run / "proof/statement.json").write_bytes(b"\xff{"),
        "proof/statement.json: not an in-toto statement",
    ),
    "statement of another kind": (
        lambda run, _: shutil.copy(run / "proof/summary.json", run / "proof/statement.json"),
        "proof/statement.json: predicate is",
    ),
    "statement of another run": (
        lambda run, other: shutil.copy(other / "proof/statement.json", run / "proof/statement.json"),
        "evidence/code.json: was changed after the run",
    ),
    "summary edited": (
        lambda run, _: edited(run / "proof/summary.json", "PORTANCE_GO", "PORTANCE_GOLD"),
        "proof/summary.json: does not say how this run is judged",
    ),
    "summary from the future": (future, "proof/summary.json: is dated in the future"),
    "summary missing": (lambda run, _: (run / "proof/summary.json").unlink(), "proof/summary.json: is missing"),
}


@pytest.mark.parametrize("name", CASES)
def test_tampering_is_caught_without_a_key(run, other, name) -> None:
    tamper, said = CASES[name]
    tamper(run, other)
    code, found = faults(run)
    assert code == 1
    assert any(fault.startswith(said) for fault in found), found


def test_a_run_rewritten_as_a_whole_is_caught_by_its_signature_alone(run, other, key) -> None:
    """Whoever can write the folder can make it agree with itself; only a key that they do not have tells."""
    shutil.rmtree(run)
    shutil.copytree(other, run)
    assert faults(run) == (0, [])
    assert faults(run, key[1]) == (1, ["proof/statement.json: is not signed", "proof/summary.json: is not signed"])


def test_a_signature_of_another_run_is_not_one_of_this(made, other, key, tmp_path) -> None:
    run = Path(shutil.copytree(other, tmp_path / "run"))
    for name in ("statement.dsse.json", "summary.dsse.json"):
        shutil.copy(made / "proof" / name, run / "proof" / name)
    code, found = faults(run, key[1])
    assert (code, found[0]) == (1, "proof/statement.json: was changed after it was signed")


def test_another_key_is_refused_also_when_it_takes_the_name_of_the_right_one(run, key, tmp_path) -> None:
    private, public = keys(tmp_path, "other")
    assert faults(run, public) == (
        1,
        [f"proof/{name}.dsse.json: is not signed by this key" for name in ("statement", "summary")],
    )
    sign(Run(run), private, None, grade_run)
    assert faults(run, key[1])[0] == 1
    forged = envelope(run)
    forged["signatures"][0]["keyid"] = public_key(key[1]).keyid
    (run / "proof" / "statement.dsse.json").write_text(json.dumps(forged), encoding="utf-8")
    assert "proof/statement.dsse.json: is not signed by this key" in faults(run, key[1])[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.update(signatures=[]),
        lambda e: e.update(payloadType="text/plain"),
        lambda e: e["signatures"][0].update(sig=base64.b64encode(b"\0" * 64).decode()),
        lambda e: e.pop("payload"),
        lambda e: e.update(payload=base64.b64encode(b"{}").decode()),
        lambda e: e.update(signatures=[3]),
    ],
)
def test_a_broken_envelope_is_no_signature(run, key, change) -> None:
    broken = envelope(run)
    change(broken)
    (run / "proof" / "statement.dsse.json").write_text(json.dumps(broken), encoding="utf-8")
    assert faults(run, key[1])[0] == 1


@pytest.mark.parametrize("other_program", [Program("9.9.9", program().digest), Program(program().version, "0" * 64)])
def test_a_run_graded_by_another_program_cannot_be_told(run, monkeypatch, other_program) -> None:
    monkeypatch.setattr("scorecard.cli.verification.program", lambda: other_program)
    code, found = faults(run)
    assert (code, "it cannot be graded again to the byte" in found[0]) == (2, True)


def test_the_program_is_told_by_what_it_is_made_of(tmp_path, monkeypatch) -> None:
    package = Path(shutil.copytree(Path(scorecard.__file__).parent, tmp_path / "scorecard"))
    monkeypatch.setattr("scorecard.proof.program.resources.files", lambda _name: package)
    same = program.__wrapped__()
    assert same == program()
    edited(package / "criteria" / "capacity.toml", "en = ", "en  = ")
    assert program.__wrapped__().digest != same.digest


def test_what_is_not_what_it_says_is_not_signed(run, key, inside) -> None:
    (run / "note.txt").touch()
    refused = inside("sign", str(run), "--key", str(key[0]))
    assert (refused.returncode, "not signed: note.txt: was added" in refused.stderr) == (2, True)


def test_a_refusal_to_sign_leaves_the_signature_that_was_there(run, key, tmp_path) -> None:
    before = (run / "proof" / "statement.dsse.json").read_bytes()
    (run / "note.txt").touch()
    with pytest.raises(CommandError):
        sign(Run(run), keys(tmp_path, "second")[0], None, grade_run)
    assert (run / "proof" / "statement.dsse.json").read_bytes() == before


def test_a_link_was_never_proved(judged_run, tmp_path) -> None:
    folder: Path = judged_run("linked")
    (tmp_path / "note.txt").write_text("elsewhere", encoding="utf-8")
    (folder / "note.txt").symlink_to(tmp_path / "note.txt")
    seal(folder)
    assert faults(folder) == (1, ["note.txt: is a link, which proves nothing"])


def test_keys_that_cannot_be_used_are_refused_in_one_line(run, key, inside, tmp_path) -> None:
    curve = tmp_path / "p256.pem"
    curve.write_bytes(
        generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    )
    for arguments, said in (
        (("sign", str(run), "--key", str(tmp_path / "none.pem")), "cannot be read"),
        (("sign", str(run), "--key", str(key[1])), "no private key in PEM"),
        (("sign", str(run), "--key", str(curve)), "not an Ed25519 key"),
        (("sign", str(run), "--key", str(locked)), "no private key in PEM that can be opened"),
        (("verify", str(run), "--key", str(key[0])), "no public key in PEM"),
        (("verify", str(run), "--signed"), "by whom?"),
        (("verify", str(tmp_path)), "not a run folder"),
    ):
        done = inside(*arguments)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
        assert done.stderr.count("\n") == 1
    assert inside("sign", str(run), "--key", str(locked), PORTANCE_KEY_PASSPHRASE="open").returncode == 0


def test_the_statement_is_one_that_the_framework_takes_and_says_what_was_done(made) -> None:
    said = json.loads((made / "proof" / "statement.json").read_text(encoding="utf-8"))
    names = [subject["name"] for subject in said["subject"]]
    assert names == sorted(names)
    assert {"portance.toml", "run.json", "scorecard.json", "evidence/load.json", "raw/code/bandit.json"} <= set(names)
    assert not [name for name in names if name.startswith("proof/")]
    predicate = said["predicate"]
    assert predicate["result"]["decision"] == "go"
    assert predicate["criteria"]["count"] == sum(predicate["result"]["verdicts"].values())
    summary = json.loads((made / "proof" / "summary.json").read_text(encoding="utf-8"))
    assert summary["predicate"]["verificationResult"] == "PASSED"
    assert summary["predicate"]["verifiedLevels"] == ["PORTANCE_GO"]


def test_the_gate_writes_a_summary_that_names_its_policy_by_digest(made, judged_run, inside, tmp_path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[gate]\nmax_age_days = 1\nwaivers = 0\n", encoding="utf-8")
    written = tmp_path / "ruling.json"
    assert inside("gate", str(made), "--policy", "policy.toml", "--summary", str(written)).returncode == 0
    said = json.loads(written.read_text(encoding="utf-8"))
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (made / "scorecard.json", policy)]
    assert said["subject"] == [{"name": "scorecard.json", "digest": {"sha256": digests[0]}}]
    assert said["predicate"]["policy"] == {"uri": "policy.toml", "digest": {"sha256": digests[1]}}
    assert said["predicate"]["verifiedLevels"] == ["PORTANCE_GO"]
    policy.write_text('[gate]\ndomains = { security = "A" }\nbaseline = true\n', encoding="utf-8")
    written.unlink()
    assert inside("gate", str(made), "--policy", "policy.toml", "--summary", str(written)).returncode == 2
    assert not written.exists()
    bare = inside("gate", str(judged_run("bare")), "--summary", str(written))
    assert (bare.returncode, "no proof/statement.json" in bare.stderr) == (2, True)


def test_what_is_not_met_or_unknown_is_failed_in_the_summary(other, judged_run) -> None:
    unknown = judged_run("unknown", worse={"security.code_high": None})
    seal(unknown)
    for run in (other, unknown):
        said = json.loads((run / "proof" / "summary.json").read_text(encoding="utf-8"))["predicate"]
        assert (said["verificationResult"], said["verifiedLevels"]) == ("FAILED", ["FAILED"])
