"""The language of a command: ``--lang``, else the environment's, else English."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Literal

Lang = Literal["fr", "en"]


def detect(arguments: Sequence[str], environment: Mapping[str, str]) -> Lang:
    """Language asked for by ``arguments`` (--lang fr, --lang=fr), else by LC_ALL, LC_MESSAGES or LANG."""
    for position, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return _known(argument.removeprefix("--lang="))
        if argument == "--lang" and position + 1 < len(arguments):
            return _known(arguments[position + 1])
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(variable):
            return _known(environment[variable])
    return "en"


def _known(value: str) -> Lang:
    return "fr" if value.lower().startswith("fr") else "en"


LANG: Lang = detect(sys.argv[1:], os.environ)
"""Language of this process: help texts are made before the options are read."""


def t(en: str, fr: str) -> str:
    """The text in the language of this process."""
    return fr if LANG == "fr" else en
