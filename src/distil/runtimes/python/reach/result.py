"""What the reachability pass over Python hands on."""

from __future__ import annotations

from typing import Final

import msgspec

from distil.model.ledger import Reason


class Dynamic(msgspec.Struct, frozen=True, order=True):
    """One place that may import a module whose name the code does not say."""

    path: str
    line: int
    module: str
    function: str
    scope: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.function}() in {self.scope or self.module}"


class Library(msgspec.Struct, frozen=True, order=True):
    """A shared library that Python code opens by name.

    `name` is a file name, a path, or with `searched` the bare name given to `find_library`
    (which runs ldconfig); ``*`` when the code does not say.
    """

    name: str
    path: str
    line: int
    searched: bool = False


COMPUTED: Final = "unresolved dynamic import"
"""The rule of what is kept because a computed name may mean it."""


class PythonReach(msgspec.Struct, frozen=True):
    """Which paths of the Python world stay, and why; which go, and why.

    Only paths the pass has an opinion on are in `kept` or `removed`: the standard library, the
    directories of installed distributions, what their RECORDs list, and the application's
    files. `further` are more reasons of what is in `kept`. `modules` are the reached modules by
    name.

    `unresolved` are the dynamic imports because of which everything is kept that could be meant;
    what only those lead to is not searched for more. `resolved` says for each other dynamic
    import what explains it. `missing` are modules that are imported somewhere and that the tree
    does not have (built-in ones, optional ones), with the first place. `held` are the import
    statements, by path and line, that a rule says do not run. `rules` names the rules that had
    a part.
    """

    kept: dict[str, Reason]
    further: dict[str, list[Reason]]
    removed: dict[str, str]
    modules: dict[str, str]
    unresolved: tuple[Dynamic, ...] = ()
    resolved: tuple[tuple[Dynamic, str], ...] = ()
    libraries: tuple[Library, ...] = ()
    missing: dict[str, str] = {}
    held: frozenset[tuple[str, int]] = frozenset()
    rules: tuple[str, ...] = ()
