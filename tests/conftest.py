"""How property tests choose their examples: the same ones at every run, new ones with ``make fuzz``."""

from hypothesis import settings

# A gate must not turn red on a change that touched nothing: what a new seed finds belongs to whoever runs the search.
settings.register_profile("gate", derandomize=True, database=None)
settings.register_profile("fuzz", max_examples=2_000)
settings.load_profile("gate")
