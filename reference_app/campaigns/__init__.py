"""Campaigns: firms of a list are invited by mail, at a bounded rate, and what they answer is summed up."""
