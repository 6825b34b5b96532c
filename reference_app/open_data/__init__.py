"""Figures anybody may use: counted by month, no person behind any of them, ready to be served."""
