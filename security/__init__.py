"""Who gets in, what leaks? Scanners, each normalised into findings."""
