"""``python -m scorecard.cli``: the same as the ``portance`` command."""

from scorecard.cli import main

main()
