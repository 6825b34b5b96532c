"""Refusals to partners, and what cannot be set up for them."""

from __future__ import annotations

from reference_app.errors import N_, ReferenceAppError, Refusal, TooManyRequests


class PartnerError(ReferenceAppError):
    """A partner, a token or a webhook cannot be made as asked."""


class NoToken(Refusal):
    """The request has no token, or one that is unknown, too old or revoked."""

    status, slug, title = 401, "no-token", N_("A valid token is needed")


class OverQuota(TooManyRequests):
    """A partner asked more often than it may in a minute."""
