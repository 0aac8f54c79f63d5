"""Type stubs that are read by the running program: what `lazy_loader` makes attributes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from distil.model.ledger import Reason
from distil.runtimes.python.formats.source import PythonSource
from distil.runtimes.python.reach.modules import Module

if TYPE_CHECKING:
    from distil.runtimes.python.reach.search import Search

READS_STUB: Final = "attach_stub"
"""The function that reads the stub beside the file that it is given (Scientific Python SPEC 1)."""


class Stubs:
    """Keeps, for one search, the stubs beside modules that read theirs."""

    def __init__(self, search: Search) -> None:
        self._search = search

    def keep(self, module: Module, source: PythonSource) -> str:
        """Keep the stub that `module` reads when it is imported; its path, empty for most."""
        path = module.path.removesuffix(".py") + ".pyi"
        if READS_STUB not in source.mentions or path not in self._search.world.tree:
            return ""
        self._search.keep(path, Reason("stub", module.path, "its attributes are read from it"))
        return path

    def follow(self, module: Module, source: PythonSource) -> None:
        """The same, and what the attributes are imported from when they are asked for."""
        path = self.keep(module, source)
        node = self._search.world.tree.resolve(path) if path else None
        if node is not None:
            stub = Module(module.name, path, module.search)
            self._search.follow(stub, self._search.analyses.of(node))
