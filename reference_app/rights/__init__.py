"""What a person may ask about themselves: all that is held, that it goes, until when it stays."""
