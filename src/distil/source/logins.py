"""Logins of package indexes that stand in a project's own files: none of them gets into an image.

They belong into uv's variables, netrc or a keyring. Where they stand in a file all the same, uv
uses them, and the file is for the build only.
"""

from __future__ import annotations

import fnmatch
import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import parse_qsl

FILES: Final = (
    *("pyproject.toml", "uv.toml", "setup.cfg", "pylock*.toml", "*.lock", "Pipfile"),
    *("*requirements*.txt", "*requirements*.in", "*constraints*.txt", "*constraints*.in"),
)
"""Names of the files from which package managers read addresses."""

DIRECTORIES: Final = ("requirements", "constraints")
"""Directories in which every ``.txt`` and ``.in`` is such a file."""

_ADDRESS: Final = re.compile(rb"https?://[^\s'\"`<>]+")
_VARIABLE: Final = re.compile(r"\$\{[A-Z0-9_]+\}")
_HIDDEN: Final = re.compile(r"\**")
_SECRET_NAME: Final = re.compile(
    r"token|secret|signature|^sig$|passw|credential|api[-_]?key|^auth", re.IGNORECASE
)
_NOT_SECRET: Final = ("", "git")
"""Users that are the same for everybody."""


def may_hold_login(path: str) -> bool:
    """Whether the file at `path`, relative to the application, is one that names indexes."""
    place = PurePosixPath(path)
    if any(fnmatch.fnmatchcase(place.name, pattern) for pattern in FILES):
        return True
    return place.suffix in (".txt", ".in") and place.parent.name in DIRECTORIES


def holds_login(text: bytes) -> bool:
    """Whether an address in `text` has a password, a token or a signature in it.

    A variable that is filled in later, ``${TOKEN}``, is none, nor are the asterisks of a tool.
    """
    for found in _ADDRESS.findall(text):
        rest = found.decode("utf-8", "replace").partition("://")[2]
        place, _, query = rest.partition("?")
        user, _, password = place.partition("/")[0].rpartition("@")[0].partition(":")
        # A token can stand in either place; a user name beside a password is none.
        if _is_secret(password or user):
            return True
        named = parse_qsl(query.partition("#")[0])
        if any(_SECRET_NAME.search(name) and _is_secret(value) for name, value in named):
            return True
    return False


def metadata_holds_login(metadata: bytes) -> bool:
    """The same for the requirements in a wheel's METADATA, whose description is free text."""
    head = metadata.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = [line for line in head.splitlines() if line.lower().startswith(b"requires-dist:")]
    return holds_login(b"\n".join(lines))


def _is_secret(value: str) -> bool:
    left = _VARIABLE.sub("", value)
    return left not in _NOT_SECRET and not _HIDDEN.fullmatch(left)
