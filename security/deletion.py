"""Where something that a journey wrote can be deleted: a step of the journey, or an operation that is documented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

from scorecard.journeys import templates
from scorecard.journeys.exchange import Sent
from scorecard.journeys.person import Person, is_of
from scorecard.journeys.sessions import ends_session
from scorecard.project_journeys import Journey, Step
from security.active_plan import Known, covers, request
from security.active_points import points, put
from security.operations import Operation
from security.trial import SHORTEST_ECHO

_DELETES = re.compile(r"(?i)/(?:delete|remove|withdraw|supprimer|suppression|retirer|effacer)(?:/|$|\?)")
_OWN = ("iban", "siret", "siren")
"""Generated values that are typed for the object, not for the account of the person."""


@dataclass(frozen=True)
class Deletion:
    """A way to delete what the step ``creates`` of a journey made, by ``step`` or by ``operation``."""

    journey: Journey
    before: tuple[Step, ...]
    creates: Step
    step: Step | None = None
    operation: Operation | None = None

    @property
    def route(self) -> str:
        """Method and path of the deletion, without a query."""
        if self.step is not None:
            return f"{self.step.method} {self.step.path.partition('?')[0]}"
        assert self.operation is not None
        return self.operation.route

    def sent(self, author: Person, written: Written, random: Random, url: str) -> Sent:
        """The request that deletes."""
        if self.step is not None:
            return author.write(self.step)
        assert self.operation is not None
        headers = next((h for step in reversed(self.before) if (h := author.credentials_for(step))), {})
        return request(url, self.operation, Known(list(written.paths), author.values), random, headers)()


@dataclass(frozen=True)
class Written:
    """What was written: its ``marks`` stand in nothing else; what its author was ``given``, the ``paths`` asked for."""

    marks: frozenset[str]
    given: Mapping[str, Any]
    paths: tuple[str, ...]
    trouble: str | None = None


def deletions(journey: Journey, documented: Iterable[Operation], url: str) -> Iterator[Deletion]:
    """The deletion that ``journey`` offers: its own step, else what is documented for what its first write makes."""
    steps = [step for step in journey.steps if not ends_session(step.path)]
    own = next((at for at, step in enumerate(steps) if step.method == "DELETE" or _is_deletion(step)), None)
    writes = [at for at, step in enumerate(steps) if step.method in ("POST", "PUT") and step.extract]
    if own is not None:
        creating = [at for at in writes if at < own]
        if creating:
            yield Deletion(journey, tuple(steps[:own]), steps[creating[-1]], step=steps[own])
        return
    for at in writes:
        named = {f"{{{name}}}" for name in steps[at].extract}
        later = [step.path for step in steps[at + 1 :] if any(name in step.path for name in named)]
        member = f"{steps[at].path.partition('?')[0].rstrip('/')}/member"
        for operation in documented:
            asked = [("DELETE", urlsplit(path).path) for path in (*later, member)]
            if operation.method == "DELETE" and operation.names and covers(operation, asked):
                yield Deletion(journey, tuple(steps[: at + 1]), steps[at], operation=operation)
                return


def write(deletion: Deletion, author: Person, url: str, random: Random) -> Written:
    """Have ``author`` take the steps before the deletion, with a mark in what they write where it is taken."""
    paths: list[str] = []
    marks: set[str] = set()
    for step in deletion.before:
        mark = "zq" + "".join(random.choices("abcdefghijklmnop", k=12))
        marked = _with_mark(step, mark)
        taken = author.take(step if marked is None else marked)
        if marked is not None and taken.succeeded:
            marks.add(mark)
        elif marked is not None:
            taken = author.take(step)
        if not taken.succeeded:
            return Written(frozenset(), {}, (), f"the journey stopped at “{step.label}”: {taken.trouble}")
        paths += [urlsplit(one.sent.url).path for one in taken.exchanges if is_of(url, one.sent)]
        if step is deletion.creates:
            values = [author.values[name] for name in (*step.extract, *(templates.used(step) & set(_OWN)))]
            marks |= {str(value) for value in values if len(str(value)) >= SHORTEST_ECHO}
            # nothing may have asked for it yet, and its path is that of its collection
            collection = urlsplit(taken.exchanges[0].sent.url).path
            names = [str(author.values[name]).rsplit("/", 1)[-1] for name in step.extract]
            paths += [f"{collection}/{name}" for name in names]
            marks |= {name for name in names if len(name) >= SHORTEST_ECHO}
    given = {name: author.values[name] for step in deletion.before for name in step.extract}
    return Written(frozenset(marks), given, tuple(paths))


def _is_deletion(step: Step) -> bool:
    return step.method == "POST" and _DELETES.search(step.path) is not None


def _with_mark(step: Step, mark: str) -> Step | None:
    """The step with ``mark`` behind each of its own sentences; None where it has none."""
    body = step.form if step.json_ is None else step.json_
    if body is None:
        return None
    sent = changed = Sent("POST", "", {"content-type": "json"}, json.dumps(body).encode())
    for point in points(sent, ()):
        if " " in point.value and "{" not in point.value:
            changed = put(changed, point, f"{point.value} {mark}")
    if changed is sent:
        return None
    return step.model_copy(update={"form" if step.json_ is None else "json_": json.loads(changed.body or b"null")})
