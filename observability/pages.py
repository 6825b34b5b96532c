"""The evidence "pages": what a person meets who opens the pages of the service, in a real browser."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from observability.page_facts import FACTS, NOT_SEEN, facts, pages_table, unseen
from observability.page_findings import findings
from observability.views import Tour
from scorecard.evidence import Evidence, Fact, Provenance, Status, Text
from scorecard.site import Site, is_local

NAME = "pages"


def collect(site: Site) -> Evidence:
    """Evidence ``pages``: the pages of the project in Chromium, at rest, on a desktop and on a phone, not signed in.

    GET only, and of the service only: requests to other origins are counted and do not leave the machine. Without
    Chromium or the extra ``pages`` the evidence is skipped; a page that could not be seen makes the facts that need
    it unknown. Times are measured from this machine, so no network lies between.
    """
    if site.url is None:
        return _unobserved(site, Status.ERROR, _NOTHING_RUNS)
    if not is_local(site.url) and not site.project.target.remote:
        return _unobserved(site, Status.SKIPPED, _NOT_ALLOWED)
    try:
        # Playwright is an extra: what needs it is imported once it is known to be there.
        from playwright.async_api import Error

        from observability.browser import find_chromium
        from observability.tour import PLANS, tour
    except ImportError:
        return _unobserved(site, Status.SKIPPED, _NO_PLAYWRIGHT)
    executable = find_chromium()
    if executable is None:
        return _unobserved(site, Status.SKIPPED, _NO_CHROMIUM)
    started = datetime.now(UTC)
    paths = tuple(dict.fromkeys(site.project.target.pages))
    folder = site.raw(NAME)
    try:
        seen = asyncio.run(
            tour(site.url, paths, PLANS[site.profile], executable, folder, lambda share: _progress(site, share))
        )
    except Error as error:
        return _unobserved(site, Status.ERROR, _not_started(error.message))
    return _evidence(site, seen, paths, folder, started)


def _evidence(site: Site, seen: Tour, paths: Sequence[str], folder: Path, started: datetime) -> Evidence:
    reason = unseen(seen)
    if not seen.views and not any(gap.after is not None for gap in seen.gaps):
        if reason is None:
            return _unobserved(site, Status.SKIPPED, NOT_SEEN)
        return _unobserved(site, Status.ERROR, reason)
    account = folder / "views.json"
    account.write_text(json.dumps(asdict(seen), ensure_ascii=False, indent=1, default=_plain) + "\n", encoding="utf-8")
    return Evidence(
        name=NAME,
        collector="observability",
        project=site.project.project.name,
        status=Status.COMPLETED if reason is None else Status.DEGRADED,
        reason=reason,
        provenance=Provenance.since(
            started, tool="Chromium", version=seen.browser, command=("GET", *(path[:200] for path in paths))
        ),
        facts=facts(seen),
        findings=findings(seen),
        tables=(pages_table(seen),),
        raw={
            path.relative_to(site.run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (account, *(folder / name for name in seen.screenshots))
        },
    )


def _plain(value: object) -> object:
    match value:
        case set() | frozenset():
            return sorted(value)
        case Text():
            return value.model_dump()
        case _:
            raise TypeError(type(value).__name__)


def _unobserved(site: Site, status: Status, reason: Text) -> Evidence:
    return Evidence(
        name=NAME,
        collector="observability",
        project=site.project.project.name,
        status=status,
        reason=reason,
        facts=tuple(Fact(id=fact, value=None, unit=unit, reason=reason) for fact, unit in FACTS.items()),
    )


def _progress(site: Site, share: float) -> None:
    site.progress(Text(en="Looking at the pages in a browser", fr="Visite des pages dans un navigateur"), share, None)


def _not_started(message: str) -> Text:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    first = lines[0][:200] if lines else "?"
    return Text(en=f"Chromium does not start: {first}", fr=f"Chromium ne démarre pas : {first}")


_NOTHING_RUNS = Text(
    en="no service runs: target.url and target.start are not given, or it did not start",
    fr="aucun service ne tourne : target.url et target.start ne sont pas indiqués, ou il n’a pas démarré",
)
_NOT_ALLOWED = Text(
    en="the target is not on this machine: its pages are opened only with [target] remote = true, by those who answer "
    "for it",
    fr="la cible n’est pas sur cette machine : ses pages ne sont ouvertes qu’avec [target] remote = true, par qui en "
    "répond",
)
_NO_PLAYWRIGHT = Text(
    en="the pages were not opened: Playwright and axe are missing; install Portance with its extra 'pages'",
    fr="les pages n’ont pas été ouvertes : Playwright et axe sont absents ; installer Portance avec l’extra « pages »",
)
_NO_CHROMIUM = Text(
    en="the pages were not opened: no Chromium on this machine; install the package chromium of the system",
    fr="les pages n’ont pas été ouvertes : aucun Chromium sur cette machine ; installer le paquet chromium du système",
)
