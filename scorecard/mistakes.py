"""What is wrong with a file that people write, said in one line."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError

from scorecard.lines import line_of


def first_mistake(error: ValidationError, model: type[BaseModel]) -> str:
    """The mistake a person should mend first, in one line: where, what, and the nearest known key of ``model``."""
    problems = error.errors()
    first = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    where = _where(first["loc"])
    match first["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key{_nearest(first['loc'], model)}"
        case "missing":
            return f"{where}: missing"
        case _:
            given = first["input"]
            shown = f" (got {given!r})" if isinstance(given, str | int | float | bool) else ""
            return f"{where}: {first['msg'].removeprefix('Value error, ')}{shown}".lstrip(": ")


def line_of_mistake(error: ValidationError, text: str) -> int | None:
    """Line of the TOML ``text``, from 1, with the mistake that :func:`first_mistake` words; None where it has none."""
    problems: list[Any] = list(error.errors())
    first = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    named = first["msg"].removeprefix("Value error, ").split(" ", 1)[0]  # our own messages begin with the key
    return line_of(text, first["loc"] if first["type"] != "value_error" else (*first["loc"], named))


def _where(location: tuple[int | str, ...]) -> str:
    words = [f"[{part + 1}]" if isinstance(part, int) else str(part) for part in location]
    return ".".join(words).replace(".[", "[")


def _nearest(location: tuple[int | str, ...], whole: type[BaseModel]) -> str:
    model: Any = whole
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        model = _inner_model(model.model_fields[part].annotation)
    known = [f.alias or n for n, f in model.model_fields.items()]
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f", did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        inner = _inner_model(argument)
        if inner is not None:
            return inner
    return None
