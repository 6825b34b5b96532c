"""Scorecards as a run would give them: a go, a conditional go, a no go, an empty run, and one with hostile words.

They come out of the real grading, from a small frozen catalogue that is not the shipped one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from scorecard.criteria import Criterion
from scorecard.evidence import (
    Column,
    Evidence,
    Fact,
    Finding,
    Machine,
    Provenance,
    Severity,
    Status,
    Table,
    Text,
    Unit,
)
from scorecard.grading import grade
from scorecard.project import ProjectFile
from scorecard.scorecard import Colour, Indicator, Scorecard

TODAY = date(2026, 11, 22)
MACHINE = Machine(system="Linux 6.1 x86_64", cpu="Any CPU", cores=2, memory_bytes=8_000_000_000, python="3.12.1")

# id, domain, question in both languages, remedy in both languages, evidence, unit, better, pass, blocking, effort
QUESTIONS: tuple[tuple[Any, ...], ...] = (
    ("users_held", "capacity", "It holds all the users it is meant for", "Il tient tous les usagers prévus",
     "Search duplicates through an index on the company number", "Chercher les doublons par un index sur le SIRET",
     "load", Unit.USERS, "higher", {"of": "project.users"}, True, "days"),
    ("p95", "capacity", "95 answers in 100 arrive in time", "95 réponses sur 100 arrivent à temps",
     "Find the slowest route and shorten it", "Trouver la route la plus lente et l’alléger",
     "load", Unit.SECOND, "lower", {"of": "objectives.p95"}, False, "days"),
    ("generator_lag_p99", "capacity", "The test itself kept its pace", "L’essai lui-même a tenu son rythme",
     "Give the load generator a machine of its own", "Donner au générateur de charge sa propre machine",
     "load", Unit.SECOND, "lower", 0.05, False, "hours"),
    ("lost_writes", "resilience", "No acknowledged filing is lost", "Aucun dépôt accepté n’est perdu",
     "Commit the filing before the receipt is shown", "Valider le dépôt avant d’afficher l’accusé de réception",
     "load", Unit.COUNT, "lower", 0, True, "weeks"),
    ("stopped_gracefully", "resilience", "A restart cuts nobody off", "Un redémarrage ne coupe personne",
     "Finish open requests on the stop signal", "Terminer les requêtes en cours au signal d’arrêt",
     "service", Unit.YES_NO, "equal", True, False, "hours"),
    ("code_high", "security", "The code has no severe weakness", "Le code n’a pas de faiblesse grave",
     "Mend the findings listed with the evidence", "Corriger les constats listés avec la preuve",
     "code", Unit.COUNT, "lower", 0, True, "days"),
    ("secrets", "security", "No secret lies in the code", "Aucun secret ne traîne dans le code",
     "Revoke the secret and move it to a vault", "Révoquer le secret et le placer dans un coffre",
     "secrets", Unit.COUNT, "lower", 0, True, "hours"),
    ("arrived_share", "operations", "The team can see what happens inside",
     "L’équipe voit ce qui se passe à l’intérieur",
     "Adopt the tracing set-up", "Adopter la mise en place des traces",
     "traces", Unit.RATIO, "higher", 0.95, False, "hours"),
    ("probes", "operations", "The platform can tell when it is ill", "La plateforme voit quand il est malade",
     "Add the liveness and readiness probes", "Ajouter les sondes de vie et de disponibilité",
     "manifests", Unit.YES_NO, "equal", True, False, "hours"),
    ("openapi", "integration", "Others can build on its interface", "D’autres peuvent bâtir sur son interface",
     "Publish the OpenAPI document", "Publier le document OpenAPI",
     "service", Unit.YES_NO, "equal", True, False, "hours"),
    ("hosting", "trust", "Personal data is hosted under French or European law only",
     "Les données personnelles sont hébergées sous le seul droit français ou européen",
     "Move to a SecNumCloud host", "Passer chez un hébergeur SecNumCloud",
     "declarations", Unit.YES_NO, "equal", True, True, "months"),
    ("reversibility_months", "trust", "It can move to another host within a year",
     "Il peut changer d’hébergeur en moins d’un an", "Write and try the plan to leave",
     "Écrire et essayer le plan de sortie", "declarations", Unit.MONTHS, "lower", 12, False, "weeks"),
    ("tests_in_ci", "evolvability", "Each change is tested before it goes out",
     "Chaque changement est testé avant de sortir", "Run the tests in the pipeline", "Lancer les tests dans la chaîne",
     "declarations", Unit.YES_NO, "equal", True, False, "days"),
    ("rgaa_rate", "user-service", "It is accessible to people with disabilities (RGAA)",
     "Il est accessible aux personnes handicapées (RGAA)", "Audit it, then mend what the audit finds",
     "L’auditer puis corriger ce que l’audit relève", "declarations", Unit.RATIO, "higher", 1.0, False, "months"),
    ("identity", "reuse", "People sign in with FranceConnect", "Les usagers se connectent avec FranceConnect",
     "Connect to FranceConnect", "Se raccorder à FranceConnect",
     "declarations", Unit.YES_NO, "equal", True, False, "weeks"),
    ("agents_trained", "change", "The agents who will answer have been trained",
     "Les agents qui répondront ont été formés", "Plan the training before opening day",
     "Planifier la formation avant l’ouverture", "declarations", Unit.YES_NO, "equal", True, False, "weeks"),
)  # fmt: skip
# id, title in both languages, colour, value, unit, value in words in both languages, at the peak, basis
INDICATORS: tuple[tuple[Any, ...], ...] = (
    ("satisfaction", "User satisfaction", "Satisfaction usagers", Colour.GREY, None, Unit.SCORE_OF_10, "unknown",
     "inconnue", False, None),
    ("accessibility", "Accessibility", "Prise en compte du handicap", Colour.YELLOW, 0.62, Unit.RATIO, "62%", "62 %",
     False, "declared"),
    ("once-only", "Tell us once", "Dites-le-nous une fois", Colour.YELLOW, 3, Unit.COUNT, "3 data asked again",
     "3 données redemandées", False, "declared"),
    ("authentication", "Sign-in", "Authentification", Colour.GREEN, True, Unit.YES_NO, "FranceConnect",
     "FranceConnect", False, "declared"),
    ("availability", "Availability over three months", "Disponibilité", Colour.GREY, None, Unit.RATIO, "unknown",
     "inconnue", False, None),
    ("load-time", "Load time", "Temps de chargement", Colour.RED, 1.24, Unit.SECOND, "1.24 s", "1,24 s", True,
     "measured"),
    ("online", "Can be done online", "Réalisable en ligne", Colour.GREEN, True, Unit.YES_NO, "yes", "oui", False,
     "declared"),
)  # fmt: skip
PREFIX = {"code": "security", "secrets": "security", "traces": "trace", "manifests": "k8s", "declarations": "declared"}
GOOD: dict[str, bool | float] = {
    "users_held": 512_000, "p95": 0.212, "generator_lag_p99": 0.004, "lost_writes": 0, "stopped_gracefully": True,
    "code_high": 0, "secrets": 0, "arrived_share": 0.998, "probes": True, "openapi": True, "hosting": True,
    "reversibility_months": 9, "tests_in_ci": True, "rgaa_rate": 1.0, "identity": True, "agents_trained": True,
}  # fmt: skip


def criteria() -> tuple[Criterion, ...]:
    return tuple(
        Criterion.model_validate({
            "id": f"{domain}.{id_}", "domain": domain, "title": Text(en=en, fr=fr),
            "why": Text(en="People lose a right when this fails.", fr="Des usagers perdent un droit si cela manque."),
            "remedy": Text(en=mend_en, fr=mend_fr), "source": "Field practice, frozen sample",
            "basis": "declared" if evidence == "declarations" else "measured",
            "evidence": evidence, "fact": f"{PREFIX.get(evidence, evidence)}.{id_}", "unit": unit, "better": better,
            "use": "low" if unit is Unit.USERS else "value", "pass": passes,
            "max_age_days": 365 if evidence == "declarations" else 30, "weight": 8 if blocking else 4,
            "blocking": blocking, "effort": effort,
        })
        for id_, domain, en, fr, mend_en, mend_fr, evidence, unit, better, passes, blocking, effort in QUESTIONS
    )  # fmt: skip


def provenance(tool: str) -> Provenance:
    started = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
    return Provenance(
        tool=tool, version="1.2.3", command=(tool, "--json"), machine=MACHINE, started=started, duration_s=93.4
    )


def steps_table(held: float) -> Table:
    """A search that ends at ``held`` journeys/s."""
    names = (("offered", Unit.JOURNEYS_PER_SECOND), ("achieved", Unit.REQUESTS_PER_SECOND))
    latencies = tuple((name, Unit.SECOND) for name in ("p50", "p95", "p99"))
    rest = (("error_rate", Unit.RATIO), ("outcome", None), ("reason", None))
    rows = (
        (1.0, 14.1, 0.021, 0.048, 0.091, 0.0, "held", ""),
        (2.0, 28.0, 0.023, 0.055, 0.110, 0.0, "held", ""),
        (4.0, 55.8, 0.029, 0.090, 0.201, 0.0, "held", ""),
        (8.0, 103.0, 0.410, 2.900, 6.100, 0.031, "failed", "p95 2.9 s, the objective is 400 ms"),
        (6.0, 83.9, 0.061, 0.330, 0.720, 0.0, "held", ""),
        (7.0, 96.0, 0.120, 0.810, 1.900, 0.002, "failed", "p95 810 ms, the objective is 400 ms"),
        (6.5, 90.2, 0.081, 0.452, 1.100, 0.0, "failed", "p95 452 ms, the objective is 400 ms"),
        (10.0, 88.0, 0.900, 4.200, 8.800, 0.2, "void", "the generator's own CPU was at 97 %"),
    )
    columns = tuple(Column(name=n, unit=u) for n, u in (*names, *latencies, *rest))
    scale = held / 6.0
    scaled = tuple((row[0] * scale, row[1] * scale, *row[2:]) for row in rows)
    return Table(id="load.steps", columns=columns, rows=scaled)


def day_table() -> Table:
    shape = (2, 1, 1, 1, 1, 2, 5, 12, 30, 52, 60, 48, 34, 40, 50, 55, 58, 62, 70, 84, 96, 100, 74, 30)
    rows = tuple((hour, round(0.035 * share, 4)) for hour, share in enumerate(shape))
    return Table(
        id="demand.day",
        columns=(Column(name="hour", unit=Unit.COUNT), Column(name="journeys_per_s", unit=Unit.JOURNEYS_PER_SECOND)),
        rows=rows,
    )


def routes_table() -> Table:
    columns = (
        ("route", None), ("requests", Unit.COUNT), ("sql_per_request", Unit.COUNT),
        ("p50", Unit.SECOND), ("p95", Unit.SECOND), ("share_of_time", Unit.RATIO),
    )  # fmt: skip
    rows = (
        ("POST /api/v1/applications/{id}/file", 2210, 41, 0.11, 0.41, 0.58),
        ("GET /api/v1/applications", 8120, 3, 0.02, 0.06, 0.27),
        ("GET /sign-in/callback", 2003, 5, 0.03, 0.08, 0.15),
    )
    return Table(id="trace.routes", columns=tuple(Column(name=n, unit=u) for n, u in columns), rows=rows)


def held_rate(facts: dict[str, bool | float]) -> float:
    return 3.5 * facts.get("users_held", 300_000) / 300_000


def extra_facts(name: str, facts: dict[str, bool | float]) -> list[Fact]:
    def number(id_: str, value: float, unit: Unit, *ends: float) -> Fact:
        low, high = ends or (None, None)
        return Fact(id=id_, value=value, unit=unit, low=low, high=high)

    if name == "demand":
        return [
            number("demand.journeys_per_s", 3.5, Unit.JOURNEYS_PER_SECOND),
            number("demand.requests_per_s", 49.0, Unit.REQUESTS_PER_SECOND),
        ]
    if name == "load" and "users_held" in facts:
        rate = held_rate(facts)
        return [
            number("load.sustained_journeys_per_s", rate, Unit.JOURNEYS_PER_SECOND, rate * 0.85, rate * 1.12),
            number("load.sustained_rps", rate * 14, Unit.REQUESTS_PER_SECOND, rate * 14 * 0.85, rate * 14 * 1.12),
            number("load.objective_p95", 0.4, Unit.SECOND),
        ]
    if name == "traces":
        shares = {"application": 0.22, "sql": 0.71, "remote": 0.07}
        return [
            *(number(f"trace.share_{kind}", share, Unit.RATIO) for kind, share in shares.items()),
            Fact(id="trace.slowest_route", value="POST /api/v1/applications/{id}/file", unit=Unit.TEXT),
        ]
    return []


def fact(id_: str, value: bool | float, unit: Unit, declared: bool) -> Fact:
    if declared:
        source = "Camille Martin, directrice de projet – https://intranet.example/preuves/42"
        return Fact(id=id_, value=value, unit=unit, observed_on=date(2026, 6, 3), source=source)
    if unit is Unit.USERS:
        return Fact(id=id_, value=value, unit=unit, low=int(value * 0.85), high=int(value * 1.12))
    return Fact(id=id_, value=value, unit=unit)


def findings(count: int) -> tuple[Finding, ...]:
    severities = list(Severity)
    return tuple(
        Finding(
            category="code", rule=f"B{600 + n}", severity=severities[n % len(severities)], location=f"src/app.py:{n}",
            message=f"Possible SQL injection through string formatting, number {n}",
        )
        for n in range(count)
    )  # fmt: skip


def collected(project: str, facts: dict[str, bool | float], missing: Sequence[str], found: int) -> tuple[Evidence, ...]:
    """One evidence a collector, with the given facts; those in ``missing`` could not look."""
    tables = {"load": (steps_table(held_rate(facts)),), "demand": (day_table(),), "traces": (routes_table(),)}
    names = sorted({row[6] for row in QUESTIONS} | {"demand"})
    evidence = []
    for name in names:
        if name in missing:
            reason = Text(en=f"{name}: nothing to look at here.", fr=f"{name} : rien à examiner ici.")
            evidence.append(
                Evidence(name=name, collector="sample", project=project, status=Status.SKIPPED, reason=reason).sealed()
            )
            continue
        asked = [(f"{PREFIX.get(name, name)}.{row[0]}", row[0], row[7]) for row in QUESTIONS if row[6] == name]
        given = [fact(id_, facts[key], unit, name == "declarations") for id_, key, unit in asked if key in facts]
        evidence.append(
            Evidence(
                name=name, collector="sample", project=project, status=Status.COMPLETED,
                provenance=provenance(f"{name}er"), facts=(*given, *extra_facts(name, facts)),
                tables=tables.get(name, ()),
                findings=findings(found) if name == "code" else (),
            ).sealed()
        )  # fmt: skip
    return tuple(evidence)


def indicators() -> tuple[Indicator, ...]:
    """Every colour, measured and declared, at rest and at the peak."""
    return tuple(
        Indicator(
            id=f"sample.{id_}", title=Text(en=en, fr=fr), published_by="Frozen sample, 2026", colour=colour,
            value=value, unit=unit, shown=Text(en=shown_en, fr=shown_fr), at_peak=at_peak, basis=basis,
            reason=Text(en=f"{shown_en} on this scale", fr=f"{shown_fr} sur cette échelle"),
            scale=Text(en="green at 8 or more", fr="vert à partir de 8"), evidence=("load.json#/facts/1",),
        )
        for id_, en, fr, colour, value, unit, shown_en, shown_fr, at_peak, basis in INDICATORS
    )  # fmt: skip


@pytest.fixture(scope="session")
def card() -> Callable[..., Scorecard]:
    """Builds a card: facts that differ from the good ones (None: not there), collectors that could not look."""

    def build(
        name: str = "Aide d’urgence aux entreprises",
        *,
        missing: Sequence[str] = (),
        findings: int = 0,
        waivers: Sequence[dict[str, Any]] = (),
        evidence: Sequence[Evidence] | None = None,
        **changed: bool | float | None,
    ) -> Scorecard:
        project = ProjectFile.model_validate(
            {
                "project": {"name": name, "users": 300_000, "agents": 3_000},
                "target": {"url": "http://127.0.0.1:8000"},
                "waivers": tuple(waivers),
            }
        )
        facts = {key: value for key, value in (GOOD | changed).items() if value is not None}
        found = collected(name, facts, missing, findings) if evidence is None else evidence
        return grade(project, criteria(), found, project.waivers, TODAY)

    return build


@pytest.fixture(scope="session")
def cards(card: Callable[..., Scorecard]) -> dict[str, Scorecard]:
    """One card for each decision."""
    waiver = {
        "criterion": "security.code_high", "reason": "Behind the internal network until January",
        "approver": "Security officer", "expires": date(2027, 1, 15),
    }  # fmt: skip
    built = {
        "go": card(),
        "conditional": card(code_high=2, findings=3, waivers=[waiver], p95=0.392, rgaa_rate=None),
        "no_go": card(
            users_held=207_000, p95=0.39, code_high=3, findings=27, missing=("manifests",), rgaa_rate=0.62,
            reversibility_months=20, agents_trained=None, identity=None,
            waivers=[waiver | {"criterion": "capacity.users_held", "expires": date(2026, 1, 1)}],
        ),
        "undetermined": card(evidence=()),
    }  # fmt: skip
    return built | {
        name: built[name].model_copy(update={"indicators": indicators()}) for name in ("conditional", "no_go")
    }
