"""The two kinds of patch a kustomization uses: strategic merge and JSON Patch (RFC 6902)."""

from __future__ import annotations

import copy
from typing import Any

from k8s.documents import Body

MERGE_KEYS = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "ports": ("containerPort", "port"),
    "topologySpreadConstraints": ("topologyKey",),
}
"""Lists merged by key in the built-in kinds (``patchMergeKey`` in the Kubernetes API); every other list is replaced."""

_MERGED_KINDS = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod", "Service", "PodTemplate"}
)


class PatchError(Exception):
    """A patch cannot be applied, or uses a directive this resolver does not know."""


def merge(body: Body, patch: Body) -> Body | None:
    """``body`` with a strategic merge patch applied; None when the patch deletes it.

    Raises:
        PatchError: an unknown directive, or a list element without its key.
    """
    merged = _merge(body, patch, str(body.get("kind")) in _MERGED_KINDS)
    return merged if isinstance(merged, dict) else None


_DELETED = object()


def _merge(body: Any, patch: Body, by_key: bool) -> Any:
    directive = patch.get("$patch", "merge")
    unknown = [key for key in patch if str(key).startswith("$") and key != "$patch"]
    if unknown or directive not in ("merge", "replace", "delete"):
        raise PatchError(f"the directive {unknown[0] if unknown else directive!r} is not known here")
    plain = {key: value for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return _DELETED
    if directive == "replace" or not isinstance(body, dict):
        return copy.deepcopy(plain)
    result = dict(body)
    for key, value in plain.items():
        match value:
            case None:
                result.pop(key, None)
            case dict():
                merged = _merge(result.get(key, {}), value, by_key)
                if merged is _DELETED:
                    result.pop(key, None)
                else:
                    result[key] = merged
            case list() if by_key and key in MERGE_KEYS and all(isinstance(item, dict) for item in value):
                result[key] = _merge_list(key, result.get(key), value)
            case _:
                result[key] = copy.deepcopy(value)
    return result


def _merge_list(name: str, old: Any, patches: list[Body]) -> list[Any]:
    if any(patch == {"$patch": "replace"} for patch in patches):
        return [copy.deepcopy(patch) for patch in patches if patch != {"$patch": "replace"}]
    result: list[Any] = list(old) if isinstance(old, list) else []
    for patch in patches:
        key = next((key for key in MERGE_KEYS[name] if key in patch), None)
        if key is None:
            raise PatchError(f"an element of {name} has no {' or '.join(MERGE_KEYS[name])}")
        place = next(
            (i for i, item in enumerate(result) if isinstance(item, dict) and item.get(key) == patch[key]), None
        )
        merged = _merge({} if place is None else result[place], patch, by_key=True)
        if place is None:
            if merged is not _DELETED:
                result.append(merged)
        elif merged is _DELETED:
            del result[place]
        else:
            result[place] = merged
    return result


def apply_json_patch(body: Body, operations: list[Any]) -> Body:
    """``body`` with a JSON Patch applied.

    Raises:
        PatchError: an operation is malformed, or its path leads nowhere.
    """
    document: Any = copy.deepcopy(body)
    for operation in operations:
        match operation:
            case {"op": "add", "path": str(path), "value": value}:
                _add(document, _parts(path), copy.deepcopy(value))
            case {"op": "replace", "path": str(path), "value": value}:
                _remove(document, _parts(path))
                _add(document, _parts(path), copy.deepcopy(value))
            case {"op": "remove", "path": str(path)}:
                _remove(document, _parts(path))
            case {"op": "copy", "path": str(path), "from": str(origin)}:
                _add(document, _parts(path), copy.deepcopy(_get(document, _parts(origin))))
            case {"op": "move", "path": str(path), "from": str(origin)}:
                _add(document, _parts(path), _remove(document, _parts(origin)))
            case {"op": "test", "path": str(path), "value": value}:
                if _get(document, _parts(path)) != value:
                    raise PatchError(f"the test of {path} fails")
            case _:
                raise PatchError("an operation of a JSON patch is malformed")
    assert isinstance(document, dict)
    return document


def _parts(pointer: str) -> list[str]:
    if not pointer.startswith("/"):
        raise PatchError(f"the path {pointer!r} does not start with /")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _get(document: Any, parts: list[str]) -> Any:
    for part in parts:
        match document:
            case dict() if part in document:
                document = document[part]
            case list():
                document = document[_index(part, len(document) - 1)]
            case _:
                raise PatchError(f"the path /{'/'.join(parts)} leads nowhere")
    return document


def _add(document: Any, parts: list[str], value: Any) -> None:
    parent = _get(document, parts[:-1])
    match parent:
        case dict():
            parent[parts[-1]] = value
        case list():
            parent.insert(len(parent) if parts[-1] == "-" else _index(parts[-1], len(parent)), value)
        case _:
            raise PatchError(f"the path /{'/'.join(parts)} leads nowhere")


def _remove(document: Any, parts: list[str]) -> Any:
    parent, removed = _get(document, parts[:-1]), _get(document, parts)
    if isinstance(parent, list):
        del parent[_index(parts[-1], len(parent) - 1)]
    else:
        del parent[parts[-1]]
    return removed


def _index(part: str, highest: int) -> int:
    if not part.isdigit() or int(part) > highest:
        raise PatchError(f"no element {part!r} in the list")
    return int(part)
