"""Lists of firms that say a language, and keep the lines that cannot be used so that they can be mended.

Revision: 0016
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Columns that are null, or have a default: the version before this one goes on writing its rows without them.
MORE = """
-- The subject for firms that are written to in English; without one they get the other.
ALTER TABLE campaign ADD COLUMN title_en text;

-- The language that the list names; null where it names none.
ALTER TABLE campaign_line ADD COLUMN language text;
ALTER TABLE invitation ADD COLUMN language text CHECK (language IN ('fr', 'en'));

-- The first line of the list, as it was sent.
ALTER TABLE campaign_file ADD COLUMN titles text[] NOT NULL DEFAULT '{}';

-- A line that cannot be used, as it was sent.
CREATE TABLE campaign_bad_line (
    file_id uuid NOT NULL REFERENCES campaign_file ON DELETE CASCADE,
    number  integer NOT NULL,
    cells   text[] NOT NULL,
    PRIMARY KEY (file_id, number)
);
"""

BACK = """
DROP TABLE campaign_bad_line;
ALTER TABLE campaign_file DROP COLUMN titles;
ALTER TABLE invitation DROP COLUMN language;
ALTER TABLE campaign_line DROP COLUMN language;
ALTER TABLE campaign DROP COLUMN title_en;
"""


def upgrade() -> None:
    """Add them; the tables hold thousands of rows, not millions."""
    op.execute(MORE)


def downgrade() -> None:
    """Drop them, with what they hold."""
    op.execute(BACK)
