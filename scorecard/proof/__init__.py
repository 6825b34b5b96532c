"""Proof of a run: a statement of what it holds, a summary of how it was judged, signatures, and their verification."""


class ProofError(Exception):
    """A proof cannot be made: a key cannot be used, or a document is none of ours; one line says which and why."""
