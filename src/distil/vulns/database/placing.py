"""A new state in the place of the one before: whole, at once, and for good."""

from __future__ import annotations

import os
from pathlib import Path


def put_in_place(made: Path, path: Path) -> None:
    """Let the complete file `made`, which is on the disk, become `path`. Raises OSError."""
    made.replace(path)
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
