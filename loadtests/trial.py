"""A test under load as evidence: what it told, or why it could not be made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata

from loadtests.errors import LoadTestError
from scorecard.evidence import Evidence, Fact, Provenance, Status, Table, Text, Unit
from scorecard.project import RunProfile
from scorecard.site import Site


class NotTried(Exception):  # noqa: N818 (what the collection found, caught by it)
    """The test could not be made or was not asked for; ``reason`` says why."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True)
class Told:
    """What a test found; facts that it could not observe are left out, and unknown for ``reason``.

    Attributes:
        reason: why it is not complete, None when it is.
    """

    facts: tuple[Fact, ...]
    tables: tuple[Table, ...] = ()
    reason: Text | None = None


def collected(site: Site, name: str, units: Mapping[str, Unit], carry_out: Callable[[], Told]) -> Evidence:
    """The evidence ``name`` with every fact of ``units``: skipped when not tried, error when the generator failed."""
    started = datetime.now(UTC)
    told, status, reason = Told(()), Status.COMPLETED, None
    try:
        told = carry_out()
    except NotTried as refused:
        status, reason = Status.SKIPPED, refused.reason
    except LoadTestError as error:
        status = Status.ERROR
        reason = Text(en=f"The load generator failed: {error}", fr=f"Le générateur de charge a échoué\u202f: {error}")
    if told.reason is not None:
        status, reason = Status.DEGRADED, told.reason
    seen = {fact.id for fact in told.facts}
    why = reason if reason is not None else Text(en="It was not measured.", fr="Cela n’a pas été mesuré.")
    return Evidence(
        name=name,
        collector=f"loadtests.{name}",
        project=site.project.project.name,
        status=status,
        reason=reason,
        provenance=Provenance.since(
            started,
            tool="portance",
            version=metadata.version("portance"),
            command=("python", "-P", "-m", "loadtests.engine", f"profile={site.profile}"),
        ),
        facts=(
            *told.facts,
            *(Fact(id=fact, value=None, unit=unit, reason=why) for fact, unit in units.items() if fact not in seen),
        ),
        tables=told.tables,
    )


def only_when_long_enough(site: Site, profiles: tuple[RunProfile, ...]) -> None:
    """Let a test be where its profile has it or ``--only`` names it; raise NotTried elsewhere."""
    if site.profile in profiles or site.asked:
        return
    shortest = profiles[0]
    raise NotTried(
        Text(
            en=f"The {site.profile} profile is too short for this test: use --profile {shortest} or longer.",
            fr=f"Le profil {site.profile} est trop court pour cet essai\u202f: prenez --profile {shortest} ou plus "
            "long.",
        )
    )
