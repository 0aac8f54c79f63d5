"""Which modules of the standard library any code may import by a name nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distil.runtimes.python.reach.modules import Finder, Layout

LARGE: Final = frozenset(
    {"curses", "dbm", "readline", "rlcompleter", "shelve", "sqlite3", "tkinter"}
)
"""Modules that need large libraries: kept only when something names them."""

_NOT_FOR_PROGRAMS: Final = frozenset(
    {
        *("__hello__", "__phello__", "antigravity", "config", "dist-packages", "ensurepip"),
        *("idlelib", "lib2to3", "site-packages", "test", "this", "turtle", "turtledemo", "venv"),
    }
)


_BY_CHANCE: Final = frozenset(
    {
        *("bdb", "code", "codeop", "dbm", "dis", "doctest", "nis", "nt", "pdb", "profile", "pty"),
        *("readline", "rlcompleter", "shelve", "site", "timeit", "trace", "tty", "uu"),
    }
)
"""Names that stand in long text by chance (``file.readline``), and are no modules for libraries."""


def named_modules(finder: Finder, layout: Layout) -> Iterator[str]:
    """The modules looked for in compiled code that does not separate its strings."""
    for name in public_modules(finder, layout, large=True):
        if name.partition(".")[0] not in _BY_CHANCE:
            yield name


def public_modules(finder: Finder, layout: Layout, *, large: bool = False) -> Iterator[str]:
    """The public modules of the standard library, submodules too; `LARGE` ones only if asked."""
    left_out = _NOT_FOR_PROGRAMS if large else _NOT_FOR_PROGRAMS | LARGE
    for name in finder.names_in((layout.library, layout.extensions)):
        if name.startswith("_") or not name.isidentifier() or name in left_out:
            continue
        yield name
        module = finder.find(name)
        if module is not None and module.search and module.path.startswith(layout.library):
            for inner in finder.all_below(module):
                if not any(part.startswith("_") or part == "test" for part in inner.split(".")):
                    yield inner
