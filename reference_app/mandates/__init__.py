"""The counter: an agent acts for a person who is present, and the same dossier goes on online."""
