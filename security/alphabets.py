"""Constants that list an alphabet: as varied as a random secret, and as open as the letters themselves."""

from __future__ import annotations

from itertools import pairwise

# Capitals, small letters, digits, signs: no alphabet in use has more parts than these.
_PARTS = 4
# What is shorter holds less than the 4.5 bits a character from which detect-secrets calls a value random: left to it.
_SHORTEST = 23


def is_alphabet(secret: str) -> bool:
    """True when ``secret`` lists 23 characters or more, each once, in order, in four parts at most.

    Called by detect-secrets on each value that it suspects. Of random values of 23 characters without a repetition
    fewer than 4**23 / 23! = 3 in a thousand million stand so.
    """
    breaks = sum(later <= earlier for earlier, later in pairwise(secret))
    return len(secret) >= _SHORTEST and len(set(secret)) == len(secret) and breaks < _PARTS
