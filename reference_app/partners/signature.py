"""Signatures of webhooks by the specification Standard Webhooks 1.0: HMAC-SHA256 over identifier, time and body.

Secrets are derived from one key of the deployment and not kept: a copy of the database opens none of them. A new
generation gives a new secret; for a while a message is signed with both, so that a partner changes without a gap.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

PREFIX = "whsec_"


def secret(key: str, webhook: UUID, generation: int) -> str:
    """The secret of a generation of a webhook, as the partner gets it."""
    message = b"webhook\0" + webhook.bytes + generation.to_bytes(4, "big")
    return PREFIX + base64.b64encode(hmac.new(key.encode(), message, hashlib.sha256).digest()).decode()


def headers(secrets: Sequence[str], identifier: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """The headers of a message sent at ``at``, signed with each of ``secrets``."""
    time = str(int(at.timestamp()))
    signed = b".".join((identifier.encode(), time.encode(), body))
    made = [_signed(each, signed) for each in secrets]
    return {"webhook-id": identifier, "webhook-timestamp": time, "webhook-signature": " ".join(made)}


def _signed(secret: str, message: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
