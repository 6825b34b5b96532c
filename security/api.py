"""The API asked by schemathesis for all its OpenAPI document allows and much it does not, signed in and not.

It runs as a program of its own, bounded in time. It sends what writes, too, to a service on this machine; elsewhere,
with ``remote = true``, it only reads. Operations that sign out are left alone: they would end the sessions to ask with.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.journeys.sessions import SIGN_OUT
from scorecard.project import RunProfile
from scorecard.site import Site, is_local
from security.api_document import declares_sign_in, fetched
from security.api_identities import PEOPLE, Identities, sign_in
from security.api_report import CHECKS, ApiReport, Failure, NotAReportError, read
from security.observation import COLLECTOR, count, keep, no_key, unknown, unobserved
from security.redaction import redact
from security.rules import Hit, Rule, findings
from security.tool import Tool, ToolError, run, scanner, shown, version

NAME = "api"
FACTS = {
    "security.api_server_errors": Unit.COUNT,
    "security.api_auth_ignored": Unit.COUNT,
    "security.api_objects_open": Unit.COUNT,
    "security.api_undocumented_answers": Unit.COUNT,
    "security.api_asked_share": Unit.RATIO,
}
EXAMPLES: dict[RunProfile, int] = {"smoke": 2, "quick": 4, "standard": 40, "full": 300}
"""Made-up requests an operation, beside the fixed ones of each phase."""
LIMIT_S: dict[RunProfile, float] = {"smoke": 60.0, "quick": 90.0, "standard": 240.0, "full": 1200.0}
"""When the tool is stopped; what it has written by then counts, what it has not asked is a gap."""
EXPECTED_S: dict[RunProfile, float] = {"smoke": 10.0, "quick": 12.0, "standard": 60.0, "full": 300.0}
# methods the document does not name are a third of the requests, and no check here asks about them
_SETTINGS = ("[phases.coverage]", "unexpected-methods = []", "")
_OF = {
    "server-error": "security.api_server_errors",
    "ignored-authentication": "security.api_auth_ignored",
    "object-level-access": "security.api_objects_open",
    "undocumented-status": "security.api_undocumented_answers",
}
_WHAT = {
    "server-error": Rule(
        Severity.MEDIUM, "CWE-755", "v5.0.0-16.5.3", "Check the input where it comes in, and answer 400, 404 or 422."
    ),
    "ignored-authentication": Rule(
        Severity.CRITICAL,
        "CWE-306",
        "v5.0.0-8.2.1",
        "Require the sign-in that the document declares, on the route itself; or declare the operation public.",
    ),
    "object-level-access": Rule(
        Severity.HIGH,
        "CWE-639",
        "v5.0.0-8.2.2",
        "Look for the object among those of the person who asks (WHERE id = … AND owner = …), and answer 404.",
    ),
    "undocumented-status": Rule(
        Severity.LOW,
        "CWE-1059",
        "",
        "Document the answer in the OpenAPI document, with its body, or give one that is documented.",
    ),
}
_SAYS = {
    "server-error": "fails with {status}",
    "ignored-authentication": "is answered {status} without the sign-in the document requires, or with a false one",
    "object-level-access": "gives one person what belongs to another",
    "undocumented-status": "is answered {status}, which the document does not name",
}


def collect(
    site: Site, *, tool: Tool | None = None, random: Random | None = None, timeout_s: float | None = None
) -> Evidence:
    """Evidence ``api``: how the operations of ``target.openapi`` answer what they should and should not be sent."""
    skipped = _skipped(site)
    if skipped is not None:
        return unobserved(site, NAME, *skipped, FACTS)
    started = datetime.now(UTC)
    _progress(site, 0.0)
    identities = sign_in(site, SystemRandom() if random is None else random)
    try:
        tool = scanner("schemathesis") if tool is None else tool
        known = version(tool)
        with tempfile.TemporaryDirectory(prefix="portance-api-") as folder:
            settings = Path(folder) / "schemathesis.toml"
            settings.write_text("\n".join([*_SETTINGS, *identities.settings(Path(folder))]) + "\n", encoding="utf-8")
            words = _words(site, settings)
            report = _run(site, tool, words, Path(folder), timeout_s)
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    provenance = Provenance.since(
        started, tool=tool.name, version=known, command=tuple(redact(word) for word in shown([*tool.command, *words]))
    )
    gap = _gap(report, identities)
    closed = declares_sign_in(fetched(site))
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=provenance,
        facts=_facts(report, identities, gap, closed),
        findings=findings(_hit(failure) for failure in _distinct(report.failures)),
        raw=keep(site, NAME, "answers.json", _account(report)),
    )


def _skipped(site: Site) -> tuple[Status, Text] | None:
    if site.url is None:
        return Status.ERROR, _NOTHING_RUNS
    if not is_local(site.url) and not site.project.target.remote:
        return Status.SKIPPED, _NOT_ALLOWED
    if site.project.target.openapi is None:
        return Status.SKIPPED, no_key("target.openapi", "the API asked", "l’API soit interrogée")
    return None


def _words(site: Site, settings: Path) -> list[str]:
    assert site.url is not None
    assert site.project.target.openapi is not None
    reading = [] if is_local(site.url) else ["--include-method", "GET"]
    return [
        "--config-file",
        str(settings),
        "run",
        site.url.rstrip("/") + site.project.target.openapi,
        f"--max-examples={EXAMPLES[site.profile]}",
        "--phases=examples,coverage,fuzzing,stateful",
        f"--checks={','.join(CHECKS)}",
        f"--exclude-path-regex={SIGN_OUT}",
        *reading,
        "--report=ndjson",
        "--report-ndjson-path=report.ndjson",
        "--generation-database=none",
        "--seed=1",
        "--no-shrink",
        "--continue-on-failure",
        "--request-timeout=8",
        "--workers=2",
        "--no-color",
    ]


def _run(site: Site, tool: Tool, words: list[str], folder: Path, timeout_s: float | None) -> ApiReport:
    """Run the tool in ``folder`` and read what it wrote there, also if it had to be stopped. Raises ToolError."""
    stopped: ToolError | None = None
    try:
        done = run(
            tool,
            words,
            cwd=folder,
            timeout_s=LIMIT_S[site.profile] if timeout_s is None else timeout_s,
            tick=_ticking(site),
            # a proxy of the environment is for the outside; hooks of somebody's shell are none of this run
            env={
                "SCHEMATHESIS_HOOKS": None,
                **({"NO_PROXY": "*", "no_proxy": "*"} if is_local(site.url or "") else {}),
            },
        )
        failed = ToolError(_no_report(tool, done.exit_code))
    except ToolError as error:
        failed = stopped = error
    try:
        with (folder / "report.ndjson").open(encoding="utf-8") as lines:
            # a tool that is stopped leaves half a line
            report = read(line for line in lines if stopped is None or line.endswith("\n"))
    except (OSError, UnicodeDecodeError) as error:
        raise failed from error
    except NotAReportError as error:
        raise ToolError(_unread(site, tool, str(error))) from error
    if not report.ended and (stopped is None or not report.answers):
        raise failed
    report.stopped = None if stopped is None else stopped.text
    if report.selected == 0:
        raise ToolError(_unread(site, tool, "it names no operation"))
    return report


def _gap(report: ApiReport, identities: Identities) -> Text | None:
    if not report.answers:
        return _NO_ANSWER
    if len(report.answers) < report.selected:
        missed = report.selected - len(report.answers)
        return Text(
            en=f"{missed} of {report.selected} operations were not asked in the time there was",
            fr=f"{missed} des {report.selected} opérations n’ont pas été demandées dans le temps imparti",
        )
    if report.stopped is not None:
        return report.stopped
    return identities.trouble if report.let_in else _NOBODY_IN


def _facts(report: ApiReport, identities: Identities, gap: Text | None, closed: bool) -> tuple[Fact, ...]:
    detail = f"of {report.selected} operations, {report.let_in} of which let somebody in"
    gaps = dict.fromkeys(_OF, gap)
    if gap is None and not closed:
        # the tool leaves the sign-in out where the document asks for one, and nowhere else
        gaps["ignored-authentication"] = gaps["object-level-access"] = _NOTHING_CLOSED
    elif gap is None and not identities.headers:
        gaps["ignored-authentication"] = gaps["object-level-access"] = _NOBODY
    elif gap is None and len(identities.peers) < PEOPLE:
        gaps["object-level-access"] = _ALONE
    operations = {rule: {failure.operation for failure in report.failures if failure.rule == rule} for rule in _OF}
    facts = [count(fact, len(operations[rule]), gaps[rule], detail) for rule, fact in _OF.items()]
    if not report.answers:
        return (*facts, unknown("security.api_asked_share", Unit.RATIO, _NO_ANSWER))
    share = min(1.0, round(len(report.answers) / report.selected, 4))
    return (*facts, Fact(id="security.api_asked_share", value=share, unit=Unit.RATIO, detail=detail))


def _distinct(failures: list[Failure]) -> list[Failure]:
    """One failure a rule, operation and status: the shortest request tells most."""
    ordered = sorted(failures, key=lambda failure: -len(failure.request))
    return list({(one.rule, one.operation, one.status): one for one in ordered}.values())


def _hit(failure: Failure) -> Hit:
    says = _SAYS[failure.rule].format(status=failure.status)
    return Hit(
        category="api",
        rule="api-" + failure.rule,
        what=_WHAT[failure.rule],
        location=failure.operation,
        place=failure.operation,
        trait=f"{failure.rule} {failure.status}",
        message=f"{failure.operation} {says}: {failure.request}"[:600],
        confidence="HIGH",
    )


def _account(report: ApiReport) -> dict[str, object]:
    return {
        "operations": {name: {str(k): n for k, n in sorted(seen.items())} for name, seen in report.answers.items()},
        "failures": [
            {"rule": one.rule, "operation": one.operation, "status": one.status, "said": one.said}
            for one in _distinct(report.failures)
        ],
        "asked as": sorted(report.identities),
    }


def _ticking(site: Site) -> Callable[[], None]:
    seconds = 0

    def tick() -> None:
        nonlocal seconds
        seconds += 1
        _progress(site, min(0.95, seconds / EXPECTED_S[site.profile]))

    return tick


def _progress(site: Site, share: float) -> None:
    site.progress(Text(en="Asking the API", fr="Interrogation de l’API"), share, None)


def _no_report(tool: Tool, exit_code: int) -> Text:
    return Text(
        en=f"{tool.name} ended with exit code {exit_code} and no whole report",
        fr=f"{tool.name} s’est terminé avec le code {exit_code} sans rapport entier",
    )


def _unread(site: Site, tool: Tool, why: str) -> Text:
    shown_path, said = site.project.target.openapi, redact(why)[:160]
    return Text(
        en=f"{tool.name} cannot use {shown_path}, the document of target.openapi: {said}",
        fr=f"{tool.name} ne peut pas utiliser {shown_path}, le document de target.openapi ({said})",
    )


_NO_ANSWER = Text(
    en="no operation of the API was answered",
    fr="aucune opération de l’API n’a reçu de réponse",
)
_NOBODY_IN = Text(
    en="every operation refused every request, so nothing behind the refusals was tried",
    fr="toutes les opérations ont refusé toutes les requêtes, rien de ce qui est derrière n’a donc été essayé",
)
_NOTHING_CLOSED = Text(
    en="the OpenAPI document requires no sign-in for any operation (no security), so none could be tried without it",
    fr="le document OpenAPI n’exige de connexion pour aucune opération (pas de security), aucune n’a donc pu être "
    "essayée sans",
)
_NOBODY = Text(
    en="nobody could be signed in, so a closed operation could not be told from one that checks nothing",
    fr="personne n’a pu être connecté, une opération fermée ne se distingue donc pas d’une qui ne vérifie rien",
)
_ALONE = Text(
    en="only one person could be signed in, so there was nobody to keep things from",
    fr="une seule personne a pu être connectée, il n’y avait donc personne à qui cacher quoi que ce soit",
)
_NOT_ALLOWED = Text(
    en="the target is not on this machine: its API is asked only with [target] remote = true, by those who answer for "
    "it",
    fr="la cible n’est pas sur cette machine : son API n’est interrogée qu’avec [target] remote = true, par qui en "
    "répond",
)
_NOTHING_RUNS = Text(
    en="no service runs: target.url and target.start are not given, or it did not start",
    fr="aucun service ne tourne : target.url et target.start ne sont pas indiqués, ou il n’a pas démarré",
)
