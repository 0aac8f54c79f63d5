"""The languages that distil knows: one line each, asked in this order."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distil.errors import NoApplication
from distil.model.spec import Spec
from distil.runtimes import Project, Runtime
from distil.runtimes.python.runtime import PYTHON
from distil.source.scan import Sources

RUNTIMES: Final[tuple[Runtime, ...]] = (PYTHON,)


def detect(source: Path, spec: Spec, sources: Sources) -> Project:
    """The application in `source`, of whichever language.

    Raises `NoApplication`, and what `Runtime.detect` raises.
    """
    for runtime in RUNTIMES:
        project = runtime.detect(source, spec, sources)
        if project is not None:
            return project
    looked_for = [what for runtime in RUNTIMES for what in runtime.looked_for]
    raise NoApplication(str(source), looked_for)


def runtime_called(name: str) -> Runtime:
    """The runtime of that name, as plans and locks have it. KeyError for another."""
    return {runtime.name: runtime for runtime in RUNTIMES}[name]
