"""Type stubs that are read by the running program: what `lazy_loader` makes attributes from."""

from __future__ import annotations

from typing import Final

from distil.model.ledger import Reason
from distil.runtimes.python.formats.source import PythonSource
from distil.runtimes.python.reach.modules import Module
from distil.runtimes.python.reach.state import State

READS_STUB: Final = "attach_stub"
"""The function that reads the stub beside the file that it is given (Scientific Python SPEC 1)."""


def keep_stub(state: State, module: Module, source: PythonSource) -> str:
    """Keep the stub that `module` reads when it is imported; its path, empty for most."""
    path = module.path.removesuffix(".py") + ".pyi"
    if READS_STUB not in source.mentions or path not in state.world.tree:
        return ""
    state.keep(path, Reason("stub", module.path, "its attributes are read from it"))
    return path
