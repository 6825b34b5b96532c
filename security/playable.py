"""Whether the journeys of a project can be played here."""

from __future__ import annotations

from scorecard.evidence import Status, Text
from scorecard.journeys import JourneyError
from scorecard.journeys.person import check
from scorecard.site import Site, is_local
from security.redaction import redact


def refusal(site: Site) -> tuple[Status, Text] | None:
    """Why the journeys are not played, None when they can be."""
    if site.url is None:
        return Status.ERROR, _NOTHING_RUNS
    if not is_local(site.url) and not site.project.target.remote:
        return Status.SKIPPED, _NOT_ALLOWED
    if not site.project.journeys:
        return Status.SKIPPED, _NO_JOURNEY
    try:
        check(site.project.journeys)
    except JourneyError as error:
        shown = redact(str(error))
        return Status.ERROR, Text(en=f"a journey cannot be played: {shown}", fr=f"un parcours est injouable : {shown}")
    return None


_NOTHING_RUNS = Text(
    en="no service runs: target.url and target.start are not given, or it did not start",
    fr="aucun service ne tourne : target.url et target.start ne sont pas indiqués, ou il n’a pas démarré",
)
_NOT_ALLOWED = Text(
    en="the target is not on this machine: journeys, which write, are played there only with [target] remote = true",
    fr="la cible n’est pas sur cette machine : les parcours, qui écrivent, n’y sont joués qu’avec [target] "
    "remote = true",
)
_NO_JOURNEY = Text(
    en="portance.toml has no journey: add one that signs in and types what people type",
    fr="portance.toml n’a aucun parcours : en ajouter un qui se connecte et saisit ce que les gens saisissent",
)
