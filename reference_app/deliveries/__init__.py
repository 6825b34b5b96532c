"""What accepted dossiers are owed, delivered to a finance system that is slow, limited and closed at night."""
