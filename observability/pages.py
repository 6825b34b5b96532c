"""The evidence "pages": what a person meets who opens the pages of the service, in a real browser."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from observability.page_access import Shut, bounded, chromium, not_started
from observability.page_facts import facts, unseen
from observability.page_findings import findings
from observability.page_known import FACTS, NOT_SEEN
from observability.page_table import pages_table, pictures_table
from observability.views import Stop, Tour
from scorecard.evidence import Evidence, Fact, Provenance, Status, Text
from scorecard.journeys.exchange import Budget
from scorecard.site import Site

if TYPE_CHECKING:
    from observability.page_session import Played

NAME = "pages"


def collect(
    site: Site, *, random: Random | None = None, budget: Callable[[int, float], Budget] | None = None
) -> Evidence:
    """Evidence ``pages``: the pages of the project in Chromium, at rest, on a desktop and on a phone.

    Those of ``target.pages`` as a visitor without a name, those that the journeys lead to as the person who goes
    through them. The browser asks the service only, and changes nothing there: requests to other origins are counted
    and do not leave the machine, forms are filled in and their sending is answered in the service's place. Without
    Chromium or the extra ``pages`` the evidence is skipped; a page that could not be seen makes the facts that need
    it unknown. Times are measured from this machine, so no network lies between.
    """
    executable = chromium(site)
    if isinstance(executable, Shut):
        return _unobserved(site, executable.status, executable.reason)
    # Playwright is an extra: what needs it is imported once it is known to be there.
    from playwright.async_api import Error

    from observability.page_session import play
    from observability.tour import PLANS, Typing, tour

    assert site.url is not None
    started = datetime.now(UTC)
    played = play(site, SystemRandom() if random is None else random, bounded if budget is None else budget)
    stops = {path: Stop(path, path) for path in site.project.target.pages} | played.stops
    folder = site.raw(NAME)
    typing = Typing(played.to_type, played.typed)
    plan, url = PLANS[site.profile], site.url.rstrip("/")
    try:
        seen = asyncio.run(
            tour(url, tuple(stops.values()), plan, executable, folder, typing, lambda share: _progress(site, share))
        )
    except Error as error:
        return _unobserved(site, Status.ERROR, not_started(error.message))
    return _evidence(site, seen, played, folder, started)


def _evidence(site: Site, seen: Tour, played: Played, folder: Path, started: datetime) -> Evidence:
    reason = unseen(seen)
    if not seen.views and not any(gap.after is not None for gap in seen.gaps):
        if reason is None:
            return _unobserved(site, Status.SKIPPED, NOT_SEEN)
        return _unobserved(site, Status.ERROR, reason)
    if reason is None and site.project.journeys:
        reason = played.gap
    account = folder / "views.json"
    account.write_text(json.dumps(_account(seen), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Evidence(
        name=NAME,
        collector="observability",
        project=site.project.project.name,
        status=Status.COMPLETED if reason is None else Status.DEGRADED,
        reason=reason,
        provenance=Provenance.since(
            started, tool="Chromium", version=seen.browser, command=("GET", *(stop.name[:200] for stop in seen.stops))
        ),
        facts=facts(seen, played.gap),
        findings=findings(seen),
        tables=(pages_table(seen), pictures_table(seen)),
        raw={
            path.relative_to(site.run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (account, *(folder / name for name in seen.screenshots))
        },
    )


def _account(seen: Tour) -> dict[str, object]:
    """What was seen, page by page: how many words, never which; no cookie, and no address with what stood in it."""
    return {
        "browser": seen.browser,
        "views": [
            {
                "page": view.path,
                "window": view.window,
                "first": asdict(view.first),
                "timed": [asdict(load) for load in view.timed],
                "others": sorted(view.others),
                "words": None if view.shape is None else len(view.shape.body.words),
                "controls": None if view.shape is None else sorted(view.shape.body.controls),
                "violations": [] if view.audit is None else [asdict(one) for one in view.audit.violations],
                "small targets": [] if view.audit is None else view.audit.small_targets,
            }
            for view in seen.views
        ],
        "without JavaScript": {
            path: {"words": kept.words, "missing": sorted(kept.missing), "cannot be sent": sorted(kept.unsent)}
            for path in seen.paths
            if (kept := seen.kept(path)) is not None
        },
        "over a slow network": seen.slow,
        "fields filled in": seen.filled,
        "fields that could not be": seen.unfilled,
        "sent to others": {path: sorted([one.kind, one.origin] for one in leaks) for path, leaks in seen.leaks.items()},
        "not seen": [{"page": gap.path, "why": gap.why.en} for gap in seen.gaps],
        "no pages": seen.not_pages,
    }


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
