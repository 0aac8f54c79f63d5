"""``python -m distil``."""

from distil.cli import main

main()
