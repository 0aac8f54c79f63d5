"""Python applications: what they are, what they need, and how that is laid out in an image."""
