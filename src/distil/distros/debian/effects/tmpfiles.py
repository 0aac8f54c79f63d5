"""``tmpfiles.d`` files: directories that a service manager makes at every start (tmpfiles.d(5)).

An engine makes none, and a service without its directory below ``/run`` does not start.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Final

DIRECTORY: Final = "/usr/lib/tmpfiles.d/"

_UNSET: Final = "-"
_MODE: Final = re.compile(r"[~:]?([0-7]{3,4})")
_KINDS: Final = frozenset("dDqQv")
"""Directories, and subvolumes, which are directories elsewhere."""
_DEFAULT_MODE: Final = "0755"


def tmpfiles_script(texts: Iterable[str]) -> str:
    """What makes the directories that the files ask for, as a script for the shell.

    Files, links and what is only to be cleaned are not an image's; neither is a path with
    specifiers, which stand for a machine's own names.
    """
    lines = ["#!/bin/sh", "set -e"]
    for text in texts:
        for line in text.splitlines():
            lines += _made(line)
    return "\n".join(lines)


def _made(line: str) -> Iterator[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return
    kind, path, mode, user, group, *_ = (*words, *(_UNSET,) * 5)
    found = _MODE.fullmatch(_DEFAULT_MODE if mode == _UNSET else mode)
    if kind.rstrip("!+=-~^$") not in _KINDS or not path.startswith("/") or "%" in path or not found:
        return
    quoted = shlex.quote(path)
    yield f"mkdir -p {quoted}"
    owner = ":".join("root" if name == _UNSET else name for name in (user, group))
    yield f"chown {shlex.quote(owner)} {quoted}"
    yield f"chmod {found[1]} {quoted}"
