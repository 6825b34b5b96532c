"""Where this service asks other administrations: a line to each that the settings name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from reference_app.outgoing import Outgoing
from reference_app.procedure import Procedure
from reference_app.settings import PREFIX, Settings, SettingsError
from reference_app.sources import business_register, family_allowances
from reference_app.sources.described import SourceName
from reference_app.sources.line import Line, SourceAway
from reference_app.sources.said import Facts

_log = logging.getLogger("reference_app")


@dataclass(frozen=True)
class Desk:
    """The lines by the name of their source; a source without one is not asked, and its fields are simply typed."""

    lines: Mapping[SourceName, Line]
    token: str
    recipient: str

    async def ask(self, source: SourceName, procedure: Procedure, key: str | None, person_token: str) -> Facts | None:
        """What ``source`` knows for ``procedure``: of ``key``, or of the person whose token is given; None for nothing.

        Raises:
            SourceAway: it has no line, or gives no answer that can be used.
        """
        if source not in self.lines:
            raise SourceAway(f"{source} is not connected")
        try:
            match source:
                case "business_register":
                    assert key is not None  # nosec B101 (procedures without a key for it cannot be read)
                    return await business_register.ask(
                        self.lines[source],
                        key,
                        token=self.token,
                        recipient=self.recipient,
                        context=procedure.name.fr,
                        purpose=procedure.id,
                    )
                case "family_allowances":
                    return await family_allowances.ask(self.lines[source], token=person_token, recipient=self.recipient)
                case _:
                    assert_never(source)
        except ValueError as error:
            _log.warning("%s answers otherwise than documented", source)  # the error repeats what it answered
            raise SourceAway(f"{source} answers otherwise than documented") from error


def make_desk(settings: Settings, outgoing: Outgoing) -> Desk:
    """The lines that ``settings`` name, over the connections of ``outgoing``.

    Raises:
        SettingsError: they name no organisation in whose name sources are asked.
    """
    http = outgoing.client()
    addresses: dict[SourceName, object] = {
        "business_register": settings.business_register_url,
        "family_allowances": settings.family_allowances_url,
    }
    recipient = min(settings.agent_sirets, default="") if settings.recipient_siret is None else settings.recipient_siret
    if not recipient and any(address is not None for address in addresses.values()):
        raise SettingsError(f"{PREFIX}RECIPIENT_SIRET: sources are asked in the name of an organisation, none is named")
    return Desk(
        lines={
            name: Line(name, str(url), http, settings.source_budget_s)
            for name, url in addresses.items()
            if url is not None
        },
        token=settings.sources_token.get_secret_value(),
        recipient=recipient,
    )
