"""The body of a step: JSON, a form, or a form with files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from urllib3.filepost import encode_multipart_formdata

from scorecard.journeys import JourneyError, templates
from scorecard.project_journeys import Journey, Step, Upload


def body_of(
    step: Step, values: Mapping[str, Any], headers: dict[str, str], contents: Mapping[str, bytes]
) -> bytes | None:
    """What ``step`` sends, None when nothing; ``headers`` gets the headers that go with it unless it has them.

    ``contents`` holds the files that uploads name by their path (:func:`read_files`).
    """
    if step.json_ is not None:
        headers.setdefault("Content-Type", "application/json")
        headers.setdefault("Accept", "application/json")
        return json.dumps(templates.json_body(step.json_, values), ensure_ascii=False).encode()
    if step.files:
        fields: dict[str, Any] = {name: templates.text(value, values) for name, value in (step.form or {}).items()}
        for name, upload in step.files.items():
            fields[name] = (templates.text(upload.name, values), _content(upload, values, contents), upload.type)
        body, kind = encode_multipart_formdata(fields)
        headers["Content-Type"] = kind  # it holds the boundary drawn for this very body
        return body
    if step.form is not None:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return urlencode({key: templates.text(value, values) for key, value in step.form.items()}).encode()
    return None


def read_files(journeys: Iterable[Journey], root: Path) -> dict[str, bytes]:
    """The files that the journeys upload, by their path as the project file has it, from the folder ``root``.

    Raises:
        JourneyError: one of them cannot be read.
    """
    contents = {}
    for journey in journeys:
        for step in journey.steps:
            for upload in step.files.values():
                if upload.path is not None and upload.path not in contents:
                    try:
                        contents[upload.path] = (root / upload.path).read_bytes()
                    except OSError as error:
                        raise JourneyError(
                            f"journey {journey.name}, step {step.label}: {upload.path} cannot be read "
                            f"({error.strerror})"
                        ) from error
    return contents


def _content(upload: Upload, values: Mapping[str, Any], contents: Mapping[str, bytes]) -> bytes:
    known = contents[upload.path] if upload.path is not None else templates.text(upload.text, values).encode()
    missing = upload.size - len(known) if upload.size is not None else 0
    return known + _filling(missing) if missing > 0 else known


@lru_cache(maxsize=8)
def _filling(size: int) -> bytes:
    """Bytes that no compression makes shorter, the same for every upload of that size."""
    return Random(size).randbytes(size)  # noqa: S311 (filling, not a secret)
