"""What distil is compared with, and the measurements: ``python -m bench --help``."""
