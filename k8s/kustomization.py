"""The part of kustomize that is resolved here, for machines without it; anything else is refused, never guessed.

Known: resources, bases, namespace, labels, commonLabels, commonAnnotations, images, replicas, patches,
patchesStrategicMerge, patchesJson6902. A key beyond these, a remote resource, a selector by label in a patch: an error.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from k8s.documents import Body, ManifestError, Reading, Resource, items, load_yaml, mapping, read_file, read_text
from k8s.patches import PatchError, apply_json_patch, merge
from scorecard.evidence import Text

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_MAX_DEPTH = 20
_NOT_NAMESPACED = re.compile(
    r"Namespace|Node|PersistentVolume|.*Class|ClusterRole(Binding)?|CustomResourceDefinition|APIService|.*Webhook.*"
    r"|ValidatingAdmissionPolicy(Binding)?"
)
_SCALED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
_TEMPLATES = (("spec", "template"), ("spec", "jobTemplate", "spec", "template"))


def file_in(folder: Path) -> Path | None:
    """The kustomization file of a folder, None when it has none."""
    return next((folder / name for name in FILE_NAMES if (folder / name).is_file()), None)


def resolve(folder: Path, root: Path) -> Reading:
    """The objects of the kustomization in ``folder``; paths in messages are relative to ``root``.

    Raises:
        ManifestError: the kustomization uses something that is not resolved here, or is wrong.
    """
    try:
        return _resolve(folder.resolve(), root.resolve(), 0)
    except (TypeError, AttributeError, KeyError, re.error) as error:
        name = _shown(folder.resolve(), root.resolve())
        raise _wrong(f"{name}: malformed ({_line(error)})", f"{name} : mal formée ({_line(error)})") from error


def _resolve(folder: Path, root: Path, depth: int) -> Reading:
    file = file_in(folder)
    shown = _shown(folder if file is None else file, root)
    if file is None:
        raise _wrong(f"{shown}: no kustomization in this folder", f"{shown} : pas de kustomization dans ce dossier")
    if depth > _MAX_DEPTH:
        raise _wrong(f"{shown}: kustomizations that include each other", f"{shown} : inclusions en boucle")
    try:
        document = load_yaml(file.read_text(encoding="utf-8"))
    except Exception as error:  # whatever is wrong with the file, nothing below it can be resolved
        raise _wrong(f"{shown}: {_line(error)}", f"{shown} : illisible ({_line(error)})") from error
    if not isinstance(document, dict):
        raise _wrong(f"{shown}: empty", f"{shown} : vide")
    unknown = [str(key) for key in document if key not in _FIELDS]
    if unknown:
        raise _unsupported(shown, unknown[0])
    no_list = [key for key in _LISTS if document.get(key) is not None and not isinstance(document[key], list)]
    if no_list:
        raise _wrong(f"{shown}: {no_list[0]} is not a list", f"{shown} : {no_list[0]} n’est pas une liste")
    reading = Reading()
    for name in [*items(document, "resources"), *items(document, "bases")]:
        found = _resource(folder, str(name), root, depth)
        reading.resources += [Resource(copy.deepcopy(r.body), r.source) for r in found.resources]
        reading.problems += found.problems
    # The order is that of kustomize: patches, then namespace, labels, annotations, images, replicas.
    try:
        for key in ("patchesStrategicMerge", "patches", "patchesJson6902"):
            for patch in items(document, key):
                _patch(reading, patch, folder, shown)
    except PatchError as error:
        raise _wrong(f"{shown}: {error}", f"{shown} : correctif inapplicable ({error})") from error
    for key, apply in _TRANSFORMERS.items():
        if document.get(key) is not None:
            for resource in reading.resources:
                apply(resource, document[key], shown)
    return reading


def _resource(folder: Path, name: str, root: Path, depth: int) -> Reading:
    path = (folder / name).resolve()
    if path.is_dir():
        return _resolve(path, root, depth + 1)
    if path.is_file():
        return read_file(path, _shown(path, root))
    if re.match(r"[a-z+]+://|git@|github\.com/", name) or "?ref=" in name:
        raise _unsupported(_shown(folder, root), f"remote resource {name}")
    shown = _shown(path, root)
    raise _wrong(f"{shown}: named as a resource, but not there", f"{shown} : ressource citée mais absente")


def _patch(reading: Reading, entry: Any, folder: Path, shown: str) -> None:
    target: Body | None = None
    if isinstance(entry, str):
        text = entry if "\n" in entry else _read_patch(folder / entry, shown)
    else:
        if set(entry) - {"path", "patch", "target"}:
            raise _unsupported(shown, f"patches: {', '.join(sorted(set(entry) - {'path', 'patch', 'target'}))}")
        text = str(entry["patch"]) if "patch" in entry else _read_patch(folder / str(entry.get("path", "")), shown)
        target = mapping(entry, "target")
    if text.lstrip().startswith(("- op", "- {", "[", "-\n", "- path", "- value", "- from")):
        operations = load_yaml(text)
        for resource in _matching(reading, target if target is not None else {}, shown):
            _replace(reading, resource, apply_json_patch(resource.body, operations))
        return
    patches = read_text(text, shown)
    if patches.problems or not patches.resources:
        said = patches.problems[0].en if patches.problems else "it has no kind"
        raise PatchError(f"a patch is no Kubernetes object: {said}")
    for patch in patches.resources:
        chosen = target if target else {"kind": re.escape(patch.kind), "name": re.escape(patch.name)}
        for resource in _matching(reading, chosen, shown):
            # With a target, kind and name of the patch only stand in: the object keeps its own.
            body = (
                patch.body if not target else {k: v for k, v in patch.body.items() if k not in ("kind", "apiVersion")}
            )
            if target and "metadata" in body:
                body["metadata"] = {k: v for k, v in body["metadata"].items() if k != "name"}
            _replace(reading, resource, merge(resource.body, body))


def _read_patch(path: Path, shown: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PatchError(f"the patch {path.name} cannot be read") from error


def _matching(reading: Reading, target: Body, shown: str) -> list[Resource]:
    unknown = set(target) - {"kind", "name", "group", "version", "namespace"}
    if unknown:
        raise _unsupported(shown, f"patch target by {sorted(unknown)[0]}")
    if not target:
        raise PatchError("a patch has no target")

    def fits(resource: Resource) -> bool:
        version = str(resource.body.get("apiVersion", "")).rpartition("/")[2]
        has = {
            "kind": resource.kind, "name": resource.name, "group": resource.api_group, "version": version,
            "namespace": resource.namespace,
        }  # fmt: skip
        return all(re.fullmatch(str(pattern), has[key]) for key, pattern in target.items())

    found = [resource for resource in reading.resources if fits(resource)]
    if not found:
        raise PatchError(f"a patch for {target.get('kind', '*')}/{target.get('name', '*')} finds nothing to change")
    return found


def _replace(reading: Reading, old: Resource, body: Body | None) -> None:
    place = next(i for i, resource in enumerate(reading.resources) if resource is old)
    reading.resources[place : place + 1] = [] if body is None else [Resource(body, old.source)]


def _namespace(resource: Resource, value: Any, _shown: str) -> None:
    if not _NOT_NAMESPACED.fullmatch(resource.kind):
        resource.body.setdefault("metadata", {})["namespace"] = str(value)
    elif resource.kind == "Namespace":
        resource.body.setdefault("metadata", {})["name"] = str(value)


def _labels(resource: Resource, entries: Any, shown: str) -> None:
    for entry in entries:
        unknown = set(entry) - {"pairs", "includeSelectors", "includeTemplates"}
        if unknown:
            raise _unsupported(shown, f"labels: {sorted(unknown)[0]}")
        selectors = entry.get("includeSelectors") is True
        _label(resource.body, mapping(entry, "pairs"), selectors, selectors or entry.get("includeTemplates") is True)


def _common_labels(resource: Resource, pairs: Any, _shown: str) -> None:
    _label(resource.body, mapping(pairs), selectors=True, templates=True)


def _label(body: Body, pairs: Body, selectors: bool, templates: bool) -> None:
    _at(body, "metadata", "labels").update(pairs)
    for path in _TEMPLATES:
        template = mapping(body, *path)
        if template and templates:
            _at(template, "metadata", "labels").update(pairs)
        if selectors:
            for spread in items(template, "spec", "topologySpreadConstraints"):
                mapping(spread, "labelSelector", "matchLabels").update(pairs)
    if not selectors:
        return
    match body.get("kind"):
        case "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet":
            _at(body, "spec", "selector", "matchLabels").update(pairs)
        case "Service" | "ReplicationController":
            mapping(body, "spec", "selector").update(pairs)
        case "NetworkPolicy":
            mapping(body, "spec", "podSelector", "matchLabels").update(pairs)
            for direction, peers in (("ingress", "from"), ("egress", "to")):
                for rule in items(body, "spec", direction):
                    for peer in items(rule, peers):
                        mapping(peer, "podSelector", "matchLabels").update(pairs)
        case "PodDisruptionBudget" | "Job":
            mapping(body, "spec", "selector", "matchLabels").update(pairs)


def _annotations(resource: Resource, pairs: Any, _shown: str) -> None:
    _at(resource.body, "metadata", "annotations").update(mapping(pairs))
    for path in _TEMPLATES:
        template = mapping(resource.body, *path)
        if template:
            _at(template, "metadata", "annotations").update(mapping(pairs))


def _images(resource: Resource, entries: Any, shown: str) -> None:
    for spec in (mapping(resource.body, *path, "spec") for path in ((), *_TEMPLATES)):
        for container in [*items(spec, "containers"), *items(spec, "initContainers")]:
            for entry in entries:
                unknown = set(entry) - {"name", "newName", "newTag", "digest"}
                if unknown:
                    raise _unsupported(shown, f"images: {sorted(unknown)[0]}")
                container["image"] = _image(str(container.get("image", "")), entry)


def _image(image: str, entry: Body) -> str:
    name, _, digest = image.partition("@")
    repository, colon, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "")
    if repository != entry.get("name"):
        return image
    new_name = str(entry.get("newName", repository))
    if entry.get("digest"):
        # kustomize writes a tag before the digest only when the entry gives both.
        new_tag = f":{entry['newTag']}" if entry.get("newTag") else ""
        return f"{new_name}{new_tag}@{entry['digest']}"
    if entry.get("newTag"):
        return f"{new_name}:{entry['newTag']}"
    return new_name + colon + tag + (f"@{digest}" if digest else "")


def _replicas(resource: Resource, entries: Any, _shown: str) -> None:
    for entry in entries:
        if resource.kind in _SCALED and resource.name == entry.get("name"):
            _at(resource.body, "spec")["replicas"] = entry.get("count")


def _at(body: Body, *keys: str) -> Body:
    for key in keys:
        if not isinstance(body.get(key), dict):
            body[key] = {}
        body = body[key]
    return body


_TRANSFORMERS: dict[str, Callable[[Resource, Any, str], None]] = {
    "namespace": _namespace,
    "labels": _labels,
    "commonLabels": _common_labels,
    "commonAnnotations": _annotations,
    "images": _images,
    "replicas": _replicas,
}
_LISTS = ("resources", "bases", "patches", "patchesStrategicMerge", "patchesJson6902", "labels", "images", "replicas")
_FIELDS = frozenset({"apiVersion", "kind", "metadata", *_LISTS, *_TRANSFORMERS})


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _wrong(en: str, fr: str) -> ManifestError:
    return ManifestError(Text(en=en, fr=fr))


def _unsupported(shown: str, what: str) -> ManifestError:
    return _wrong(
        f"{shown}: {what!r} needs kustomize, which is not installed here, so the manifests are not known",
        f"{shown} : {what!r} demande kustomize, absent de cette machine : les manifestes ne sont pas connus",
    )
