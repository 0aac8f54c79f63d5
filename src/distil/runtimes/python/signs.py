"""What a directory with a Python application in it has, so that others are told from it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distil.model.spec import PythonSpec, Spec
from distil.source.place import Place
from distil.source.scan import Sources

NAME: Final = "python"
"""Of the runtime, in locks and in ``distil.toml``."""

LOOKED_FOR: Final = (
    "pyproject.toml with [project] or [tool.poetry]",
    "setup.py",
    "pylock.toml",
    "requirements.txt",
    "requirements.in",
    "a Python file at the top",
)

_SUFFIXES: Final = (".py", ".pyw")
_PROJECT_FILES: Final = ("pyproject", "setup.", "pylock", "requirements", "poetry.", "uv.")
"""How the names of files begin that declare what an application depends on."""


def may_be_python(place: Place, spec: Spec, sources: Sources) -> bool:
    """Whether there is anything for which it is worth to look closer; no file is read.

    That is a file of Python's, one that a command of ``distil.toml`` names, or what is said of
    Python there.
    """
    if place.script or spec.app.runtime == NAME or spec.python != PythonSpec():
        return True
    there = [Path(file.path).name for file in sources.files]
    if place.directory.is_dir():
        there += [path.name for path in place.directory.iterdir()]
    words = (*(spec.app.entrypoint or ()), *spec.app.command)
    started = {word.rpartition("/")[2] for word in words}
    return any(
        name.endswith(_SUFFIXES) or name.startswith(_PROJECT_FILES) or name in started
        for name in there
    )
