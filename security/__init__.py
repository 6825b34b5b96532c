"""Who gets in, what leaks? Scanners, each normalised into findings.

A scanner is one file with ``collect(site) -> Evidence`` and one line in :mod:`security.registry`. Whatever it could not
look at makes its facts unknown, with the reason: silence of a scanner clears nothing by itself.
"""


class SecurityError(Exception):
    """A scanner could not do its work."""
