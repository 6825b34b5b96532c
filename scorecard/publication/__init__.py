"""A small service where an organisation keeps the scorecards of its projects: history, roles, API, portfolio.

It believes no scorecard: a run is published with its evidence, is judged again here, and is refused when the two
differ.
"""
