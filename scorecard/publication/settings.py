"""Settings of the publication service, all from the environment."""

from __future__ import annotations

import os
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from scorecard.publication.errors import PublicationError

PREFIX = "PORTANCE_PUBLICATION_"


def _words(value: object) -> object:
    return frozenset(filter(None, (w.strip() for w in value.split(",")))) if isinstance(value, str) else value


class Settings(BaseSettings):
    """What differs from one organisation to the next."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_url: str = Field(
        validation_alias=AliasChoices("DATABASE_URL", f"{PREFIX}DATABASE_URL"), pattern=r"^postgres(ql)?://"
    )
    public_url: HttpUrl = Field(description="Address people use, as the identity provider knows it.")
    session_secret: SecretStr = Field(min_length=32, description="Signs the session cookies.")
    session_minutes: int = Field(default=480, ge=5, le=1440, description="A session ends this long after signing in.")
    issuer: HttpUrl = Field(description="OpenID Connect issuer, such as ProConnect.")
    client_id: str
    client_secret: SecretStr
    scope: str = "openid given_name usual_name"
    acr: str = Field(default="eidas1", description="Level of assurance asked for and required.")
    administrators: Annotated[frozenset[str], NoDecode, BeforeValidator(_words)] = Field(
        default=frozenset(), description="Subjects (sub) who are administrators from the start, comma separated."
    )
    organisation: str = Field(default="", max_length=100, description="Shown at the head of every page.")
    max_body_bytes: int = Field(default=32 * 1024 * 1024, ge=1024, description="Largest run taken.")
    pool_size: int = Field(default=5, ge=1, le=100)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the service, without a trailing slash."""
        return str(self.public_url).rstrip("/")

    @property
    def https(self) -> bool:
        """Whether people reach the service over TLS."""
        return self.public_url.scheme == "https"


def load() -> Settings:
    """Settings from the environment.

    Raises:
        PublicationError: one line naming the first variable that is missing or wrong, never its value.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # the environment gives the arguments
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0]) if problem["loc"] else "settings"
        variable = name.upper() if name.upper() == "DATABASE_URL" else PREFIX + name.upper()
        raise PublicationError(f"{variable}: {problem['msg'].lower()}") from None


def database_url() -> str:
    """The address of the database alone, for commands that need nothing else. Raises PublicationError."""
    for name in ("DATABASE_URL", f"{PREFIX}DATABASE_URL"):
        if os.environ.get(name):
            return os.environ[name]
    raise PublicationError("DATABASE_URL: not set")
