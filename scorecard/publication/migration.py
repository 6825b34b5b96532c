"""Bring the database to the newest schema."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import SQLAlchemyError

from scorecard.publication.errors import PublicationError

CONNECT_TIMEOUT_S = 10


def upgrade(database_url: str) -> None:
    """Apply every step that is missing. Safe to run from several replicas at once.

    Raises:
        PublicationError: the database cannot be reached, or a step failed; nothing of that step was kept.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")

    def connect() -> psycopg.Connection:
        return psycopg.connect(database_url, connect_timeout=CONNECT_TIMEOUT_S)

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (SQLAlchemyError, psycopg.Error, CommandError) as error:
        cause = getattr(error, "orig", None)
        lines = str(cause if cause is not None else error).strip().splitlines()
        raise PublicationError(f"database: {lines[0] if lines else type(error).__name__}") from error
    finally:
        engine.dispose()
