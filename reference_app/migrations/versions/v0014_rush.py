"""The waiting room of an opening: its rule, and how many people came in each second.

Revision: 0014
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
-- A room is never changed: another opening hour or rate is another room, with a line and a draw of its own.
CREATE TABLE waiting_room (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    procedure  text NOT NULL UNIQUE,
    seed       uuid NOT NULL DEFAULT gen_random_uuid(),
    opens_at   timestamptz NOT NULL,
    per_minute integer NOT NULL CHECK (per_minute > 0),
    minutes    smallint NOT NULL CHECK (minutes BETWEEN 1 AND 60),
    agent_id   uuid NOT NULL REFERENCES account,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Nobody has a row: each worker adds, once a second, how many came. Whoever came before the opening counts in the
-- second before it, since the order of these is drawn.
CREATE TABLE waiting_arrivals (
    room     uuid NOT NULL REFERENCES waiting_room ON DELETE CASCADE,
    second   bigint NOT NULL,
    arrivals integer NOT NULL CHECK (arrivals > 0),
    PRIMARY KEY (room, second)
) WITH (fillfactor = 50);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them, with all they hold."""
    op.execute("DROP TABLE waiting_arrivals, waiting_room")
