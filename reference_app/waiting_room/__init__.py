"""The waiting room of an opening: a place in line, drawn among those who came early, and entry at a bounded rate."""
