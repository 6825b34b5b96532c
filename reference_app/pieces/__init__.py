"""Pieces: the files sent with a dossier, from the upload to the agent who opens them."""
