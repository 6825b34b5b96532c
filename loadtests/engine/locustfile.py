"""A project's own locustfile: its user classes, found and described without a load."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locust import User
from locust.util.load_locustfile import is_user_class

_MODULE = "portance_locustfile"
"""Not the file's own name: a file named as a module of the standard library would take its place."""


class LocustfileError(Exception):
    """A locustfile cannot be played; one line says where and why."""


@dataclass(frozen=True)
class UserClass:
    """A user class of a locustfile: its name as a journey's, and what Locust knows of it."""

    name: str
    cls: type[User]

    @property
    def persona(self) -> str:
        """``agent`` where the class says so by an attribute ``persona``, else ``citizen``."""
        return str(getattr(self.cls, "persona", "citizen"))


def load(name: str, path: str, source: str) -> dict[str, UserClass]:
    """The user classes of the locustfile ``name``, by the names they have as journeys.

    It is read at ``path`` where it is there as ``source`` has it, so that it finds its neighbours and its data;
    elsewhere (a worker on another machine) from ``source`` alone.

    Raises:
        LocustfileError: it cannot be imported, or has no user that can be played.
    """
    module = _imported(name, _found(name, path, source))
    classes = [UserClass(_slug(one.__name__), one) for one in vars(module).values() if is_user_class(one)]
    users = {one.name: one for one in classes if one.cls.__module__ == _MODULE or len(classes) == 1}
    if not users:
        raise LocustfileError(f"{name}: no user class (a subclass of locust.User that is not abstract)")
    for one in users.values():
        if not one.cls.tasks:
            raise LocustfileError(f"{name}: {one.cls.__name__} has no task")
        if one.persona not in ("citizen", "agent"):
            raise LocustfileError(f"{name}: {one.cls.__name__}.persona is {one.persona!r}, not citizen or agent")
        if not one.cls.weight > 0:
            raise LocustfileError(f"{name}: {one.cls.__name__}.weight is {one.cls.weight!r}, not above 0")
    return users


def described(name: str, path: str, source: str) -> list[dict[str, Any]]:
    """Name, class, weight, persona and tasks of every user class. Raises LocustfileError like :func:`load`."""
    return [
        {
            "name": one.name,
            "class": one.cls.__name__,
            "weight": float(one.cls.weight),
            "persona": one.persona,
            "tasks": sorted({getattr(task, "__name__", str(task)) for task in one.cls.tasks}),
        }
        for one in load(name, path, source).values()
    ]


def _found(name: str, path: str, source: str) -> Path:
    here = Path(path)
    if here.is_file() and here.read_text(encoding="utf-8", errors="replace") == source:
        os.chdir(here.parent)  # files that it opens by a bare name lie beside it
        return here
    folder = Path(tempfile.mkdtemp(prefix="portance-"))
    copy = folder / name
    copy.write_text(source, encoding="utf-8")
    return copy


def _imported(name: str, path: Path) -> Any:
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None:
        raise LocustfileError(f"{name}: not a Python file (.py)")
    module = sys.modules[_MODULE] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise LocustfileError(f"{name}, line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        raise LocustfileError(f"{name}{line_in(path, error)}: {type(error).__name__}: {error}") from error
    return module


def line_in(path: Path, error: BaseException) -> str:
    """`, line N` where ``error`` passed through the file ``path``, the last such line; else nothing."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""


def _slug(name: str) -> str:
    """A class name as the name of a journey: ``FileADossier`` becomes ``file-a-dossier``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
    return re.sub(r"[^a-z0-9_-]", "-", words).strip("-_")
