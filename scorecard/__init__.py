"""Is the service ready? Project file, evidence, criteria, grading, reports, command line."""
