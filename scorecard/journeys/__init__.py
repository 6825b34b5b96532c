"""What a journey of the project file means: placeholders, made-up people, values kept from an answer.

The collectors that play journeys (load, replay, pages) share these, so that a step does the same whoever plays it.
"""


class JourneyError(Exception):
    """A journey uses a value nobody gives, or an expression that cannot be read; one line says which and where."""
