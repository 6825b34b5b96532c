"""Secrets given by name to the environment of a container: ENV and ARG of Containerfiles, env of manifests.

detect-secrets reads lines; here the name stands on another line than the value, or before a keyword it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import yaml

from security.instructions import assignments, instructions, is_containerfile

TYPE = "Secret in the environment"
_SECRET = re.compile(
    r"PASS(?:WORD|WD|PHRASE)?(?:$|_)|PWD$|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL|MOT_?DE_?PASSE",
    re.IGNORECASE,
)
# What speaks of a secret without being one.
_ABOUT = re.compile(
    r"_?(?:FILE|PATH|DIR|URL|URI|NAME|ID|TTL|AGE|TIMEOUT|LENGTH|HEADER|ALGORITHM|EXPIR\w*)$", re.IGNORECASE
)
_REFERENCE = re.compile(r"\$[\w{(]|\{\{|<|/|true$|false$|none$|null$|\d{0,5}$|\*+$|x+$", re.IGNORECASE)


def named_secrets(path: str, text: str) -> Iterator[int]:
    """Lines of ``text``, the file ``path``, that give a secret to the environment; none in other kinds of files."""
    if is_containerfile(PurePosixPath(path)):
        for instruction in instructions(text):
            if any(is_secret(name, value) for name, value in assignments(instruction)):
                yield instruction.line
    elif PurePosixPath(path).suffix in (".yaml", ".yml"):
        try:
            for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
                yield from _in_node(document)
        except (yaml.YAMLError, RecursionError):
            return  # whoever reads manifests says so; detect-secrets read the lines


def is_secret(name: str, value: str) -> bool:
    """Whether ``value`` is written out under a name that says it is secret."""
    return names_a_secret(name) and bool(value.strip()) and _REFERENCE.match(value.strip()) is None


def names_a_secret(name: str) -> bool:
    """Whether ``name`` says that its value is secret, and not where it is or how long it is good for."""
    return _SECRET.search(name) is not None and _ABOUT.search(name) is None


def _in_node(node: yaml.Node | None) -> Iterator[int]:
    """Lines of ``name: …, value: …`` pairs and of ``- NAME=value`` items; each node once, whatever its aliases."""
    pending, seen = [node], set[int]()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        match one:
            case yaml.MappingNode():
                words = {key.value: value for key, value in one.value if isinstance(key, yaml.ScalarNode)}
                match words.get("name"), words.get("value"):
                    case yaml.ScalarNode() as name, yaml.ScalarNode() as value if is_secret(name.value, value.value):
                        yield value.start_mark.line + 1
                    case _:
                        pass
                pending += [value for _, value in one.value]
            case yaml.SequenceNode():
                for item in one.value:
                    if isinstance(item, yaml.ScalarNode) and is_secret(*item.value.partition("=")[::2]):
                        yield item.start_mark.line + 1
                pending += one.value
            case _:
                pass
