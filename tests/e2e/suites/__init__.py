"""Test-suites of the distributions in images, and how they are run inside these."""
