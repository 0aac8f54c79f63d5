"""Where the database is, unless somebody says otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from distil.fetch.cache import Cache


def database_path(environment: Mapping[str, str] = os.environ) -> Path:
    """``$DISTIL_DB``, or ``advisories.db`` in distil's cache, where cleaning leaves it alone."""
    named = environment.get("DISTIL_DB", "")
    return Path(named).absolute() if named else Cache.default().root / "advisories.db"
