"""What was left lying: dossiers under review, mails, an old system that fails; and acts of the service itself.

Revision: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMNS = """
-- Without an account: the service did it by itself.
ALTER TABLE traitement ALTER account_id DROP NOT NULL;
-- The first failure of those in a row; nothing while the system answers.
ALTER TABLE finance_gate ADD COLUMN IF NOT EXISTS failing_since timestamptz;
"""

INDEXES = {
    "dossier_under_review": "dossier (procedure, claimed_at) WHERE state = 'en_instruction'",
    "notification_waiting": "notification (created_at) WHERE state = 'waiting'",
}

BACK = """
DROP INDEX dossier_under_review;
DROP INDEX notification_waiting;
ALTER TABLE finance_gate DROP failing_since;
DELETE FROM traitement WHERE account_id IS NULL; -- the log of operations still tells them
ALTER TABLE traitement ALTER account_id SET NOT NULL;
"""


def upgrade() -> None:
    """Make room for them; the indexes outside of a transaction, while dossiers are filed."""
    op.execute(COLUMNS)
    with op.get_context().autocommit_block():
        for name, on in INDEXES.items():
            # One that was cut off half-way is there without being used: it is made again.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {on}")


def downgrade() -> None:
    """Take them away, with all they hold."""
    op.execute(BACK)
