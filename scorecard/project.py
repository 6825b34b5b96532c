"""The project under test, as ``portance.toml`` describes it."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from scorecard.mistakes import first_mistake, line_of_mistake

FILE_NAME = "portance.toml"

Kind = Literal["online-procedure", "appointment", "api", "internal-tool", "predictive-algorithm"]
Tier = Literal["experiment", "local", "national"]
DemandProfile = Literal["steady", "deadline", "opening", "census"]
RunProfile = Literal["smoke", "quick", "standard", "full"]


KINDS: tuple[Kind, ...] = get_args(Kind)
TIERS: tuple[Tier, ...] = get_args(Tier)
"""From the one on which least depends to the one on which most does."""

NATIONAL_FROM = 200_000
"""Users a year from which the observatory « Vos démarches essentielles » (DINUM) takes a service in."""


class ProjectError(Exception):
    """A ``portance.toml`` is missing or wrong; the message is one line that says what and where."""


def _seconds(value: object) -> object:
    return _quantity(value, {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}, 'a duration such as "400 ms" or "2 h"')


def _ratio(value: object) -> object:
    return _quantity(value, {"%": 0.01}, 'a percentage such as "0.1 %"')


def _quantity(value: object, factors: dict[str, float], expected: str) -> object:
    if not isinstance(value, str):
        raise ValueError(f"expected {expected}, with its unit, in quotes")
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\S+)\s*", value)
    if match is None or match[2] not in factors:
        raise ValueError(f"expected {expected}, got {value!r}")
    return float(match[1]) * factors[match[2]]


_DurationText = Annotated[str, Field(pattern=r"^\s*\d+(\.\d+)?\s*(ms|s|min|h)\s*$")]
_PercentText = Annotated[str, Field(pattern=r"^\s*\d+(\.\d+)?\s*%\s*$")]
Seconds = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=_DurationText)]
Ratio = Annotated[float, BeforeValidator(_ratio, json_schema_input_type=_PercentText)]


class Section(BaseModel):
    """A table of the file: unknown keys and numbers given as words are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


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


class Event(Section):
    """Something that brings many people at one moment: an opening, an announcement, a reminder sent to everybody."""

    name: str = Field(min_length=1, max_length=100, description="What happens, as people would say it.")
    at: datetime = Field(description="When, in the time of the country; only the hour counts without a calendar.")
    share: Ratio = Field(gt=0, le=1, description="Share of the participants who come because of it.")
    within: Seconds = Field(
        default=2778.0,
        gt=0,
        description="Mean time after which they come, most densely at first; by default that of Doctolib on "
        "12 July 2021: 926 000 bookings of an evening at 20 000 a minute, 46 min.",
    )


class Demand(Section):
    """From the population to an arrival rate; a number given here wins over the named profile."""

    profile: DemandProfile = Field(default="deadline", description="Named profile from measured public events.")
    participation: Ratio | None = Field(default=None, description="Share of the users who take part in the campaign.")
    peak_day_share: Ratio | None = Field(default=None, description="Share of the participants on the peak day.")
    peak_to_mean: float | None = Field(default=None, ge=1, description="Peak rate of that day over its mean rate.")
    retries: Ratio | None = Field(default=None, description="Extra journeys from impatient users, as a share.")
    agent_journeys_per_day: float | None = Field(
        default=None, ge=0, description="Journeys an agent makes on a working day."
    )
    peak_hour: float | None = Field(default=None, ge=0, lt=24, description="Hour of the day at which most people come.")
    opens: date | None = Field(default=None, description="First day of the campaign.")
    closes: date | None = Field(default=None, description="Last day of the campaign, taken as its busiest.")
    events: tuple[Event, ...] = Field(
        default=(), strict=False, description="Openings and announcements, on top of what comes by itself."
    )

    @model_validator(mode="after")
    def _calendar_is_sound(self) -> Self:
        if (self.opens is None) != (self.closes is None):
            raise ValueError("a calendar has opens and closes")
        if self.opens is not None and self.closes is not None:
            if self.closes < self.opens:
                raise ValueError("closes is before opens")
            outside = [e.name for e in self.events if not self.opens <= e.at.date() <= self.closes]
            if outside:
                raise ValueError(f"event {outside[0]!r} is not between opens and closes")
        if sum(event.share for event in self.events) > 1:
            raise ValueError("the events bring more people than take part: their shares add up to more than 100 %")
        return self


class Upload(Section):
    """A file that a step sends: its text or its path, and filling up to a size where one is given."""

    name: str = Field(min_length=1, description="Name of the file, as the browser of the user would say it.")
    type: str = Field(default="application/octet-stream", pattern=r"^[\w.+-]+/[\w.+-]+$", description="Its media type.")
    text: str = Field(default="", description="What stands in it.")
    path: str | None = Field(default=None, description="File whose content is sent, relative to this file.")
    size: int | None = Field(
        default=None, ge=1, le=100_000_000, description="Bytes that it is filled up to, with what cannot be compressed."
    )

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if self.path is not None and self.text:
            raise ValueError("an upload has text or path, not both")
        return self


class Step(Section):
    """One request of a journey: exactly one of the methods, with what must come back."""

    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    name: str | None = Field(default=None, description="Name in the statistics; the path template when left out.")
    json_: Any = Field(default=None, alias="json", description="Body sent as JSON.")
    form: dict[str, str] | None = Field(default=None, description="Body sent as a form.")
    files: dict[str, Upload] = Field(
        default_factory=dict, description="Files sent with the form (multipart/form-data), by the name of their field."
    )
    headers: dict[str, str] = Field(default_factory=dict)
    expect: int | tuple[int, ...] = Field(default=200, description="Status, or statuses, of a good answer.")
    contains: str | None = Field(
        default=None, description="Text the answer must hold, so that an error page sent as 200 counts as an error."
    )
    extract: dict[str, str] = Field(
        default_factory=dict, description="Values kept for later steps: $.json.path, regex:(…), or header:Name."
    )
    think: Seconds = Field(default=0.0, description="Pause of the user before this step.")
    verify: bool = Field(default=False, description="The step re-reads something written before: a miss is lost data.")

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, value: object) -> object:
        if isinstance(value, dict) and isinstance(value.get("expect"), list):
            value = {**value, "expect": tuple(value["expect"])}
        return value

    @model_validator(mode="after")
    def _one_method(self) -> Self:
        given = [m for m in ("get", "post", "put", "patch", "delete") if getattr(self, m) is not None]
        if len(given) != 1:
            raise ValueError("a step has exactly one of get, post, put, patch, delete")
        if self.json_ is not None and self.form is not None:
            raise ValueError("a step has json or form, not both")
        if self.json_ is not None and self.files:
            raise ValueError("a step has json or files, not both")
        return self

    @property
    def method(self) -> str:
        """HTTP method in capitals."""
        return next(m.upper() for m in ("get", "post", "put", "patch", "delete") if getattr(self, m) is not None)

    @property
    def path(self) -> str:
        """Path or absolute URL, with ``{placeholders}`` for extracted and generated values."""
        value: str = getattr(self, self.method.lower())
        return value

    @property
    def label(self) -> str:
        """Name of the step in the statistics."""
        return self.name if self.name is not None else f"{self.method} {self.path}"

    @property
    def expected(self) -> tuple[int, ...]:
        """Statuses of a good answer."""
        return (self.expect,) if isinstance(self.expect, int) else self.expect


class Journey(Section):
    """What one person does from arrival to leaving, and who goes this way."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    persona: Literal["citizen", "agent"] = Field(
        default="citizen", description="Whose journey it is: of those served, or of those who work with the service."
    )
    who: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Who goes this way, as people would say it: a business, a counter, the program of a partner.",
    )
    device: Literal["desk", "phone", "program"] | None = Field(
        default=None,
        description="What they use. It tells the reader; requests and their rate are the same, since a slow network "
        "makes the wait of the person longer and not the work of the server less.",
    )
    people: int | None = Field(
        default=None, gt=0, description="How many different people go this way; by default all of the persona."
    )
    pace: float = Field(
        default=1.0, gt=0, le=100, description="Think times of these people, as a multiple of those of the steps."
    )
    repeat: int = Field(
        default=1,
        ge=1,
        le=100,
        description="How often a session goes through its steps, or through those from repeat_from on: an agent signs "
        "in once for many dossiers. Of agents, each time counts as one of their journeys a day.",
    )
    repeat_from: str | None = Field(default=None, description="Name of the step at which each repetition begins.")
    weight: float = Field(default=1.0, gt=0, description="Share among the journeys of the same persona.")
    group: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        description="Group that these agents belong to: what one group works on is closed to the others.",
    )
    steps: tuple[Step, ...] = Field(min_length=1, strict=False)

    @model_validator(mode="after")
    def _repeats_from_a_step(self) -> Self:
        if self.repeat_from is not None and self.repeat_from not in [step.label for step in self.steps]:
            raise ValueError(f"repeat_from: no step is called {self.repeat_from!r}")
        return self

    @property
    def session(self) -> tuple[Step, ...]:
        """The steps of a whole session, repetitions included, with the think times of these people."""
        labels = [step.label for step in self.steps]
        again = 0 if self.repeat_from is None else labels.index(self.repeat_from)
        steps = self.steps + self.steps[again:] * (self.repeat - 1)
        return tuple(step.model_copy(update={"think": step.think * self.pace}) for step in steps)


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
