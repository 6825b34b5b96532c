"""The stages of a run, in order: which collector is called, and what a person reads while it works."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import k8s.checks
import loadtests.demand_evidence
import loadtests.growth
import loadtests.load
import loadtests.recovery
import loadtests.saturation
import loadtests.scaling
import loadtests.soak
import loadtests.spike
import observability.operations.operability
import observability.pages
import security.api
import security.registry
from scorecard.cli import pages_at_peak, rendered_manifests
from scorecard.cli.progress import Stage
from scorecard.evidence import Evidence, Text
from scorecard.project import RunProfile
from scorecard.site import Site

Collect = Callable[[Site], Evidence]

_LOAD_S: dict[RunProfile, float] = {"smoke": 12.0, "quick": 85.0, "standard": 600.0, "full": 1800.0}

_TITLES = {
    "service": Text(en="Starting the service", fr="Démarrage du service"),
    "http": Text(en="Headers, cookies and exposed routes", fr="En-têtes, cookies et routes exposées"),
    "authorisation": Text(en="Who may see what", fr="Qui peut voir quoi"),
    "api": Text(en="The API, asked by its own document", fr="L’API, interrogée d’après son document"),
    "tls": Text(en="Encryption", fr="Chiffrement"),
    "sessions": Text(en="How sessions begin, hold and end", fr="Début, tenue et fin des sessions"),
    "personal-data": Text(en="Where typed values turn up", fr="Où ressortent les valeurs saisies"),
    "retention": Text(en="Deleted, and looked for", fr="Supprimé, puis recherché"),
    "abuse": Text(en="Abuse beside honest users", fr="Abus à côté d’usagers honnêtes"),
    "active": Text(en="What gets through: attacks", fr="Ce qui passe : attaques"),
    "wapiti": Text(en="What gets through, by wapiti (an extra)", fr="Ce qui passe, par wapiti (en option)"),
    "pages": Text(en="Pages as people meet them", fr="Pages telles que les usagers les voient"),
    "pages-peak": Text(en="Pages at the peak", fr="Pages à la pointe"),
    "demand": Text(en="Demand on the peak day", fr="Demande au jour de pointe"),
    "load": Text(en="Load: the highest rate it holds", fr="Charge : le plus haut débit tenu"),
    "operability": Text(en="Alerts, dashboards, runbooks", fr="Alertes, tableaux de bord, procédures"),
    "spike": Text(en="Opening: everybody at once", fr="Ouverture : tous à la fois"),
    "recovery": Text(en="Overload, and what follows it", fr="Surcharge, et retour à la normale"),
    "soak": Text(en="Endurance", fr="Endurance"),
    "scaling": Text(en="What more workers bring", fr="Ce qu’apportent plus de processus"),
    "growth": Text(en="Ten times the data", fr="Dix fois plus de données"),
    "saturation": Text(en="What saturates first", fr="Ce qui sature en premier"),
    "stop": Text(en="Stopping the service", fr="Arrêt du service"),
    "traces": Text(en="Where the time goes (traces)", fr="Où passe le temps (traces)"),
    "personal-traces": Text(en="Personal values in the traces", fr="Valeurs personnelles dans les traces"),
    "code": Text(en="Source code", fr="Code source"),
    "dependencies": Text(en="Dependencies", fr="Dépendances"),
    "secrets": Text(en="Secrets in the sources", fr="Secrets dans les sources"),
    "secrets-history": Text(en="Secrets in the history", fr="Secrets dans l’historique"),
    "components": Text(en="Parts and licences", fr="Composants et licences"),
    "containerfile": Text(en="Containerfile", fr="Containerfile (image)"),
    "workflows": Text(en="CI workflows", fr="Workflows d’intégration continue"),
    "manifest-schemas": Text(en="Manifests against the schemas", fr="Manifestes face aux schémas"),
    "semgrep": Text(en="Source code, by semgrep (an extra)", fr="Code source, par semgrep (en option)"),
    "checkov": Text(en="Deployment, by checkov (an extra)", fr="Déploiement, par checkov (en option)"),
    "manifests": Text(en="Deployment manifests", fr="Manifestes de déploiement"),
    "declarations": Text(en="Declarations", fr="Déclarations"),
    "grading": Text(en="Grading and reports", fr="Notation et rapports"),
}

_NOT_IN: dict[RunProfile, float] = {"smoke": 0.1, "quick": 0.1}
_TESTS_S: dict[str, dict[RunProfile, float]] = {
    "spike": {"smoke": 0.1, "quick": 11.0, "standard": 50.0, "full": 135.0},
    "recovery": {"smoke": 0.1, "quick": 19.0, "standard": 72.0, "full": 257.0},
    "soak": {**_NOT_IN, "standard": 250.0, "full": 1510.0},
    "scaling": {**_NOT_IN, "standard": 360.0, "full": 900.0},
    "growth": {**_NOT_IN, "standard": 130.0, "full": 330.0},
}
"""Of the tests that start from the rate held; a short profile leaves the long ones out."""
_PAGES_S: dict[RunProfile, float] = {"smoke": 10.0, "quick": 22.0, "standard": 120.0, "full": 390.0}
_PAGES_PEAK_S: dict[RunProfile, float] = {"smoke": 12.0, "quick": 15.0, "standard": 35.0, "full": 70.0}
_EXPECTED_S = {
    "service": 6.0,
    "http": 2.0,
    "abuse": 8.0,
    "active": 12.0,
    "operability": 8.0,
    "stop": 2.0,
    "traces": 2.0,
    "code": 2.0,
    "dependencies": 4.0,
    "secrets": 3.0,
    "components": 2.0,
    "manifest-schemas": 4.0,
}


@dataclass(frozen=True)
class Collector:
    """A stage that one collector fills.

    Attributes:
        live: it needs the service to run.
        shares: it measures no time and reads no evidence of another, so that others may be at work beside it.
    """

    id: str
    room: str
    live: bool
    collect: Collect
    shares: bool = False


COLLECTORS: tuple[Collector, ...] = (
    Collector("http", "security", True, security.registry.SCANNERS["http"]),
    Collector("tls", "security", True, security.registry.SCANNERS["tls"]),
    Collector("authorisation", "security", True, security.registry.SCANNERS["authorisation"]),
    Collector("sessions", "security", True, security.registry.SCANNERS["sessions"]),
    Collector("personal-data", "security", True, security.registry.SCANNERS["personal-data"]),
    Collector("retention", "security", True, security.registry.SCANNERS["retention"]),
    Collector("pages", "observability", True, observability.pages.collect),
    Collector("demand", "loadtests", False, loadtests.demand_evidence.collect_demand, shares=True),
    Collector("load", "loadtests", True, loadtests.load.collect_load),
    Collector("operability", "observability", True, observability.operations.operability.collect),
    Collector("pages-peak", "observability", True, pages_at_peak.collect),
    Collector("spike", "loadtests", True, loadtests.spike.collect_spike),
    Collector("soak", "loadtests", True, loadtests.soak.collect_soak),
    Collector("scaling", "loadtests", True, loadtests.scaling.collect_scaling),
    Collector("growth", "loadtests", True, loadtests.growth.collect_growth),
    Collector("recovery", "loadtests", True, loadtests.recovery.collect_recovery),
    Collector("abuse", "security", True, security.registry.SCANNERS["abuse"]),
    Collector("wapiti", "security", True, security.registry.SCANNERS["wapiti"]),
    Collector("active", "security", True, security.registry.SCANNERS["active"], shares=True),
    Collector("api", "security", True, security.registry.SCANNERS["api"], shares=True),
    Collector("code", "security", False, security.registry.SCANNERS["code"], shares=True),
    Collector("dependencies", "security", False, security.registry.SCANNERS["dependencies"], shares=True),
    Collector("secrets", "security", False, security.registry.SCANNERS["secrets"], shares=True),
    Collector("secrets-history", "security", False, security.registry.SCANNERS["secrets-history"], shares=True),
    Collector("components", "security", False, security.registry.SCANNERS["components"], shares=True),
    Collector("containerfile", "security", False, security.registry.SCANNERS["containerfile"], shares=True),
    Collector("workflows", "security", False, security.registry.SCANNERS["workflows"], shares=True),
    Collector("manifest-schemas", "security", False, rendered_manifests.collect, shares=True),
    Collector("semgrep", "security", False, security.registry.SCANNERS["semgrep"], shares=True),
    Collector("checkov", "security", False, security.registry.SCANNERS["checkov"], shares=True),
    Collector("manifests", "k8s", False, k8s.checks.collect, shares=True),
    Collector("saturation", "loadtests", False, loadtests.saturation.collect_saturation),
)
"""In the order of a run: what needs the service alone on the machine first; then what may break it, beside which those
that need no service are at work; last what is read from the others.
"""


def selected(only: Collection[str]) -> tuple[Collector, ...]:
    """The collectors whose name or room is in ``only``; all when it is empty."""
    return tuple(c for c in COLLECTORS if not only or c.id in only or c.room in only)


def known_names() -> tuple[str, ...]:
    """What ``--only`` takes."""
    return tuple(dict.fromkeys([c.room for c in COLLECTORS] + [c.id for c in COLLECTORS] + ["traces"]))


def stage(name: str, profile: RunProfile) -> Stage:
    """Title and expected seconds of a stage."""
    by_profile = {
        **_TESTS_S,
        "load": _LOAD_S,
        "pages": _PAGES_S,
        "pages-peak": _PAGES_PEAK_S,
        "api": security.api.EXPECTED_S,
    }.get(name)
    seconds = _EXPECTED_S.get(name, 1.0) if by_profile is None else by_profile[profile]
    return Stage(name, _TITLES[name], seconds)
