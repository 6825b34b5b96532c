"""The colours of the reports, read from the style sheet, so that paper and screen cannot differ."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_TOKEN = re.compile(r"--([a-z-]+): (#[0-9a-f]{3,8});")
_VARIABLE = re.compile(r"var\(--([a-z-]+)\)")
_AT_RULE = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")


@cache
def paper() -> dict[str, str]:
    """The colours of the printed page, by name, as hexadecimal."""
    sheet = _template("colours.css")
    return dict(_TOKEN.findall(sheet)) | dict(_TOKEN.findall(sheet.partition("@media print")[2]))


@cache
def plot_style() -> str:
    """The style of the plots for a drawing that stands alone: no variables, nothing that depends on a screen."""
    colours = paper()
    plain = _AT_RULE.sub("", _template("plot.css"))
    return _VARIABLE.sub(lambda found: colours.get(found.group(1), "sans-serif"), plain)


def _template(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")
