"""The project under test, as ``portance.toml`` describes it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from scorecard.mistakes import first_mistake, line_of_mistake
from scorecard.project_demand import Demand
from scorecard.project_journeys import Journey
from scorecard.project_section import Ratio, Seconds, Section

FILE_NAME = "portance.toml"

Kind = Literal["online-procedure", "appointment", "api", "internal-tool", "predictive-algorithm"]
Tier = Literal["experiment", "local", "national"]
RunProfile = Literal["smoke", "quick", "standard", "full"]


KINDS: tuple[Kind, ...] = get_args(Kind)
TIERS: tuple[Tier, ...] = get_args(Tier)
"""From the one on which least depends to the one on which most does."""

NATIONAL_FROM = 200_000
"""Users a year from which the observatory « Vos démarches essentielles » (DINUM) takes a service in."""


class ProjectError(Exception):
    """A ``portance.toml`` is missing or wrong; the message is one line that says what and where."""


def tier_of(users: int) -> Tier:
    """The tier of a service that says none: national from :data:`NATIONAL_FROM` users on, else local.

    An experiment is never guessed: fewer questions close its gate.
    """
    return "national" if users >= NATIONAL_FROM else "local"


class About(Section):
    """Who the service is for."""

    name: str = Field(min_length=1, max_length=200, description="Name of the service, as people know it.")
    users: int = Field(gt=0, description="People or firms the service must be able to serve.")
    agents: int = Field(default=0, ge=0, description="Agents who work with it on a working day.")
    kind: Kind = Field(default="online-procedure", description="Kind of service; it selects the criteria.")
    address: str | None = Field(
        default=None, pattern=r"^https?://[^\s/]+(/\S*)?$", description="Public address, as people know it."
    )
    tier: Tier = Field(
        default_factory=lambda about: tier_of(about["users"]),
        description="How much depends on it, which selects the criteria that block: national from 200 000 users on "
        "unless said, local below, experiment only when said.",
    )


class TargetSection(Section):
    """What is assessed: a service that runs (url) or how to start one (start), and what is known of it."""

    url: str | None = Field(
        default=None, pattern=r"^https?://[^\s/]+(/\S*)?$", description="Address of a running service."
    )
    start: str | None = Field(
        default=None,
        description="Command that starts the service, run without a shell; {port} and {workers} are filled in.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Value of {workers}.")
    grow: str | None = Field(
        default=None,
        description="Command that fills the database of the service with invented records, run without a shell on a "
        "copy that the run started; {rows} is how many there must then be, {port} and {url} are where the copy "
        "listens.",
    )
    replicas: tuple[Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")], ...] = Field(
        default=(),
        strict=False,
        description="Addresses of replicas that run already, over the first 1, 2, 4 … of which scaling is measured.",
    )
    health: str = Field(
        default="/", pattern=r"^/", description="Path that answers 2xx or 3xx once the service is ready."
    )
    start_timeout: Seconds = Field(default=60.0, description="How long the service may take to get ready.")
    openapi: str | None = Field(default=None, description="Path of the OpenAPI document on the service.")
    pages: tuple[str, ...] = Field(
        default=("/",),
        strict=False,
        description="Paths looked at without signing in: headers, cookies, and as a browser shows them.",
    )
    source: str | None = Field(default=None, description="Folder of the source code, relative to this file.")
    requirements: str | None = Field(default=None, description="Pinned requirements file, relative to this file.")
    manifests: str | None = Field(
        default=None, description="Kubernetes manifests or kustomization, relative to this file."
    )
    containerfile: str | None = Field(
        default=None,
        description="Containerfile, or a folder that holds some, relative to this file; "
        "Containerfile or Dockerfile beside this file when left out.",
    )
    workflows: str | None = Field(
        default=None,
        description="GitHub workflow, or a folder of them, relative to this file; .github/workflows when left out.",
    )
    database: str | None = Field(
        default=None,
        pattern=r"^env:[A-Za-z_][A-Za-z0-9_]*$",
        description="env:NAME of the variable that holds the address of the PostgreSQL of the service, for a role that "
        "may only read: it is asked for the plans of slow statements, which it does not run.",
    )
    remote: bool = Field(
        default=False, description="Set it to allow load and probes on an address that is not on this machine."
    )

    @model_validator(mode="after")
    def _one_way_to_reach_it(self) -> Self:
        if self.url is not None and self.start is not None:
            raise ValueError("give either url (a service that runs) or start (how to start one), not both")
        if self.start is not None and "{port}" not in self.start:
            raise ValueError("start has no {port}: the service must listen on the port it is given")
        if self.grow is not None and "{rows}" not in self.grow:
            raise ValueError("grow has no {rows}: it must be told how many records there are to be")
        return self


class LoadSection(Section):
    """How the load is made, where the journeys above and one process do not do."""

    processes: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="Processes that play the load; when left out, as many as it takes that none is too busy.",
    )
    locustfile: str | None = Field(
        default=None,
        pattern=r"\.py$",
        description="Your own locustfile, relative to this file: its users are played instead of the journeys.",
    )
    tasks: int = Field(
        default=1, ge=1, le=1000, description="Tasks that a user of the locustfile carries out in one session."
    )


class Objectives(Section):
    """What a good answer is: the objective of the search for the capacity."""

    p95: Seconds = Field(default=0.4, gt=0, description="95th percentile of the latency, from the intended start.")
    error_rate: Ratio = Field(default=0.001, description="Share of requests that may fail.")
    headroom: Ratio = Field(default=0.3, description="Capacity wanted above the peak demand.")


class SecuritySection(Section):
    """What the scanners need beyond the target."""

    advisories: str | None = Field(
        default=None, description="Local OSV source, a folder or a .jsonl.gz file, where no service is reachable."
    )
    advisories_max_age: int = Field(
        default=30, gt=0, description="Age in days at which the local source clears nothing."
    )
    active: bool | None = Field(
        default=None,
        description="Whether attacks are tried: when left out, on a service of this machine or started by the run "
        "only; true, elsewhere too; false, never.",
    )
    authorities: str | None = Field(
        default=None, description="PEM file of the certificate authorities trusted besides those of browsers."
    )


class OperationsSection(Section):
    """What the team that keeps the service running has: alerts, dashboards, runbooks, metrics, logs."""

    job: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_.:/-]+$",
        description="Name under which Prometheus watches the service; its own name in small letters when left out.",
    )
    metrics: str | None = Field(
        default=None,
        pattern=r"^(/|https?://)\S*$",
        description="Where the service shows its metrics in Prometheus' text format: a path on it, or a whole address; "
        "with {metrics_port} in it, a service that the run starts is given that port by OpenTelemetry's variables.",
    )
    rules: str | None = Field(default=None, description="File or folder of Prometheus rules, relative to this file.")
    dashboards: str | None = Field(
        default=None, description="File or folder of Grafana dashboards (JSON), relative to this file."
    )
    runbooks: str | None = Field(
        default=None,
        description="Where the runbooks are: a folder, relative to this file, or the address that alerts link to.",
    )
    other_metrics: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="How the names of metrics begin that alerts use and something else shows: pg_, kube_, node_.",
    )
    receipt: str | None = Field(
        default=None,
        description="Value that a journey extracts and people are given to refer to their request: a receipt number.",
    )


class CriteriaSection(Section):
    """Criteria of one's own, beside those that ship with the program."""

    folders: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Folders of TOML files with [[criteria]] (added) and [[stricter]] (asked more of), from this file.",
    )


class Declaration(Section):
    """Something that cannot be measured from here, said by somebody who answers for it."""

    fact: str = Field(pattern=r"^declared\.[a-z0-9_.-]+$")
    value: bool | int | float | str
    owner: str = Field(min_length=1)
    link: str = Field(min_length=1, description="Where the proof is.")
    date: date


class Waiver(Section):
    """A failure accepted for a time; it never covers an unknown."""

    criterion: str
    reason: str = Field(min_length=10)
    approver: str = Field(min_length=1)
    expires: date


class ProjectFile(Section):
    """A whole ``portance.toml``."""

    project: About
    target: TargetSection
    demand: Demand = Demand()
    journeys: tuple[Journey, ...] = Field(default=(), strict=False)
    load: LoadSection = LoadSection()
    objectives: Objectives = Objectives()
    security: SecuritySection = SecuritySection()
    operations: OperationsSection = OperationsSection()
    criteria: CriteriaSection = CriteriaSection()
    declarations: tuple[Declaration, ...] = Field(default=(), strict=False)
    waivers: tuple[Waiver, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what, names in (
            ("journeys", [j.name for j in self.journeys]),
            ("declarations", [d.fact for d in self.declarations]),
            ("waivers", [w.criterion for w in self.waivers]),
        ):
            doubled = sorted({n for n in names if names.count(n) > 1})
            if doubled:
                raise ValueError(f"{what}: {doubled[0]} stands twice")
        return self


def load(path: Path) -> ProjectFile:
    """Read a project file.

    Raises:
        ProjectError: one line with the file, the table and key, what is wrong, and the nearest known key.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path}: cannot be read ({error.strerror}); 'portance init' writes one") from error
    return parse(content, str(path))


def parse(content: bytes, name: str = FILE_NAME) -> ProjectFile:
    """Read a project file from its bytes; ``name`` is used in messages. Raises ProjectError like :func:`load`."""
    try:
        text = content.decode("utf-8")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ProjectError(f"{name}: not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise ProjectError(f"{name}: not valid TOML: {error}") from error
    try:
        return ProjectFile.model_validate(document)
    except ValidationError as error:
        line = line_of_mistake(error, text)
        where = name if line is None else f"{name}:{line}"
        raise ProjectError(f"{where}: {first_mistake(error, ProjectFile)}") from error
