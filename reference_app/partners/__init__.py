"""Other administrations: what they may read, and where they are told of changes."""
