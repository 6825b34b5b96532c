"""Schema of the publication service, one step a file."""
