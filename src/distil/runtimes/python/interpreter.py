"""The interpreter of the target: what wheels have to fit, and where it looks for things."""

from __future__ import annotations

import msgspec


class PythonInterpreter(msgspec.Struct, frozen=True):
    """The interpreter of the target, which is never run: what wheels have to fit.

    `version` is the full version (``3.13.5``); `glibc` the target's C library version, or with
    `is_musl` that of musl. `program` and `site` are the paths of an interpreter that an image has
    already, and of its directory for distributions; empty for Debian's own. `is_added` says
    whether packages have to bring it.
    """

    version: str
    glibc: tuple[int, int]
    machine: str
    is_musl: bool = False
    program: str = ""
    site: str = ""
    is_added: bool = True

    @property
    def line(self) -> str:
        """Major and minor version: ``3.13``."""
        return ".".join(self.version.split(".")[:2])

    @property
    def executable(self) -> str:
        """The interpreter's path in the image."""
        return self.program or f"/usr/bin/python{self.line}"

    @property
    def command(self) -> str:
        """The name by which it is started: the path without its version."""
        return f"{self.executable.rpartition('/')[0]}/python3"

    @property
    def site_directory(self) -> str:
        """Where it looks for locally installed distributions, .pth included."""
        return self.site or f"/usr/local/lib/python{self.line}/dist-packages"

    @property
    def c_library(self) -> str:
        """The target's C library and its version, as people and tags of wheels call them."""
        version = ".".join(map(str, self.glibc))
        return f"musl {version}" if self.is_musl else f"glibc {version}"
