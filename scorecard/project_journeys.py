"""The tables ``[[journeys]]`` of ``portance.toml``: what one person does, request by request."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from scorecard.project_section import Seconds, Section


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
