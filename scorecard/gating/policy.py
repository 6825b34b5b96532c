"""The policy of a pipeline: what it asks beyond the decision of the scorecard; it refuses more, never accepts more."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from scorecard import lines
from scorecard.criteria import Domain
from scorecard.evidence import Severity
from scorecard.mistakes import first_mistake, line_of_mistake
from scorecard.project_section import Ratio, Section

FILE_NAME = "portance-policy.toml"

Accepted = Literal["go", "conditional"]
LeastGrade = Literal["A", "B", "C", "D", "E"]
"""F is no least grade: everything reaches it."""
Share = Annotated[Ratio, Field(gt=0, le=1)]
PartialShare = Annotated[Ratio, Field(gt=0, lt=1)]
Name = Annotated[str, Field(min_length=1)]

_AGAINST_BASELINE = frozenset(
    {"baseline", "new_failures", "new_findings", "lost_answers", "grade_drop", "capacity_drop"}
)


class PolicyError(Exception):
    """A policy cannot be used: it is missing, or has a hole; the message is one line that says which line is wrong."""


class Rules(Section):
    """What is asked of a run; a rule that is left out asks nothing. None of them can open what the decision closes."""

    accept: tuple[Accepted, ...] | None = Field(default=None, strict=False, description="Decisions accepted.")
    conditional_until: date | None = Field(default=None, description="Last day on which a conditional go is accepted.")
    grade: LeastGrade | None = Field(default=None, description="Least low end of the grade.")
    domains: dict[Annotated[Domain, Field(strict=False)], LeastGrade] = Field(
        default_factory=dict, description="Least low end of the grade of a domain."
    )
    coverage: Share | None = Field(default=None, description="Least share of the questions that has an answer.")
    max_age_days: int | None = Field(default=None, gt=0, description="Age of the oldest observation at most, in days.")
    blocking: tuple[Name, ...] = Field(default=(), strict=False, description="Criteria that close the gate here.")
    waivers: int | None = Field(default=None, ge=0, description="Waivers in force at most.")
    baseline: Literal[True] | None = Field(default=None, description="A baseline must be given.")
    new_failures: int | None = Field(default=None, ge=0, description="Failures the baseline does not have, at most.")
    new_findings: dict[Annotated[Severity, Field(strict=False)], Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, description="Findings the baseline does not have, of a severity or graver, at most."
    )
    lost_answers: int | None = Field(default=None, ge=0, description="Answers the baseline has and this has not.")
    grade_drop: int | None = Field(default=None, ge=0, le=4, description="Letters the low end may fall at most.")
    capacity_drop: PartialShare | None = Field(
        default=None, description="Share of the users held in the baseline that may be lost at most."
    )

    @property
    def against_baseline(self) -> frozenset[str]:
        """The rules given that compare with a baseline."""
        return _AGAINST_BASELINE & self.model_fields_set

    @model_validator(mode="after")
    def _no_hole(self) -> Self:
        if not (self.model_fields_set - {"name", "branches"}):
            raise ValueError("no rule in it, and a policy that asks nothing is no policy")
        if self.accept is not None:
            if "go" not in self.accept:
                raise ValueError('accept has no "go"; a policy that accepts no run is no policy')
            if len(set(self.accept)) != len(self.accept):
                raise ValueError("accept names a decision twice")
        if self.conditional_until is not None and "conditional" not in (self.accept or ()):
            raise ValueError('conditional_until needs accept = ["go", "conditional"]')
        for rule in ("domains", "blocking", "new_findings"):
            if rule in self.model_fields_set and not getattr(self, rule):
                raise ValueError(f"{rule} is empty, and a rule that asks nothing is no rule")
        return self


class Stage(Rules):
    """What is asked beyond ``[gate]`` where the stage is named or the branch is one of its own."""

    name: Name
    branches: tuple[Name, ...] = Field(default=(), strict=False, description="Names, or patterns such as release/*.")


class Policy(Section):
    """A whole policy file."""

    gate: Rules | None = None
    stages: tuple[Stage, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.gate is None and not self.stages:
            raise ValueError("no [gate] and no [[stages]] in it, and a policy that asks nothing is no policy")
        names = [stage.name for stage in self.stages]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"stages: {doubled[0]} stands twice")
        return self


@dataclass(frozen=True)
class Clause:
    """One table of rules that is in force, and where it stands: ("gate",) or ("stages", 1)."""

    path: lines.Path
    rules: Rules

    @property
    def name(self) -> str:
        """What the log calls it: "gate", or the name of the stage."""
        return self.rules.name if isinstance(self.rules, Stage) else "gate"


@dataclass(frozen=True)
class PolicyFile:
    """A policy as it was read: its bytes identify it, its text says on which line a rule stands."""

    name: str
    content: bytes
    policy: Policy

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return sha256(self.content).hexdigest()

    def at(self, *path: str | int) -> str:
        """``name:line`` of what stands at ``path``."""
        line = lines.line_of(self.content.decode("utf-8"), path)
        return self.name if line is None else f"{self.name}:{line}"

    def clauses(self, stage: str | None, branch: str | None) -> tuple[Clause, ...]:
        """The tables in force: ``[gate]`` always, and every stage that is named or has ``branch``.

        Raises:
            PolicyError: there is no such stage, or no table asks anything here.
        """
        found = [] if self.policy.gate is None else [Clause(("gate",), self.policy.gate)]
        known = [s.name for s in self.policy.stages]
        if stage is not None and stage not in known:
            said = ", ".join(known) if known else "none"
            raise PolicyError(f"{self.name}: no stage {stage!r}; stages: {said}")
        for number, candidate in enumerate(self.policy.stages):
            of_branch = branch is not None and any(fnmatchcase(branch, pattern) for pattern in candidate.branches)
            if candidate.name == stage or of_branch:
                found.append(Clause(("stages", number), candidate))
        if not found:
            where = "without a stage or a branch" if branch is None else f"on the branch {branch!r}"
            raise PolicyError(f"{self.name}: no [gate], and no stage is in force {where}: nothing would be asked")
        return tuple(found)


def load(path: Path, today: date) -> PolicyFile:
    """Read the policy at ``path`` as of ``today``.

    Raises:
        PolicyError: it cannot be read, or has a hole (an unknown key, no rule, a rule that cannot fail, a past date).
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror})") from error
    return parse(content, str(path), today)


def parse(content: bytes, name: str, today: date) -> PolicyFile:
    """Read a policy from its bytes. Raises PolicyError like :func:`load`."""
    try:
        text = content.decode("utf-8")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise PolicyError(f"{name}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{name}: not valid TOML: {error}") from error
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        line = line_of_mistake(error, text)
        where = name if line is None else f"{name}:{line}"
        raise PolicyError(f"{where}: {first_mistake(error, Policy)}") from error
    read = PolicyFile(name, content, policy)
    for path, until in _dates(policy):
        if until < today:
            raise PolicyError(f"{read.at(*path)}: conditional_until: {until.isoformat()} is past")
    return read


def _dates(policy: Policy) -> Iterator[tuple[lines.Path, date]]:
    tables: list[tuple[lines.Path, Rules]] = [(("stages", number), stage) for number, stage in enumerate(policy.stages)]
    if policy.gate is not None:
        tables.append((("gate",), policy.gate))
    for path, rules in tables:
        if rules.conditional_until is not None:
            yield (*path, "conditional_until"), rules.conditional_until
