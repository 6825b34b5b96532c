"""Deferred work: staged in the transaction that causes it, done at least once by processes of its own."""
