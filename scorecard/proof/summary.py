"""How a run was judged and by which policy: a SLSA verification summary (https://slsa.dev/verification_summary/v1).

What is not met and what could not be judged are both FAILED there: the format has no third word, and an unknown is
never a pass.
"""

from __future__ import annotations

from datetime import datetime

from scorecard.proof import ProofError, attestation
from scorecard.proof.files import SCORECARD, STATEMENT, sha256
from scorecard.proof.statement import moment
from scorecard.scorecard import Scorecard

PREDICATE = "https://slsa.dev/verification_summary/v1"
VERIFIER = "urn:portance:gate:v1"
BUILT_IN = "urn:portance:policy:built-in"


def summary(
    card: Scorecard,
    *,
    scorecard: bytes,
    statement: bytes,
    exit_code: int,
    policy: tuple[str, str],
    verified: datetime,
    version: str,
) -> bytes:
    """The summary on the bytes of a ``scorecard.json`` that the gate let pass, or not, at ``verified``.

    Args:
        statement: bytes of the statement of the run, which it rests on.
        policy: name and SHA-256; of the built-in rule the name is :data:`BUILT_IN` and the digest that of the criteria.
    """
    passed = exit_code == 0
    predicate = {
        "verifier": {"id": VERIFIER, "version": {"portance": version}},
        "timeVerified": moment(verified),
        "resourceUri": f"urn:portance:scorecard:sha256:{sha256(scorecard)}",
        "policy": {"uri": policy[0], "digest": {"sha256": policy[1]}},
        "inputAttestations": [{"uri": STATEMENT, "digest": {"sha256": sha256(statement)}}],
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": [f"PORTANCE_{card.decision.name}" if passed else "FAILED"],
        "slsaVersion": "1.0",
    }
    return attestation.written({SCORECARD: sha256(scorecard)}, PREDICATE, predicate)


def judged_at(content: bytes) -> datetime:
    """When the summary in ``content`` was made. Raises ProofError: it is no summary."""
    try:
        verified = datetime.fromisoformat(attestation.read(content, PREDICATE)["predicate"]["timeVerified"])
    except (KeyError, TypeError, ValueError) as error:
        raise ProofError(f"no time in it ({error})") from error
    if verified.tzinfo is None:
        raise ProofError("its time has no time zone")
    return verified
