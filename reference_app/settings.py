"""Settings, all from the environment: the same image runs everywhere."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from reference_app.errors import ReferenceAppError

PREFIX = "PORTANCE_REFERENCE_"


class SettingsError(ReferenceAppError):
    """A setting is missing or wrong; the message names the variable."""


def _words(value: object) -> object:
    return frozenset(filter(None, (w.strip() for w in value.split(",")))) if isinstance(value, str) else value


def _proxy(value: object) -> object:
    """An address with its scheme: without one, as many platforms write it, it is http. Empty is none."""
    if not isinstance(value, str):
        return value
    return (value if "://" in value else f"http://{value}") if value.strip() else None


Proxy = Annotated[SecretStr | None, BeforeValidator(_proxy)]
"""It may hold a password."""
STANDARD = ("DATABASE_URL", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
"""Variables that are called here as everywhere."""
Networks = Annotated[frozenset[IPv4Network | IPv6Network], NoDecode, BeforeValidator(_words)]


class Settings(BaseSettings):
    """What differs from one deployment to the next."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_url: str = Field(
        validation_alias=AliasChoices("DATABASE_URL", f"{PREFIX}DATABASE_URL"), pattern=r"^postgres(ql)?://"
    )
    public_url: HttpUrl = Field(description="Address people use, as the identity providers know it.")
    session_secret: SecretStr = Field(
        min_length=32, description="Signs the session cookies; the same on every replica."
    )
    session_minutes: int = Field(default=30, ge=5, le=720, description="A session ends after this time without use.")

    citizen_issuer: HttpUrl = Field(description="FranceConnect-like issuer, without a trailing slash.")
    citizen_client_id: str
    citizen_client_secret: SecretStr
    citizen_acr: str = Field(default="eidas1", description="Level of assurance asked for and required.")
    agent_issuer: HttpUrl = Field(description="ProConnect-like issuer, without a trailing slash.")
    agent_client_id: str
    agent_client_secret: SecretStr
    agent_acr: str = "eidas1"
    agent_sirets: Annotated[frozenset[str], NoDecode, BeforeValidator(_words)] = Field(
        description="Organisations whose agents may work here, comma separated: the provider says who, not that."
    )

    theme: str = Field(
        default="", description="How the pages look: a theme that is shipped (town, state), or a folder with theme.css."
    )

    waiting_room: bool = Field(default=False, description="Whether agents may open a waiting room for an opening.")

    pooler: Literal["none", "transaction"] = Field(
        default="none", description="Whether the database is reached through a pooler in transaction mode."
    )
    pool_size: int = Field(default=10, ge=1, le=200, description="Connections to PostgreSQL of one worker.")
    pool_wait_s: float = Field(default=2.0, gt=0, description="Longest wait for a connection before a 503.")
    pool_queue: int = Field(default=200, ge=1, description="Requests that may wait for a connection before a 503.")
    statement_timeout_ms: int = Field(default=3000, ge=100)
    request_timeout_s: float = Field(default=8.0, gt=0, description="Longest time a request may take before a 503.")
    places: int = Field(
        default=400, ge=1, description="Requests that may be in one worker at once before a 503; some kinds fewer."
    )
    max_body_bytes: int = Field(default=64 * 1024, ge=1024)
    max_form_bytes: int = Field(
        default=256 * 1024, ge=1024, description="More than the fields of any page of ours let somebody send."
    )

    storage: str | None = Field(
        default=None,
        pattern=r"^(file:///|s3://[a-z0-9])",
        description="Where pieces are kept: file:///folder or s3://bucket?endpoint=…&region=…; none, none are taken.",
    )
    scanner: str | None = Field(
        default=None,
        pattern=r"^(tcp://[^/]+:\d+|unix:///.+)$",
        description="ClamAV's clamd, tcp://host:port or unix:///path; without one, pieces stay unscanned.",
    )
    unscanned_pieces: Literal["closed", "open"] = Field(
        default="closed", description="Whether agents may open pieces that no scanner has looked at."
    )
    uploads_at_once: int = Field(
        default=16, ge=1, description="Pieces one worker receives at once: 10 MB of memory each."
    )
    person_uploads_at_once: int = Field(default=2, ge=1)
    person_pieces_a_day: int = Field(default=200, ge=1, description="Pieces one person may send within 24 hours.")
    person_piece_mb_a_day: int = Field(default=1000, ge=1, description="What they may take together, in million bytes.")

    business_register_url: HttpUrl | None = Field(
        default=None, description="API Entreprise; without it nothing is asked of the register, and people type."
    )
    family_allowances_url: HttpUrl | None = Field(default=None, description="API Particulier; without it, the same.")
    sources_token: SecretStr = Field(default=SecretStr(""), description="This service's token at API Entreprise.")
    recipient_siret: str | None = Field(
        default=None, description="Organisation in whose name sources are asked; else the first of AGENT_SIRETS."
    )
    source_budget_s: float = Field(default=3.0, gt=0, description="Longest time a person waits for a source.")

    https_proxy: Proxy = Field(
        default=None,
        validation_alias=AliasChoices("HTTPS_PROXY", f"{PREFIX}HTTPS_PROXY"),
        description="Forward proxy to https addresses of others, http://host:port; never to this machine.",
    )
    http_proxy: Proxy = Field(
        default=None,
        validation_alias=AliasChoices("HTTP_PROXY", f"{PREFIX}HTTP_PROXY"),
        description="The same for http addresses.",
    )
    no_proxy: str = Field(
        default="",
        validation_alias=AliasChoices("NO_PROXY", f"{PREFIX}NO_PROXY"),
        description="Hosts, domains and networks that are reached without it, comma separated.",
    )

    # Limits, of each worker process: a firm behind one address files at ease, a flood from one does not.
    address_burst: int = Field(default=120, ge=1, description="Requests one address may send at once.")
    address_per_s: float = Field(default=30.0, gt=0)
    sign_in_burst: int = Field(default=30, ge=1, description="Sign-ins one address may begin or end at once.")
    sign_in_per_s: float = Field(default=2.0, gt=0)
    person_burst: int = Field(default=60, ge=1, description="Requests one person may send at once.")
    person_per_s: float = Field(default=10.0, gt=0)
    write_burst: int = Field(default=20, ge=1, description="Requests that change something, of one person, at once.")
    write_per_s: float = Field(default=1.0, gt=0)
    searches_a_minute: int = Field(default=30, ge=1, description="Searches of one agent, as many at once.")
    trusted_proxies: Networks = Field(
        default=frozenset(), description="Networks whose X-Forwarded-For is believed, comma separated."
    )
    unlimited_networks: Networks = Field(
        default=frozenset(),
        description="Networks without limits: that of a load test, and none where people come from.",
    )
    trace_sample_ratio: float = Field(default=0.1, ge=0, le=1)
    requests_logged: Literal["all", "followed", "none"] = Field(
        default="followed", description="Requests with a line in the log: all, those traced, failed or slow, or none."
    )

    finance_url: HttpUrl | None = Field(default=None, description="Finance system that accepted aid is delivered to.")
    finance_hours: Annotated[str | None, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")] = Field(
        default=None, description="Legal time in which it may be called, as 07:00-20:00; at any time without."
    )
    finance_at_once: int = Field(default=4, ge=1, le=100, description="Calls to it at once, of all workers together.")
    finance_timeout_s: float = Field(default=10.0, gt=0, le=60, description="Longest time one call may take.")
    webhook_key: SecretStr | None = Field(
        default=None, min_length=32, description="The secrets of webhooks are derived from it; the same everywhere."
    )
    webhook_loopback: bool = Field(default=False, description="Webhooks to this machine over http, for tests only.")

    smtp_url: Annotated[SecretStr | None, Field(description="Where mails leave; without it, nobody gets any.")] = None
    mail_from: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = Field(
        default="ne-pas-repondre@cci.example", description="Sender of the mails."
    )
    invitations_per_minute: int = Field(default=200, ge=1, description="Invitations of one campaign in a minute.")
    mails_per_minute: int = Field(default=600, ge=1, description="Mails that one process hands over in a minute.")

    opinion_url: HttpUrl | None = Field(
        default=None, description="Where people say what they think of the procedure: Je donne mon avis, or the like."
    )

    trusts_request_start: bool = Field(
        default=False, description="Whether the proxy in front sets X-Request-Start and drops that of strangers."
    )

    @field_validator("https_proxy", "http_proxy")
    @classmethod
    def _is_a_proxy(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and re.fullmatch(r"https?://[^/\s]+/?", value.get_secret_value()) is None:
            raise ValueError("it is http://host:port or https://host:port")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _goes_to_a_server(cls, value: SecretStr | None) -> SecretStr | None:
        if (
            value is not None
            and re.match(r"(smtp|smtp\+starttls|smtps)://[^/]|file:/", value.get_secret_value()) is None
        ):
            raise ValueError("it begins with smtp://, smtp+starttls://, smtps:// or file:/")
        return value

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
        SettingsError: one line naming the first variable that is missing or wrong, never its value.
    """
    try:
        return Settings()  # type: ignore[call-arg]  # the environment gives the arguments
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0]) if problem["loc"] else "settings"
        variable = name.upper() if name.upper() in STANDARD else PREFIX + name.upper()
        raise SettingsError(f"{variable}: {problem['msg'].lower()}") from None
