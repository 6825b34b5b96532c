"""What somebody who signed in may be."""

from __future__ import annotations

from typing import Literal

Role = Literal["citizen", "agent"]
