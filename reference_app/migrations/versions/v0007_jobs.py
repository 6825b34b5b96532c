"""Jobs: the tables and functions of procrastinate, from the steps that it ships, none of them copied here.

A later step of ours applies those it adds after :data:`NEWEST` (docs/decisions/0190).

Revision: 0007
"""

from __future__ import annotations

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEWEST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""The newest of procrastinate's steps that this one applies; what a newer version of it ships is not in here."""

QUIET = "DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON procrastinate_jobs"
"""No notification at each job: it would hold, at commit, a lock of the whole server. Workers look for themselves."""

BACK = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE found text;
BEGIN
    FOR found IN SELECT oid::regprocedure FROM pg_proc
                 WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate!_%' ESCAPE '!'
    LOOP EXECUTE 'DROP FUNCTION ' || found || ' CASCADE'; END LOOP;
END $$;
DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type;
"""


def upgrade() -> None:
    """Apply procrastinate's steps, in their order."""
    steps = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    for step in steps:
        if step.name <= NEWEST:
            _run(step.read_text(encoding="utf-8"))
    _run(QUIET)


def downgrade() -> None:
    """Drop it all, with the jobs that wait."""
    _run(BACK)


def _run(statements: str) -> None:
    """As the driver takes them: ``%`` and ``:`` mean nothing in them."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    driver.execute(statements)
