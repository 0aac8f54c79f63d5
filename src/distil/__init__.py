"""distil: the smallest container image that runs an application, and proof of what is in it.

The verbs are functions of `distil.pipeline`; everything else is an implementation of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    # Reading package metadata costs milliseconds that most runs do not need.
    if name == "__version__":
        from importlib.metadata import version

        return version("distil")
    raise AttributeError(name)
