"""Places, slots and appointments.

Revision: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE lieu (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    name       text NOT NULL UNIQUE,
    address    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The row of a slot counts its seats, so that availability is read without counting appointments. "taken" is in no
-- index and pages are left half empty: a booking then changes the row in place (a heap-only update).
CREATE TABLE creneau (
    id        uuid PRIMARY KEY DEFAULT uuidv7(),
    procedure text NOT NULL,
    lieu_id   uuid NOT NULL REFERENCES lieu,
    starts_at timestamptz NOT NULL,
    minutes   smallint NOT NULL CHECK (minutes > 0),
    capacity  smallint NOT NULL CHECK (capacity > 0),
    taken     smallint NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND capacity),
    UNIQUE (procedure, lieu_id, starts_at)
) WITH (fillfactor = 50);

CREATE TABLE rendez_vous (
    id         uuid PRIMARY KEY DEFAULT uuidv7(),
    number     bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    creneau_id uuid NOT NULL REFERENCES creneau,
    procedure  text NOT NULL,
    account_id uuid NOT NULL REFERENCES account,
    state      text NOT NULL DEFAULT 'unknown' CHECK (state IN ('unknown', 'seen', 'excused', 'revoked', 'noshow')),
    name       text NOT NULL,
    note       text,
    booked_at  timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    agent_id   uuid REFERENCES account,
    CHECK (state IN ('unknown', 'excused') OR agent_id IS NOT NULL)
);
-- At most one appointment to come for a person and a procedure, whatever the code does.
CREATE UNIQUE INDEX rendez_vous_live ON rendez_vous (account_id, procedure) WHERE state = 'unknown';
CREATE INDEX rendez_vous_of_account ON rendez_vous (account_id, id);
CREATE INDEX rendez_vous_of_creneau ON rendez_vous (creneau_id);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them, with all they hold."""
    op.execute("DROP TABLE rendez_vous, creneau, lieu")
