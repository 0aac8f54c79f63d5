"""distil, as documents name what made them."""

from __future__ import annotations

from typing import Final

import distil

TOOL: Final = "distil"


def tool_version() -> str:
    """The version of distil."""
    return distil.__version__
