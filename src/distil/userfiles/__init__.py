"""userfiles."""
