"""The agents' work on filed dossiers: queue, claim, decision."""
