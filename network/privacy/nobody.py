"""Models that hold nothing of a person, each with the reason."""
