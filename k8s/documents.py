"""Kubernetes objects read from YAML, each with the line it starts at; what cannot be read is said, the rest goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from scorecard.evidence import Text

SUFFIXES = (".yaml", ".yml", ".json")
MAX_FILE_BYTES = 4 * 1024 * 1024

Body = dict[str, Any]


class ManifestError(Exception):
    """Manifests cannot be read at all; the message is one line in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True)
class Resource:
    """One Kubernetes object and where it was read, as ``file:line`` or the name of the tool that rendered it."""

    body: Body
    source: str

    @property
    def kind(self) -> str:
        """Kind, as written."""
        return str(self.body.get("kind", ""))

    @property
    def api_group(self) -> str:
        """API group, empty for the core."""
        version = str(self.body.get("apiVersion", ""))
        return version.rpartition("/")[0]

    @property
    def name(self) -> str:
        """Name, or what it is generated from."""
        metadata = mapping(self.body, "metadata")
        return str(metadata.get("name", metadata.get("generateName", "?")))

    @property
    def namespace(self) -> str:
        """Namespace, empty when the object does not say."""
        return str(mapping(self.body, "metadata").get("namespace", ""))


@dataclass
class Reading:
    """Objects, and every reason why there may be more that could not be seen."""

    resources: list[Resource] = field(default_factory=list)
    problems: list[Text] = field(default_factory=list)


def mapping(body: Any, *keys: str) -> Body:
    """The mapping at a path of keys; empty where it is absent, null or something else."""
    for key in keys:
        body = body.get(key) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else {}


def items(body: Any, *keys: str) -> list[Any]:
    """The list at a path of keys; empty where it is absent, null or something else."""
    parent = mapping(body, *keys[:-1])
    value = parent.get(keys[-1])
    return value if isinstance(value, list) else []


def read_file(path: Path, shown: str) -> Reading:
    """Every object of a file; ``shown`` is its name in problems."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return Reading(problems=[_same(f"{shown}: larger than 4 MiB", f"{shown} : plus de 4 Mio")])
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        return Reading(problems=[_same(f"{shown}: {error.strerror}", f"{shown} : lecture impossible")])
    except UnicodeDecodeError:
        return Reading(problems=[_same(f"{shown}: not UTF-8 text", f"{shown} : le texte n’est pas en UTF-8")])
    return read_text(content, shown)


def read_text(content: str, shown: str) -> Reading:
    """Every object of a text of one or more documents."""
    reading = Reading()
    for first_line, text in _documents(content):
        try:
            document = load_yaml(text)
        except yaml.YAMLError as error:
            line, problem = _where(error)
            where = f"{shown}:{first_line + line}"
            reading.problems.append(_same(f"{where}: {problem}", f"{where} : YAML incorrect ({problem})"))
        except (RecursionError, ValueError) as error:
            where = f"{shown}:{first_line + 1}"
            reading.problems.append(_same(f"{where}: {error}", f"{where} : YAML incorrect ({error})"))
        else:
            _add(document, f"{shown}:{first_line + 1}", reading)
    return reading


def load_yaml(text: str) -> Any:
    """One YAML document, with plain values only; a key that stands twice is an error."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader that also refuses doubled keys)


def _add(document: Any, source: str, reading: Reading) -> None:
    match document:
        case None:
            return
        case {"kind": str(kind), "apiVersion": str(), "items": list(inner)} if kind.endswith("List"):
            for item in inner:
                _add(item, source, reading)
        case {"kind": str(), "apiVersion": str()}:
            reading.resources.append(Resource(document, source))
        case {"kind": _} | {"apiVersion": _}:
            reading.problems.append(
                _same(f"{source}: an object needs kind and apiVersion", f"{source} : kind et apiVersion sont requis")
            )
        case dict():
            return  # settings of some other tool that live in the same folder
        case _:
            reading.problems.append(
                _same(f"{source}: not a Kubernetes object", f"{source} : ce n’est pas un objet Kubernetes")
            )


def _documents(content: str) -> Iterator[tuple[int, str]]:
    """Each document with the number of lines above it, so that a broken one does not hide those that follow."""
    lines = content.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if re.match(r"---(\s|$)", line)]
    edges = [0, *starts, len(lines)]
    for begin, end in pairwise(edges):
        text = "".join(lines[begin:end])
        if text.strip():
            yield begin, text


def _where(error: yaml.YAMLError) -> tuple[int, str]:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return error.problem_mark.line + 1, error.problem if error.problem is not None else "not valid YAML"
    return 1, str(error).splitlines()[0]


def _same(en: str, fr: str) -> Text:
    return Text(en=en, fr=fr)


class _Loader(yaml.SafeLoader):
    """Plain values only, and a key may stand once."""

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value if node is not None else ():
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return node


# "=" alone is an old YAML 1.1 type that the SafeLoader cannot build; in a manifest it is text.
_Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)
