"""Facts of the alerts of a service: which can fire, which fire for nothing, and where they send whoever is called."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from observability.operations import OperationsError
from observability.operations.alert_rules import Alert, RuleSet, load
from observability.operations.promtool import PromtoolError, check_rules
from observability.operations.rehearsal import Rehearsed, rehearse
from observability.operations.rules import as_yaml, service_of
from observability.operations.runbooks import follow
from observability.operations.shown import Sample
from observability.operations.told import (
    DELAY,
    FACTS,
    IN_CALM,
    NEVER,
    ON_ERRORS,
    RUNBOOKS,
    Told,
    finding,
    known,
    unknown,
)
from scorecard.evidence import Fact, Finding, Severity, Text
from scorecard.site import Site

_OF_PROMETHEUS = ("up", "scrape_", "ALERTS", "prometheus_", "alertmanager_")
_REHEARSED = (ON_ERRORS, DELAY, NEVER, IN_CALM)


def alerting(site: Site, shown: Sequence[Sample] | Text) -> Told:
    """What ``[operations] rules`` are worth; ``shown`` are the metrics of the service, or why there are none."""
    path = site.project.operations.rules
    if path is None:
        return unknown(_NO_RULES, RUNBOOKS, *_REHEARSED)
    try:
        rules = load(site.path(path))
    except OperationsError as error:
        return unknown(_unusable(str(error)), RUNBOOKS, *_REHEARSED)
    parts = [_linked(site, rules.alerts), _fired(site, rules, shown)]
    gaps = [part.gap for part in parts if part.gap is not None]
    return Told(
        tuple(fact for part in parts for fact in part.facts),
        tuple(one for part in parts for one in part.findings),
        gaps[0] if gaps else None,
    )


def _linked(site: Site, alerts: Sequence[Alert]) -> Told:
    if not alerts:
        return unknown(_NO_ALERT, RUNBOOKS)
    said = site.project.operations.runbooks
    folder = None if said is None or "://" in said else site.path(said)
    followed = follow(alerts, folder if folder is not None and folder.is_dir() else None)
    missing = [*followed.without, *followed.broken]
    findings = tuple(_without_runbook(alert) for alert in missing)
    if followed.not_followed and not missing:
        return unknown(_NO_FOLDER, RUNBOOKS)
    if followed.not_followed:
        # Those are missing, and there may be more.
        fact = Fact(id=RUNBOOKS, value=len(missing), unit=FACTS[RUNBOOKS], low=len(missing), reason=_NO_FOLDER)
        return Told((fact,), findings, _NO_FOLDER)
    return Told((known(RUNBOOKS, len(missing), f"{len(missing)}/{len(alerts)}"),), findings)


def _fired(site: Site, rules: RuleSet, shown: Sequence[Sample] | Text) -> Told:
    if not rules.alerts:
        # No alert is no alert for errors, and that is known.
        return Told((known(ON_ERRORS, False), *unknown(_NO_ALERT, DELAY, NEVER, IN_CALM).facts))
    try:
        refused = _refused(rules)
        if refused is not None:
            return unknown(_unusable(refused), *_REHEARSED)
        if isinstance(shown, Text):
            return unknown(shown, *_REHEARSED)
        names = frozenset(sample.name for sample in shown)
        foreign = {alert: _foreign(site, rules, alert, names) for alert in rules.alerts}
        elsewhere = [alert for alert, names_ in foreign.items() if names_ is None]
        tried = [alert for alert in rules.alerts if alert not in elsewhere]
        rehearsed = rehearse(rules, tried, shown, service_of(site.project).job)
    except PromtoolError as error:
        return unknown(error.text, *_REHEARSED)
    return _rehearsed(rehearsed, tried, foreign, len(elsewhere))


def _refused(rules: RuleSet) -> str | None:
    """What Prometheus has against the rules, None when it takes them."""
    with tempfile.TemporaryDirectory(prefix="portance-") as folder:
        file = Path(folder) / "rules.yaml"
        file.write_text(as_yaml({"groups": [dict(group) for group in rules.groups]}), encoding="utf-8")
        checked = check_rules([file])
    return checked.refused if checked.refused is not None or checked.rules else "no rule is found in there"


def _foreign(site: Site, rules: RuleSet, alert: Alert, shown: frozenset[str]) -> frozenset[str] | None:
    """Metrics of ``alert`` that the service does not show; None when something else shows all that it reads."""
    read = rules.reads(alert.expr)
    others = tuple(site.project.operations.other_metrics)
    if others and read and all(name.startswith(others) for name in read):
        return None
    return frozenset(name for name in read - shown if not name.startswith((*_OF_PROMETHEUS, *others)))


def _rehearsed(
    rehearsed: Rehearsed, tried: Sequence[Alert], foreign: dict[Alert, frozenset[str] | None], elsewhere: int
) -> Told:
    never = [alert for alert in tried if not rehearsed.fires(alert.name)]
    calm = [alert for alert in tried if alert.name in rehearsed.in_calm]
    on_errors = {n: m for n, m in rehearsed.fired.get("errors", {}).items() if n not in rehearsed.in_calm}
    left_out = f"; other_metrics: {elsewhere}" if elsewhere else ""
    findings = [_never(alert, foreign[alert] or frozenset(), rehearsed.tried_min) for alert in never]
    findings += [_in_calm(alert) for alert in calm]
    facts = [
        known(ON_ERRORS, bool(on_errors), ", ".join(sorted(on_errors))),
        known(NEVER, len(never), f"{len(never)}/{len(tried)}{left_out}"),
        known(IN_CALM, len(calm), f"{len(calm)}/{len(tried)}"),
    ]
    if on_errors:
        # Rules are evaluated once a minute in the rehearsal: the minute it fired in is counted whole.
        facts.append(known(DELAY, 60 * (min(on_errors.values()) + 1)))
    else:
        facts += unknown(_NONE_ON_ERRORS, DELAY).facts
    return Told(tuple(facts), tuple(findings))


def _never(alert: Alert, foreign: frozenset[str], tried_min: int) -> Finding:
    if foreign:
        why = f"it reads {', '.join(sorted(foreign))}, which the service does not show"
        remedy = "Name a metric that the service shows, or list in operations.other_metrics what something else shows."
    else:
        why = (
            f"it stayed silent while for {tried_min} minutes all requests failed, all were slow, none came, "
            "the service was silent, or its gauges were very high or at zero"
        )
        remedy = "Compare its labels, buckets and threshold with what the service shows: a share cannot exceed 1."
    return finding("alert-never-fires", _place(alert), f"{alert.name} cannot fire: {why}.", remedy, Severity.HIGH)


def _in_calm(alert: Alert) -> Finding:
    return finding(
        "alert-fires-in-calm",
        _place(alert),
        f"{alert.name} fires while every request is answered at once and nothing fails.",
        "Raise its threshold, or drop it: an alert that always fires is one that nobody reads.",
    )


def _without_runbook(alert: Alert) -> Finding:
    said = "has no runbook_url" if not alert.runbook else f"links to {alert.runbook}, where there is no runbook"
    return finding(
        "alert-without-runbook",
        _place(alert),
        f"{alert.name} {said}.",
        "Write down what it means, how to tell, what to do first and whom to call; link it as runbook_url.",
    )


def _place(alert: Alert) -> str:
    return f"{alert.file}:{alert.name}"


def _unusable(why: str) -> Text:
    return Text(en=f"the rules cannot be used: {why}", fr=f"les règles d’alerte ne peuvent pas être utilisées : {why}")


_NO_RULES = Text(
    en="operations.rules in portance.toml names no alert rules: portance operations writes some from the objectives",
    fr="operations.rules, dans portance.toml, ne nomme aucune règle d’alerte : portance operations en écrit d’après "
    "les objectifs",
)
_NO_ALERT = Text(en="there is no alert in the rules", fr="il n’y a aucune alerte dans les règles")
_NONE_ON_ERRORS = Text(
    en="no alert fires when every request fails, so there is no delay",
    fr="aucune alerte ne se déclenche quand toutes les requêtes échouent : il n’y a donc pas de délai",
)
_NO_FOLDER = Text(
    en="the links to the runbooks were not followed: operations.runbooks names no folder that is here",
    fr="les liens vers les procédures n’ont pas été suivis : operations.runbooks ne nomme aucun dossier présent ici",
)
