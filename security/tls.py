"""The encryption of the service, examined by sslyze: versions, certificate, known holes, Mozilla's profile."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from scorecard.evidence import Evidence, Fact, Provenance, Severity, Status, Text, Unit
from scorecard.site import Site, is_local
from security.observation import COLLECTOR, keep, unobserved, yes_no
from security.redaction import redact
from security.rules import Hit, Rule, findings
from security.tls_report import NotATlsReportError, TlsReport, is_for, read
from security.tool import Tool, ToolError, run, scanner, shown, version

NAME = "tls"
FACTS = {
    "security.tls_old_versions": Unit.COUNT,
    "security.tls_current": Unit.YES_NO,
    "security.tls_holes": Unit.COUNT,
    "security.tls_profile_deviations": Unit.COUNT,
    "security.certificate_trusted": Unit.YES_NO,
    "security.certificate_for_name": Unit.YES_NO,
    "security.certificate_days_left": Unit.DAYS,
}
TIMEOUT_S = 90.0
_OLD = Rule(
    Severity.HIGH, "CWE-326", "v5.0.0-12.1.1", "Offer TLS 1.2 and 1.3 only, at the entrance and at all behind it."
)
_HOLE = Rule(
    Severity.CRITICAL, "CWE-310", "v5.0.0-12.1.1", "Upgrade the TLS library of the entrance, and its settings."
)
_PROFILE = Rule(
    Severity.LOW, "CWE-326", "v5.0.0-12.1.2", "Take the intermediate settings of Mozilla's configuration generator."
)
_UNTRUSTED = Rule(
    Severity.HIGH,
    "CWE-295",
    "v5.0.0-12.2.2",
    "Serve a certificate of an authority that browsers trust, with the certificates between it and the authority.",
)
_NAME = Rule(Severity.HIGH, "CWE-297", "v5.0.0-12.2.2", "Order a certificate that names the address people use.")
_EXPIRED = Rule(
    Severity.HIGH, "CWE-298", "v5.0.0-12.2.2", "Renew the certificate, and have it renewed by a program from now on."
)


def collect(
    site: Site,
    *,
    tool: Tool | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    timeout_s: float = TIMEOUT_S,
) -> Evidence:
    """Evidence ``tls``: how ``site.url`` is encrypted; unknown where it is reached over http.

    Trusted is what the stores of browsers trust, and what the PEM file of ``security.authorities`` holds.
    """
    skipped = _skipped(site)
    if skipped is not None:
        return unobserved(site, NAME, *skipped, FACTS)
    assert site.url is not None
    started = datetime.now(UTC)
    site.progress(Text(en="Examining the encryption", fr="Examen du chiffrement"), 0.0, None)
    parts = urlsplit(site.url)
    host = parts.hostname or ""
    try:
        tool = scanner("sslyze") if tool is None else tool
        known = version(tool)
        words = _words(site, f"[{host}]" if ":" in host else host, parts.port if parts.port is not None else 443)
        with tempfile.TemporaryDirectory(prefix="portance-tls-") as folder:
            report, document = _run(tool, words, Path(folder), timeout_s)
    except ToolError as error:
        return unobserved(site, NAME, Status.ERROR, error.text, FACTS)
    command = tuple(redact(word) for word in shown([*tool.command, *words]))
    return Evidence(
        name=NAME,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED,
        provenance=Provenance.since(started, tool=tool.name, version=known, command=command),
        facts=_facts(report, host, clock()),
        findings=findings(_hits(report, host, clock())),
        raw=keep(site, NAME, "sslyze.json", document),
    )


def _skipped(site: Site) -> tuple[Status, Text] | None:
    if site.url is None:
        return Status.ERROR, _NOTHING_RUNS
    if not site.url.startswith("https:"):
        return Status.SKIPPED, _NOT_HERE
    if not is_local(site.url) and not site.project.target.remote:
        return Status.SKIPPED, _NOT_ALLOWED
    return None


def _words(site: Site, host: str, port: int) -> list[str]:
    authorities = site.project.security.authorities
    extra = [] if authorities is None else [f"--certinfo_ca_file={site.path(authorities)}"]
    return [f"{host}:{port}", "--mozilla_config=intermediate", "--json_out=report.json", *extra]


def _run(tool: Tool, words: list[str], folder: Path, timeout_s: float) -> tuple[TlsReport, dict[str, object]]:
    done = run(tool, words, cwd=folder, timeout_s=timeout_s)
    try:
        written = (folder / "report.json").read_text(encoding="utf-8")
        report = read(written, done.stdout.decode("utf-8", "replace"))
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(_failed(tool, f"exit code {done.exit_code}")) from error
    except NotATlsReportError as error:
        raise ToolError(_failed(tool, str(error))) from error
    return report, {name: _plain(getattr(report, name)) for name in report.__dataclass_fields__}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _facts(report: TlsReport, host: str, now: datetime) -> tuple[Fact, ...]:
    days = round((report.ends - now).total_seconds() / 86400, 1)
    return (
        _count("security.tls_old_versions", report.old),
        yes_no("security.tls_current", bool(report.current), _NOT_HERE, ", ".join(report.current)),
        _count("security.tls_holes", report.holes),
        _count("security.tls_profile_deviations", report.deviations),
        yes_no("security.certificate_trusted", report.trusted, _NOT_HERE, redact(report.said)[:200]),
        yes_no(
            "security.certificate_for_name", is_for(report.names, host), _NOT_HERE, f"for {len(report.names)} names"
        ),
        Fact(id="security.certificate_days_left", value=days, unit=Unit.DAYS, detail=f"until {report.ends.date()}"),
    )


def _count(fact: str, found: tuple[str, ...]) -> Fact:
    return Fact(id=fact, value=len(found), unit=Unit.COUNT, detail="; ".join(found)[:300])


def _hits(report: TlsReport, host: str, now: datetime) -> list[Hit]:
    hits = [_hit("tls-old-version", _OLD, version, f"The server still speaks {version}.") for version in report.old]
    hits += [_hit("tls-hole", _HOLE, hole, f"The server is open to {hole}.") for hole in report.holes]
    hits += [
        _hit("tls-profile", _PROFILE, one.partition(":")[0], f"Not as in Mozilla's intermediate profile: {one[:300]}")
        for one in report.deviations
    ]
    if not report.trusted:
        hits.append(
            _hit(
                "certificate-untrusted", _UNTRUSTED, "trust", f"No browser trusts the certificate: {report.said[:200]}"
            )
        )
    if not is_for(report.names, host):
        hits.append(_hit("certificate-name", _NAME, "name", f"The certificate is not one for {host}."))
    if report.ends <= now:
        hits.append(_hit("certificate-expired", _EXPIRED, "end", f"The certificate ended on {report.ends.date()}."))
    return hits


def _hit(rule: str, what: Rule, trait: str, message: str) -> Hit:
    return Hit("tls", rule, what, location="TLS", place="TLS", trait=trait, message=message, confidence="HIGH")


def _failed(tool: Tool, why: str) -> Text:
    return Text(
        en=f"{tool.name} could not examine the encryption: {why}",
        fr=f"{tool.name} n’a pas pu examiner le chiffrement ({why})",
    )


_NOT_HERE = Text(
    en="not over TLS here: the service is reached over http, so its encryption is examined at its real entrance",
    fr="pas de TLS ici : le service est joint en http, son chiffrement s’examine donc à sa vraie entrée",
)
_NOT_ALLOWED = Text(
    en="the target is not on this machine: its encryption is examined only with [target] remote = true",
    fr="la cible n’est pas sur cette machine : son chiffrement n’est examiné qu’avec [target] remote = true",
)
_NOTHING_RUNS = Text(
    en="no service runs: target.url and target.start are not given, or it did not start",
    fr="aucun service ne tourne : target.url et target.start ne sont pas indiqués, ou il n’a pas démarré",
)
