"""``python -m scorecard.schemas`` writes the schema files anew and names those that changed."""

from __future__ import annotations

import sys

from scorecard.schemas import refresh

for path in refresh():
    sys.stdout.write(f"{path.name}\n")
