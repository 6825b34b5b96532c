"""The signing key of the stand-in and the identity tokens it signs (ES256)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from reference_app.identity_provider.contract import TOKEN_LIFE_S
from reference_app.identity_provider.grants import Grant
from reference_app.identity_provider.identities import subject


class Signer:
    """Signs with a key made for the life of the process."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"}, auto_kid=True)
        self._header = {"alg": "ES256", "kid": self._key.kid, "typ": "JWT"}

    def jwks(self) -> dict[str, object]:
        """The public key, as ``/jwks`` serves it."""
        return {"keys": [self._key.as_dict(private=False)]}

    def subject(self, grant: Grant) -> str:
        """Pairwise subject of the person behind ``grant``."""
        return subject(grant.identifier, grant.client_id)

    def id_token(self, grant: Grant, *, acr: str, access_token: str, now: float) -> str:
        """Signed identity token, valid 60 s."""
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": grant.issuer.url,
            "aud": grant.client_id,
            "sub": self.subject(grant),
            "iat": int(now),
            "exp": int(now) + TOKEN_LIFE_S,
            "auth_time": int(now),
            "nonce": grant.nonce,
            "acr": acr,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }
        return jwt.encode(self._header, claims, self._key, algorithms=["ES256"])

    def is_ours(self, id_token: str, issuer_url: str) -> bool:
        """Whether ``id_token`` (perhaps expired) was signed here for this issuer."""
        try:
            token = jwt.decode(id_token, self._key, algorithms=["ES256"])
        except (JoseError, ValueError):
            return False
        return hmac.compare_digest(str(token.claims.get("iss", "")), issuer_url)
