"""Bridges: what other tools wrote, read as evidence whose source is named; nothing they say is judged here."""
