"""Where two rooms meet: one keeps the load of the peak up, the other loads the pages meanwhile."""

from __future__ import annotations

from loadtests.at_peak import at_peak
from loadtests.errors import LoadTestError
from loadtests.loading import refusal
from observability import page_peak
from scorecard.evidence import Evidence, Status, Text
from scorecard.site import Site


def collect(site: Site) -> Evidence:
    """Evidence ``pages-peak``: the pages in a browser at the demand of the peak."""
    refused = refusal(site, site.url)
    if refused is not None:
        return page_peak.unobserved(site, Status.SKIPPED, refused)
    try:
        return page_peak.collect(site, at_peak)
    except LoadTestError as error:
        reason = Text(en=f"the load generator failed: {error}", fr=f"le générateur de charge a échoué\u202f: {error}")
        return page_peak.unobserved(site, Status.ERROR, reason)
