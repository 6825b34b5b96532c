"""The one base exception of this room."""


class LoadTestError(Exception):
    """A load test could not be carried out; the message is one line that says what and where."""
