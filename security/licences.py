"""Licences of installed packages, as their own metadata states them, and what the code of a service imports."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from security.requirements_file import Pin

# PEP 639 has License-Expression; before it there were classifiers, and a free text that is often the whole licence.
_CLASSIFIER = re.compile(r"^License :: (?:OSI Approved :: )?(?P<name>.+)$")
_SAYS_NOTHING = frozenset({"", "unknown", "osi approved", "dual license", "other/proprietary license", "license"})
_STRONG = re.compile(r"(?<![\w])A?GPL|\b(?:Affero |GNU )?General Public License", re.IGNORECASE)
_WEAK = re.compile(r"LGPL|Lesser|Library General|Classpath-exception|linking exception", re.IGNORECASE)
_LONGEST = 120


@dataclass(frozen=True)
class Installed:
    """A package as it is installed: its licence in its own words, None when it states none, and its modules."""

    pin: Pin
    licence: str | None
    modules: frozenset[str]


def installed(pins: Iterable[Pin], places: Iterable[Path | None]) -> dict[Pin, Installed]:
    """What the first of ``places`` that has exactly the pinned version says of each; None is this interpreter."""
    wanted = set(pins)
    known: dict[Pin, Installed] = {}
    for place in places:
        for distribution in distributions() if place is None else distributions(path=[str(place)]):
            name, version = distribution.metadata["Name"], distribution.version
            pin = Pin(canonicalize_name(name or ""), version or "")
            if pin in wanted and pin not in known:
                known[pin] = Installed(pin, _licence(distribution), frozenset(_modules(distribution)))
    return known


def is_strong_copyleft(licence: str) -> bool:
    """Whether every choice that ``licence`` leaves is the GPL or the AGPL; the LGPL does not count."""
    choices = re.split(r"\s+OR\s+", licence.strip("() "))
    return all(_STRONG.search(choice) is not None and _WEAK.search(choice) is None for choice in choices)


def imported(files: Iterable[Path]) -> frozenset[str]:
    """Top-level modules that the Python ``files`` import, those of the standard library left out."""
    found: set[str] = set()
    for file in files:
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue  # the code scanner says so
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    found |= {alias.name.partition(".")[0] for alias in names}
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module.partition(".")[0])
                case _:
                    pass
    return frozenset(found - sys.stdlib_module_names)


def _licence(distribution: Distribution) -> str | None:
    metadata = distribution.metadata
    if "License-Expression" in metadata:
        return str(metadata["License-Expression"])
    classified = [match["name"] for line in metadata.get_all("Classifier", []) if (match := _CLASSIFIER.match(line))]
    classified = [name for name in classified if name.lower() not in _SAYS_NOTHING]
    if classified:
        return " AND ".join(classified)
    free = metadata["License"] if "License" in metadata else ""  # noqa: SIM401 (metadata has no get)
    text = " ".join(free.split())
    return None if text.lower() in _SAYS_NOTHING else text[:_LONGEST]


def _modules(distribution: Distribution) -> Iterator[str]:
    top_level = distribution.read_text("top_level.txt")
    if top_level is not None:
        yield from top_level.split()
        return
    for file in distribution.files or []:
        first = file.parts[0]
        if file.suffix in (".py", ".so") and not first.startswith((".", "_")) and not first.endswith(".dist-info"):
            yield first.partition(".")[0]
