"""distil: the smallest container image that runs an application, and proof of what is in it.

The verbs are functions of `distil.pipeline`; everything else is an implementation of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(name)
    try:
        from distil._version import __version__ as found
    except ModuleNotFoundError:  # a source tree that nobody built or installed anew
        from importlib.metadata import version

        return version("distil")
    return str(found)
