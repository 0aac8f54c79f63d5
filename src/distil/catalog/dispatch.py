"""Which cataloguers want to see a file, by its path and how it begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from distil.catalog.cataloger import Cataloger

ELF_MAGIC: Final = b"\x7fELF"


class Dispatch:
    """The rows of a table, found in one look for nearly every path."""

    def __init__(self, rows: Iterable[Cataloger]) -> None:
        self._order: dict[str, int] = {}
        self._names: defaultdict[str, list[Cataloger]] = defaultdict(list)
        self._endings: defaultdict[str, list[tuple[str, Cataloger]]] = defaultdict(list)
        self._elf: list[Cataloger] = []
        self._all: list[Cataloger] = []
        for row in rows:
            self._order[row.name] = len(self._order)
            for name in row.names:
                self._names[name].append(row)
            for suffix in row.suffixes:
                self._endings[_ending(suffix)].append((suffix, row))
            if row.elf:
                self._elf.append(row)
            if not (row.names or row.suffixes or row.elf):
                self._all.append(row)

    def rows(self, path: str, first: bytes) -> list[Cataloger]:
        """Those for the file at `path`, which begins with `first`, in the order of the table."""
        found = list(self._names.get(path.rpartition("/")[2], ()))
        for suffix, row in self._endings.get(_ending(path), ()):
            if path.endswith(suffix):
                found.append(row)
        if first.startswith(ELF_MAGIC):
            found += self._elf
        if found:
            found = [row for row in found if _is_inside(path, row)]
        for row in self._all:
            if _is_inside(path, row):
                found.append(row)
        if len(found) < 2:
            return found
        unique = {row.name: row for row in found}
        return sorted(unique.values(), key=lambda row: self._order[row.name])


def _is_inside(path: str, row: Cataloger) -> bool:
    for part in row.inside:
        if part in path:
            return True
    return not row.inside


def _ending(path: str) -> str:
    """What follows the last dot or slash: paths with different ones end differently."""
    return path[max(path.rfind("."), path.rfind("/")) :]
