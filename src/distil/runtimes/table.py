"""The languages that distil knows: one line each, asked in this order."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distil.model.spec import Spec
from distil.runtimes.errors import NoApplication
from distil.runtimes.native.go import GO
from distil.runtimes.native.program import PROGRAM
from distil.runtimes.native.rust import RUST
from distil.runtimes.protocol import Project, Runtime
from distil.runtimes.python.runtime import PYTHON
from distil.source.errors import UnreadableSource
from distil.source.place import Place
from distil.source.scan import Sources
from distil.source.specification import SpecPlace

RUNTIMES: Final[tuple[Runtime, ...]] = (GO, RUST, PYTHON, PROGRAM)


def find_place(source: Path) -> Place:
    """The place of the application that `source`, a directory or a script, names.

    Raises `UnreadableSource` for a file that is no script of a known language; whether a
    directory is there is found out when it is read.
    """
    if not source.is_file():
        return Place(source)
    if not any(runtime.is_script(source) for runtime in RUNTIMES):
        why = "it is neither a directory nor a script of a known language"
        raise UnreadableSource(str(source), why)
    return Place(source.parent, source.name)


def detect(place: Place, spec: Spec, sources: Sources) -> Project:
    """The application at `place`, of whichever language.

    Raises `NoApplication`, `InvalidSpec` for a runtime that there is not, and what
    `Runtime.detect` raises.
    """
    names = [runtime.name for runtime in RUNTIMES]
    if spec.app.runtime and spec.app.runtime not in names:
        where = SpecPlace(place.directory, ("app", "runtime"))
        why = f"there is no runtime {spec.app.runtime!r}"
        raise where.error(why, hint=f"one of {', '.join(names)}")
    for runtime in RUNTIMES:
        if spec.app.runtime in ("", runtime.name):
            project = runtime.detect(place, spec, sources)
            if project is not None:
                return project
    looked_for = [what for runtime in RUNTIMES for what in runtime.looked_for]
    raise NoApplication(str(place.directory), looked_for)


def runtime_called(name: str) -> Runtime:
    """The runtime of that name, as plans and locks have it. KeyError for another."""
    return {runtime.name: runtime for runtime in RUNTIMES}[name]
