"""Signatures over the documents of a proof: DSSE envelopes, Ed25519 keys in PEM files."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]  # public, but not re-exported

from scorecard.proof import ProofError
from scorecard.proof.attestation import MEDIA_TYPE


def private_key(path: Path, passphrase: str | None = None) -> CryptoSigner:
    """The signer of the private key at ``path``.

    Raises:
        ProofError: it cannot be read, is no Ed25519 key in PEM, or has another passphrase.
    """
    try:
        key = load_pem_private_key(_read(path), None if passphrase is None else passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ProofError(f"{path}: no private key in PEM that can be opened ({error})") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ProofError(f"{path}: not an Ed25519 key")
    return CryptoSigner(key)


def public_key(path: Path) -> SSlibKey:
    """The public key at ``path``. Raises ProofError: it cannot be read, or is no Ed25519 public key in PEM."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProofError(f"{path}: no public key in PEM ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ProofError(f"{path}: not an Ed25519 key")
    return SSlibKey.from_crypto(key)


def signed(payload: bytes, signer: CryptoSigner) -> bytes:
    """``payload`` in an envelope with one signature."""
    envelope = Envelope(payload, MEDIA_TYPE, {})
    envelope.sign(signer)
    return (json.dumps(envelope.to_dict(), indent=1) + "\n").encode()


def opened(content: bytes) -> Envelope:
    """The envelope in ``content``; its signatures are not checked. Raises ProofError: it is none."""
    try:
        envelope = Envelope.from_dict(json.loads(content))
    except (ValueError, TypeError, KeyError, AttributeError, FormatError, RecursionError) as error:
        raise ProofError(f"not a DSSE envelope ({type(error).__name__})") from error
    if envelope.payload_type != MEDIA_TYPE:
        raise ProofError(f"payload is {envelope.payload_type!r}, not {MEDIA_TYPE!r}")
    return envelope


def holds(envelope: Envelope, key: SSlibKey) -> bool:
    """Whether ``key`` signed the payload of ``envelope``."""
    try:
        envelope.verify([key], 1)
    except VerificationError:
        return False
    return True


def key_ids(envelope: Envelope) -> tuple[str, ...]:
    """Identifiers of the keys that the envelope says it was signed with."""
    return tuple(sorted(envelope.signatures))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProofError(f"{path}: cannot be read ({error.strerror})") from error
