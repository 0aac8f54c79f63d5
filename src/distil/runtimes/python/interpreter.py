"""The interpreter of the target: what wheels have to fit, and where it looks for things."""

from __future__ import annotations

import msgspec


class PythonInterpreter(msgspec.Struct, frozen=True):
    """The interpreter of the target, which is never run: what wheels have to fit.

    `version` is the full version (``3.13.5``); `glibc` the target's C library version.
    """

    version: str
    glibc: tuple[int, int]
    machine: str

    @property
    def line(self) -> str:
        """Major and minor version: ``3.13``."""
        return ".".join(self.version.split(".")[:2])

    @property
    def executable(self) -> str:
        """The interpreter's path in the image."""
        return f"/usr/bin/python{self.line}"

    @property
    def site_directory(self) -> str:
        """Where Debian's interpreter looks for locally installed distributions, .pth included."""
        return f"/usr/local/lib/python{self.line}/dist-packages"
