"""Sessions that were signed out before their time.

Revision: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE ended_session (
    id       uuid PRIMARY KEY,
    ended_at timestamptz NOT NULL DEFAULT now()
);
-- Every worker asks each second for those that ended since.
CREATE INDEX ended_session_ended_at ON ended_session (ended_at);
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop it: sessions that were signed out work again until they end by age."""
    op.execute("DROP TABLE ended_session")
