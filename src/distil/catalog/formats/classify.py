"""Programs and libraries known by their names and by bytes that are in them.

What they are is a table (`classifiers`); here is how it is read. A pattern is looked for where
its literal stands, so that programs of a hundred megabytes cost one `find`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import Final

from distil.catalog.cpe import cpe
from distil.catalog.facts import Added, Claim, Content, Facts, Stated
from distil.catalog.formats.classifiers import CLASSIFIERS, NO_LITERAL, Classifier
from distil.catalog.formats.installations import installed_with
from distil.catalog.formats.version_strings import version_strings
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

_AROUND: Final = 512
"""Bytes before and after a literal that a pattern may match."""
_MOST_LITERALS: Final = 4096
"""Places of one literal that are looked at in one file."""
_LONGEST_VERSION: Final = 64
_ELF: Final = b"\x7fELF"
_STARTS: Final = (3, 4, 5)
"""Letters by which patterns of names are found: each begins with three at least."""


def _by_name() -> tuple[dict[str, list[Classifier]], dict[str, list[tuple[str, str, Classifier]]]]:
    """The rows by whole names; and by how their patterns begin, each with its pattern."""
    exact: defaultdict[str, list[Classifier]] = defaultdict(list)
    wild: defaultdict[str, list[tuple[str, str, Classifier]]] = defaultdict(list)
    for row in CLASSIFIERS:
        for name in row.names:
            start = re.split(r"[*?\[]", name, maxsplit=1)[0]
            if start == name:
                exact[name].append(row)
            else:
                wild[start[: _STARTS[-1]]].append((start, name, row))
    return dict(exact), dict(wild)


_EXACT, _WILD = _by_name()


def _rows(name: str) -> list[Classifier]:
    """The rows for a file of this name."""
    rows = list(_EXACT.get(name, ()))
    for letters in _STARTS:
        for start, pattern, row in _WILD.get(name[:letters], ()):
            if name.startswith(start) and fnmatchcase(name, pattern):
                rows.append(row)
    return rows


def classified(path: str, content: Content) -> Facts:
    """Which program or library the file at `path` is, and its version; mostly nothing.

    One that holds no version says that it belongs to the others of that program below the same
    directory, such as an interpreter beside the library that it is made of.
    """
    name = path[path.rfind("/") + 1 :]
    stated: dict[str, Stated] = {}
    added: dict[str, Added] = {}
    for row in _rows(name):
        line = ""
        if row.line:
            match = re.match(row.line, name)
            if match is None:
                continue
            line = match[1]
        version = _version(row, content, line)
        prefix = path.rpartition("/")[0].rpartition("/")[0]
        keys = _keys(row, prefix, line)
        if version:
            claims = (Claim(path), *installed_with(row.name, prefix, version, line))
            keys = (f"binary:{path}:{row.name}", *keys)
            stated.setdefault(row.name, Stated(_component(row, version), keys, claims))
        elif row.has_library:
            added.setdefault(row.name, Added(keys[0], (Claim(path),)))
    return Facts(stated=tuple(stated.values()), added=tuple(added.values()))


def script(path: str, content: Content) -> Facts:
    """`classified`, of files that are no ELF files: those are the business of `program`."""
    return Facts() if content[:4] == _ELF else classified(path, content)


def _version(row: Classifier, content: Content, line: str) -> str:
    """The version that the first pattern which matches finds, or nothing."""
    for literal, pattern in row.patterns:
        told = line.encode()
        expression = re.compile(pattern.replace(b"{}", re.escape(told)), re.DOTALL)
        match = _found(content, literal.replace(b"{}", told), expression)
        if match is not None and len(match[1]) <= _LONGEST_VERSION:
            return match[1].decode("ascii", "replace")
    return ""


def _found(
    content: Content, literal: bytes, expression: re.Pattern[bytes]
) -> re.Match[bytes] | None:
    if literal == NO_LITERAL:
        return next(version_strings(content, expression), None)
    at = content.find(literal)
    for _ in range(_MOST_LITERALS):
        if at < 0:
            break
        match = expression.search(content, max(0, at - _AROUND), at + len(literal) + _AROUND)
        if match is not None:
            return match
        at = content.find(literal, at + 1)
    return None


def _keys(row: Classifier, prefix: str, line: str) -> tuple[str, ...]:
    """Names by which what lies in ``bin`` and ``lib`` of one directory speak of each other."""
    lines = dict.fromkeys((line, line.partition(".")[0]))
    return tuple(f"binary:{prefix}:{row.name}{one}" for one in lines)


def _component(row: Classifier, version: str) -> InventoryComponent:
    kind, *namespace, name = row.purl.split("/")
    return InventoryComponent(
        name=row.name,
        version=version,
        kind="binary",
        purl=package_url(kind, name, version, namespace="/".join(namespace)),
        cpes=tuple(cpe(one, version) for one in row.cpes),
    )
