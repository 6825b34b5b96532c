"""Label selectors, as Kubernetes evaluates them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k8s.documents import items, mapping


def matches(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector chooses an object with these labels; an empty one chooses all, None chooses none.

    An operator that is not known chooses nothing, so that no protection is taken for granted.
    """
    if not isinstance(selector, dict):
        return False
    equal = all(labels.get(str(key)) == str(value) for key, value in mapping(selector, "matchLabels").items())
    return equal and all(_expression(entry, labels) for entry in items(selector, "matchExpressions"))


def _expression(entry: Any, labels: Mapping[str, str]) -> bool:
    match entry:
        case {"key": key, "operator": "In", "values": list(values)}:
            return labels.get(str(key)) in [str(value) for value in values]
        case {"key": key, "operator": "NotIn", "values": list(values)}:
            return labels.get(str(key)) not in [str(value) for value in values]
        case {"key": key, "operator": "Exists"}:
            return str(key) in labels
        case {"key": key, "operator": "DoesNotExist"}:
            return str(key) not in labels
        case _:
            return False
