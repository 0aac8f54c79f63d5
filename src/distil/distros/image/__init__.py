"""Images as bases: they stay as they are, and what is added goes on top."""
