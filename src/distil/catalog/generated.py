"""Paths that no package claims, but that a known mechanism makes.

Nothing is generated because of where it is: it has to be one of the names that are known to be
made (`generated_table`), and of the kind that is made there. A program is generated nowhere but
where package managers keep their scripts. What is made from another file is generated only where
that file is and has an owner, for `attribute` to see to.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.catalog.generated_table import DEVICES, FILES, LINKS, TARGETS, Row
from distil.model.node import Kind

BYTE_CODE: Final = "byte code"
"""The rule of compiled Python modules."""

LINK: Final = "link to"
"""What the rule of a link begins with that is its target's package's."""

_CACHED: Final = re.compile(
    r"(.+)/__pycache__/([^/]+?)\.[a-z]+-?\d+t?(?:\.opt-[0-9a-z]+)?\.pyc", re.DOTALL
)


class Made(msgspec.Struct, frozen=True):
    """How a path came to be: `rule` says what makes it.

    `package` is the package whose program or script that is, `source` the file that it is made
    from, `copies` are files that it may be a copy of. Where there are `contents` (sha256) it has to
    have one of them. `needs_owner`: without the package, or an
    owner of the source, there is no reason for the path.
    """

    rule: str
    package: str = ""
    source: str = ""
    copies: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    needs_owner: bool = False


def made_by(path: str, kind: Kind, target: str = "", *, is_program: bool = False) -> Made | None:
    """How `path` was made, or None where no mechanism is known.

    `target` is where a symbolic link leads, `is_program` whether it is a program or a script.
    """
    if kind is Kind.SYMLINK:
        return _TARGETS.find(target) or _LINKS.find(path)
    if kind in (Kind.CHARACTER, Kind.BLOCK):
        return _DEVICES.find(path)
    if kind not in (Kind.FILE, Kind.HARDLINK):
        return None
    if path.endswith(".pyc"):
        return None if is_program else _byte_code(path)
    return _FILES.find(path, is_program=is_program)


def _byte_code(path: str) -> Made | None:
    """Of ``D/NAME.py``: ``D/__pycache__/NAME.cpython-311.pyc`` (PEP 3147), or ``D/NAME.pyc``."""
    cached = _CACHED.fullmatch(path)
    source = f"{cached[1]}/{cached[2]}.py" if cached is not None else path[:-1]
    return Made(f"{BYTE_CODE} of {source}", source=source, needs_owner=True)


class _Table:
    """Rows by the whole path, or by the first directory of those that have patterns."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._whole = {row.home: row for row in rows if not row.pattern}
        self._below: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row.pattern:
                self._below[_first(row.home)].append(row)

    def find(self, path: str, *, is_program: bool = False) -> Made | None:
        row = self._whole.get(path)
        if row is not None:
            return _made(row) if _may_be(row, is_program=is_program) else None
        for first in (_first(path), ""):
            for row in self._below.get(first, ()):
                made = _matched(row, path) if _may_be(row, is_program=is_program) else None
                if made is not None:
                    return made
        return None


def _first(path: str) -> str:
    """``etc`` of ``/etc/a``; empty for what is in the root or may be anywhere."""
    return path[1:].partition("/")[0] if path.find("/", 1) > 0 else ""


def _may_be(row: Row, *, is_program: bool) -> bool:
    return not is_program or row.is_script or bool(row.contents)


def _made(row: Row, package: str = "") -> Made:
    named = package or row.package
    return Made(row.rule, named, "", row.copies, row.contents, needs_owner=bool(package))


def _matched(row: Row, path: str) -> Made | None:
    if not path.startswith(row.home):
        return None
    found = _compiled(row.pattern).fullmatch(path, len(row.home))
    if found is None:
        return None
    return _made(row, found.groupdict().get("package") or "")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


_FILES: Final = _Table(FILES)
_LINKS: Final = _Table(LINKS)
_TARGETS: Final = _Table(TARGETS)
_DEVICES: Final = _Table(DEVICES)
