"""Those who send a request again in the place of its owner, and with whose session."""

from __future__ import annotations

from dataclasses import replace

from scorecard.journeys.exchange import Sent
from scorecard.project_journeys import Step
from security.tampering import tampered, tampered_cookie
from security.trial import Playing, Whom


def meant(others: Playing | None) -> list[Whom]:
    """Those who try, nobody first; ``others`` is None where the project has one persona only."""
    more = [] if others is None else [Whom.OTHER_PERSONA]
    return [Whom.NOBODY, Whom.TAMPERED, Whom.PEER, *more]


def lent_by(whom: Whom, playing: Playing, others: Playing | None) -> Playing | None:
    """Whose session it is tried with, None for nobody's and for the owner's own."""
    match whom:
        case Whom.PEER:
            return playing if playing.peer is not None else playing.fellow
        case Whom.OTHER_PERSONA:
            return others
        case Whom.NOBODY | Whom.TAMPERED | Whom.OTHER_GROUP:
            return None


def session(lender: Playing | None, sent: Sent, step: Step, whom: Whom) -> tuple[str, dict[str, str]] | None:
    """Cookie header and credential headers of the one who lends a session."""
    if lender is None or lender.peer is None:
        return None
    if whom is Whom.PEER and any(step is one for one in lender.journey.steps):
        return lender.peer.cookie_for(sent.url), lender.peer.credentials_for(step)
    headers = {} if lender.control is None else lender.control.sent.credentials
    return lender.peer.cookie_for(sent.url), headers


def reader(whom: Whom, playing: Playing) -> str | None:
    """The persona of the one who tries, None for nobody and for an altered session."""
    match whom:
        case Whom.PEER:
            return playing.journey.persona
        case Whom.OTHER_PERSONA:
            return "citizen" if playing.journey.persona == "agent" else "agent"
        case Whom.OTHER_GROUP:
            return "agent"
        case Whom.NOBODY | Whom.TAMPERED:
            return None


def stand_in(whom: Whom, sent: Sent, cookie: str, other: tuple[str, dict[str, str]] | None) -> tuple[Sent, str] | None:
    """Request and Cookie header of ``whom`` in place of the owner's, None when there is no session to try with.

    ``other`` holds the Cookie header and the credential headers of the one whose session it is.
    """
    bare = sent.without_credentials()
    match whom:
        case Whom.NOBODY:
            return bare, ""
        case Whom.TAMPERED:
            altered = {name: tampered(value) for name, value in sent.credentials.items()}
            new = tampered_cookie(cookie)
            if new is None and altered == sent.credentials:
                return None
            return replace(bare, headers={**bare.headers, **altered}), cookie if new is None else new
        case Whom.PEER | Whom.OTHER_PERSONA | Whom.OTHER_GROUP:
            if other is None or other in (("", {}), (cookie, sent.credentials)):
                return None
            return replace(bare, headers={**bare.headers, **other[1]}), other[0]
