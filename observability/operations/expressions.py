"""Which metrics a PromQL expression names, read off its text.

Whether the expression is well formed is for promtool to say. A metric called like a word of PromQL is not seen.
"""

from __future__ import annotations

import re

_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_NAME_MATCHER = re.compile(r"\{[^{}]*__name__\s*=\s*[\"'`]([a-zA-Z_:][\w:]*)[\"'`]")
_COMMENT = re.compile(r"#[^\n]*")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\b\s*\([^()]*\)", re.IGNORECASE)
_GROUPING_ALONE = re.compile(r"\b(?:group_left|group_right)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])")
_OPERATORS = {"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "start", "end"}
_AGGREGATORS = {"sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "quantile", "topk", "bottomk"}
_WORDS = frozenset(_OPERATORS | _AGGREGATORS | {"count_values", "limitk", "limit_ratio"})

_GRAFANA_WINDOW = re.compile(r"\$\{?__(?:rate_interval|interval|range|range_s|interval_ms)(?::\w+)?\}?")
_GRAFANA_VARIABLE = re.compile(r"\$\{\w+(?::\w+)?\}|\[\[\w+\]\]|\$\w+")


def metric_names(expression: str) -> frozenset[str]:
    """Names of the series that ``expression`` reads."""
    named = frozenset(_NAME_MATCHER.findall(expression))
    text = _COMMENT.sub("", _STRING.sub('""', expression))
    text = re.sub(r"\{[^{}]*\}", "{}", text)
    text = re.sub(r"\[[^\[\]]*\]", "", text)
    text = _GROUPING_ALONE.sub("", _GROUPING.sub("", text))
    return named | {name for name in _NAME.findall(text) if name.lower() not in _WORDS}


def without_variables(query: str) -> str:
    """``query`` of a dashboard as Prometheus would get it: windows of five minutes, any value for a variable."""
    return _GRAFANA_VARIABLE.sub(".*", _GRAFANA_WINDOW.sub("5m", query))
