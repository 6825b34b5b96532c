"""``python -m reference_app reconcile``: compare a day with the finance system's list, now.

What is slow to import is imported by who runs it: describing the command is part of every other one.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta

from reference_app.settings import Settings


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser("reconcile", help="compare a day of deliveries with the finance system's books")
    parser.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="yesterday without it")


async def run(settings: Settings, day: date | None) -> int:
    """Compare, and print each difference on a line.

    Returns 1 when there is a difference.

    Raises:
        DeliveryError: no finance system is set up, or it does not give its list.
    """
    from reference_app.database import make_pool
    from reference_app.deliveries.errors import DeliveryError
    from reference_app.deliveries.finance import finance
    from reference_app.deliveries.policy import Policy
    from reference_app.deliveries.reconciliation import reconcile
    from reference_app.dossiers.receipt import LEGAL_TIME
    from reference_app.parts import utc_now
    from reference_app.proxies import proxies_of

    if settings.finance_url is None:
        raise DeliveryError("PORTANCE_REFERENCE_FINANCE_URL is not set")
    now = utc_now()
    wanted = now.astimezone(LEGAL_TIME).date() - timedelta(days=1) if day is None else day
    pool = make_pool(settings)
    await pool.open(wait=False)
    try:
        url, timeout_s = str(settings.finance_url).rstrip("/"), Policy.of(settings).timeout_s
        async with finance(url, timeout_s, proxies_of(settings)) as system:
            done = await reconcile(pool, system, wanted, now)
    finally:
        await pool.close()
    for found in done.differences:
        ours, theirs = ("-" if amount is None else amount for amount in (found.ours, found.theirs))
        sys.stdout.write(f"{found.reference}\t{found.kind}\t{ours}\t{theirs}\n")
    sys.stdout.write(f"{done.day}: {done.compared} compared, {len(done.differences)} differ\n")
    return 1 if done.differences else 0
