"""What other administrations know already, so that nobody is asked for it again (docs/decisions/0175)."""
