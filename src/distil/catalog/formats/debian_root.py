"""Where a package database is, and so below which root its paths are, and how it is spoken of."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from distil.catalog.facts import Unreadable

_ODD: Final = re.compile(r"/(?:\.{0,2}/|\.{1,2}$)")


class Database:
    """The database of `manager` (``dpkg``, ``opkg``) that the file at `path` is part of.

    `root` is the directory that its paths are below, empty for that of the image, `directory` the
    database's own, and `file` what follows that. Raises `Unreadable` for a path outside of one.
    """

    def __init__(self, path: str, manager: str) -> None:
        head, found, self.file = path.rpartition(f"/lib/{manager}/")
        if not found:
            raise Unreadable(f"not in a database of {manager}")
        self.manager = manager
        self.directory = f"{head}{found}".rstrip("/")
        self.root = head.removesuffix("/var").removesuffix("/usr")

    def key(self, name: str) -> str:
        """By what others speak of the package `name`, or ``name:architecture``."""
        return package_key(self.manager, self.root, name)

    def virtual_key(self, name: str) -> str:
        """By what others speak of whatever provides `name`."""
        return package_key(f"{self.manager}-provided", self.root, name)

    def path(self, written: str) -> str:
        """The path in the image that the database writes as `written`."""
        return below(self.root, written)


def package_key(manager: str, root: str, name: str) -> str:
    """The key of a package in the database below `root`."""
    return f"{manager}:{root or '/'}:{name}"


def below(root: str, written: str) -> str:
    """A path that is `written` with or without ``./`` or ``/`` at its start, below `root`.

    No ``..`` leads out of `root`.
    """
    path = "/" + written.removeprefix("./").removeprefix("/")
    if ("/." in path or "//" in path) and _ODD.search(path):
        path = posixpath.normpath(path)
        path = "/" + path.lstrip("/")
    return root + path
