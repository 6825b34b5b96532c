"""What an account of abuse says: facts, findings, a table of the phases."""

from __future__ import annotations

from dataclasses import dataclass

from scorecard.evidence import Column, Fact, Severity, Table, Text, Unit
from security.abuse_attack import Onslaught, Scenario
from security.abuse_honest import Share
from security.observation import unknown, yes_no
from security.rules import Hit, Rule

FACTS = {
    "security.abuse_unlimited": Unit.COUNT,
    "security.abuse_tried": Unit.COUNT,
    "security.abuse_first_limit": Unit.COUNT,
    "security.abuse_retry_after": Unit.YES_NO,
    "security.abuse_honest_errors": Unit.RATIO,
    "security.abuse_honest_p95": Unit.SECOND,
}


@dataclass(frozen=True)
class Phase:
    """A stretch of time and how the honest users fared in it; ``onslaught`` is None when it was calm."""

    name: str
    share: Share
    onslaught: Onslaught | None = None


def is_unlimited(one: Onslaught) -> bool:
    """Whether an attack met no limit at all."""
    return one.trouble is None and one.first_limit is None and bool(one.replies)


def facts(phases: list[Phase], tried: list[Onslaught], gap: Text | None) -> tuple[Fact, ...]:
    """The facts of :data:`FACTS`; ``gap`` says which attack tells nothing, None when all do."""
    unlimited = [one for one in tried if is_unlimited(one)]
    firsts = [one.first_limit for one in tried if one.first_limit is not None]
    limited = [reply for one in tried for reply in one.limited]
    names = ", ".join(one.attack.scenario.value for one in tried)
    during = [phase.share for phase in phases if phase.onslaught is not None]
    requests = sum(share.requests for share in during)
    errors = sum(share.errors for share in during)
    slowest = max((share.p95_s for share in during if share.p95_s is not None), default=None)
    before = phases[0].share.p95_s
    calm = "" if before is None else f"{before:g} s before"
    return (
        unknown("security.abuse_unlimited", Unit.COUNT, gap, names)
        if gap is not None
        else Fact(id="security.abuse_unlimited", value=len(unlimited), unit=Unit.COUNT, detail=names),
        Fact(id="security.abuse_tried", value=len(tried), unit=Unit.COUNT, detail=names),
        Fact(id="security.abuse_first_limit", value=max(firsts), unit=Unit.COUNT, detail="the latest of all")
        if firsts
        else unknown("security.abuse_first_limit", Unit.COUNT, _NO_LIMIT),
        yes_no(
            "security.abuse_retry_after",
            all("retry-after" in reply.headers for reply in limited) if limited else None,
            _NO_LIMIT,
            f"{len(limited)} refusals",
        ),
        Fact(
            id="security.abuse_honest_errors",
            value=round(errors / requests, 4),
            unit=Unit.RATIO,
            detail=f"{errors} of {requests} requests",
        )
        if requests
        else unknown("security.abuse_honest_errors", Unit.RATIO, _NO_HONEST),
        unknown("security.abuse_honest_p95", Unit.SECOND, _NO_HONEST)
        if slowest is None
        else Fact(id="security.abuse_honest_p95", value=slowest, unit=Unit.SECOND, detail=calm),
    )


def table(phases: list[Phase]) -> Table:
    """One row a phase: what was sent, what was refused, how honest users fared."""
    columns = (
        Column(name="phase"),
        Column(name="sent", unit=Unit.COUNT),
        Column(name="limited", unit=Unit.COUNT),
        Column(name="first_limit", unit=Unit.COUNT),
        Column(name="honest_requests", unit=Unit.COUNT),
        Column(name="honest_errors", unit=Unit.COUNT),
        Column(name="honest_p50", unit=Unit.SECOND),
        Column(name="honest_p95", unit=Unit.SECOND),
    )
    rows = tuple(
        (
            phase.name,
            None if phase.onslaught is None else len(phase.onslaught.replies),
            None if phase.onslaught is None else len(phase.onslaught.limited),
            None if phase.onslaught is None else phase.onslaught.first_limit,
            phase.share.requests,
            phase.share.errors,
            phase.share.p50_s,
            phase.share.p95_s,
        )
        for phase in phases
    )
    return Table(id="security.abuse", columns=columns, rows=rows)


def hit(one: Onslaught) -> Hit:
    """The finding of an attack that met no limit."""
    name = one.attack.scenario
    return Hit(
        category="abuse",
        rule=f"no-limit-{name.value}",
        what=_RULES[name],
        location=one.route,
        place=one.route,
        trait=name.value,
        message=f"{one.route} was sent {len(one.replies)} times without pause {_HOW[name]}, and no answer said that it "
        "was too much.",
        confidence="HIGH",
    )


def account(phase: Phase) -> dict[str, object]:
    """A phase in a form to keep: answers by status."""
    done = phase.onslaught
    share = {"requests": phase.share.requests, "errors": phase.share.errors, "p95": phase.share.p95_s}
    if done is None:
        return {"phase": phase.name, "honest": share}
    statuses: dict[str, int] = {}
    for reply in done.replies:
        statuses[reply.ended] = statuses.get(reply.ended, 0) + 1
    return {"phase": phase.name, "honest": share, "route": done.route, "answers": statuses, "trouble": done.trouble}


_HOW = {
    Scenario.SIGN_IN: "from one address",
    Scenario.CREATION: "by one person from four addresses",
    Scenario.HOARDING: "by one person from four addresses",
    Scenario.FLOOD: "by one person from one address",
}
_REMEDY = (
    "Count requests by person and by address, answer 429 with Retry-After above a share that honest use stays below, "
    "and watch how often that happens."
)
_RULES = {
    Scenario.SIGN_IN: Rule(
        Severity.HIGH,
        "CWE-307",
        "v5.0.0-6.3.1",
        "Slow down and then refuse attempts to sign in, by account and by address, with 429 and Retry-After.",
    ),
    Scenario.CREATION: Rule(Severity.MEDIUM, "CWE-770", "v5.0.0-2.4.1", _REMEDY),
    Scenario.HOARDING: Rule(
        Severity.MEDIUM,
        "CWE-799",
        "v5.0.0-2.4.1",
        "Let one person hold a few seats at most, and say so with 409 or 429.",
    ),
    Scenario.FLOOD: Rule(Severity.MEDIUM, "CWE-770", "v5.0.0-2.4.1", _REMEDY),
}
_NO_LIMIT = Text(
    en="no request was refused as too much, so there is no limit to look at",
    fr="aucune requête n’a été refusée comme étant de trop, il n’y a donc pas de limite à regarder",
)
_NO_HONEST = Text(
    en="no honest user asked for anything during the attacks",
    fr="aucun usager honnête n’a rien demandé pendant les attaques",
)
