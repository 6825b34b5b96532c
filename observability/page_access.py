"""Whether the pages of a service may and can be opened here, and how much may be asked on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.util import find_spec

from scorecard.evidence import Status, Text
from scorecard.journeys.exchange import Budget
from scorecard.site import Site, is_local


@dataclass(frozen=True)
class Shut:
    """Why no page is opened."""

    status: Status
    reason: Text


def chromium(site: Site) -> str | Shut:
    """Path of the Chromium that opens the pages of ``site``, or why none does."""
    if site.url is None:
        return Shut(Status.ERROR, _NOTHING_RUNS)
    if not is_local(site.url) and not site.project.target.remote:
        return Shut(Status.SKIPPED, _NOT_ALLOWED)
    if find_spec("axe_playwright_python") is None:
        return Shut(Status.SKIPPED, _NO_PLAYWRIGHT)
    try:
        import playwright.async_api  # noqa: F401 (an extra, which the next needs)

        from observability import browser
    except ImportError:
        return Shut(Status.SKIPPED, _NO_PLAYWRIGHT)
    executable = browser.find_chromium()
    return Shut(Status.SKIPPED, _NO_CHROMIUM) if executable is None else executable


def bounded(requests: int, seconds: float) -> Budget:
    """What the journeys may ask for from now on."""
    return Budget(requests, time.monotonic() + seconds)


def not_started(message: str) -> Text:
    """Why a browser that is there does not start."""
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
