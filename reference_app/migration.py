"""Bring a database to the newest schema, or take steps back."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import SQLAlchemyError

from reference_app.errors import ReferenceAppError

CONNECT_TIMEOUT_S = 10


class MigrationError(ReferenceAppError):
    """The schema could not be changed; nothing of the failed step was kept."""


def upgrade(database_url: str, revision: str = "head") -> None:
    """Apply every step up to ``revision``. Safe to run from several replicas at once.

    Raises:
        MigrationError: the database cannot be reached, or a step failed.
    """
    _run(database_url, revision, command.upgrade)


def downgrade(database_url: str, revision: str) -> None:
    """Take back every step after ``revision`` ("base" takes back all). Raises MigrationError like :func:`upgrade`."""
    _run(database_url, revision, command.downgrade)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(database_url: str, revision: str, step: object) -> None:
    assert callable(step)  # nosec B101 (states an invariant to the reader and to the type checker)
    config = _config()

    def connect() -> psycopg.Connection:
        return psycopg.connect(database_url, connect_timeout=CONNECT_TIMEOUT_S)

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            step(config, revision)
    except (SQLAlchemyError, psycopg.Error, CommandError) as error:
        cause = getattr(error, "orig", None)
        message = str(cause if cause is not None else error).strip().splitlines()
        raise MigrationError(f"database: {message[0] if message else type(error).__name__}") from error
    finally:
        engine.dispose()
