"""Schema of the database, one numbered step a change."""
