"""What every test starts from: the same examples of property tests at every run, and signals that are heard."""

import signal

from hypothesis import settings

# A gate must not turn red on a change that touched nothing: what a new seed finds belongs to whoever runs the search.
settings.register_profile("gate", derandomize=True, database=None)
settings.register_profile("fuzz", max_examples=2_000)
settings.load_profile("gate")

# A shell starts what runs in its background deaf to Ctrl-C, with all its children: a test of Ctrl-C would
# wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
