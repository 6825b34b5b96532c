"""Reports: a Scorecard in, one document out. Pure; a new format is one file and one line of the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scorecard.evidence import Evidence
from scorecard.reports import (
    badge,
    dashlord,
    gitlab,
    gitlab_metrics,
    html,
    json_report,
    junit,
    markdown,
    pdf,
    prometheus,
    sarif,
    spreadsheet,
    why_page,
)
from scorecard.scorecard import Scorecard


@dataclass(frozen=True)
class Renderer:
    """A format: its file in the folder of a run, its media type, and the function that writes it in "en" or "fr".

    It gives text, to be written as UTF-8, or bytes. ``against`` writes the same with what became of each finding since
    an earlier run, whose evidence it takes; None where the format has no word for it.
    """

    file_name: str
    media: str
    render: Callable[[Scorecard, str], str | bytes]
    against: Callable[[Scorecard, str, Sequence[Evidence]], str | bytes] | None = None


FORMATS: dict[str, Renderer] = {
    "json": Renderer("scorecard.json", "application/json", json_report.render),
    "html": Renderer("scorecard.html", "text/html; charset=utf-8", html.render),
    "why": Renderer("why.html", "text/html; charset=utf-8", why_page.render),
    "pdf": Renderer("scorecard.pdf", "application/pdf", pdf.render),
    "md": Renderer("scorecard.md", "text/markdown; charset=utf-8", markdown.render),
    "junit": Renderer("junit.xml", "application/xml", junit.render),
    "sarif": Renderer("scorecard.sarif", "application/sarif+json", sarif.render, sarif.render_against),
    "gitlab": Renderer("gl-code-quality-report.json", "application/json", gitlab.render),
    "gitlab-metrics": Renderer("gl-metrics.txt", "text/plain; charset=utf-8", gitlab_metrics.render),
    "csv": Renderer("scorecard.csv", "text/csv; charset=utf-8", spreadsheet.render),
    "prometheus": Renderer("scorecard.prom", "text/plain; version=0.0.4; charset=utf-8", prometheus.render),
    "dashlord": Renderer(dashlord.FILE_NAME, "application/json", dashlord.render),
    "badge": Renderer("badge.svg", "image/svg+xml", badge.render),
}
