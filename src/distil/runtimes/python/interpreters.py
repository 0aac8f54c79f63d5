"""Which interpreter a base brings, known from its index, or there already."""

from __future__ import annotations

from typing import Final

from distil.runtimes.protocol import System
from distil.runtimes.python.errors import NoPython
from distil.runtimes.python.existing import present_interpreter
from distil.runtimes.python.interpreter import PythonInterpreter

PYTHON: Final = "python3"
"""The package that depends on the supported interpreter of its own version line."""

_C_LIBRARY: Final = "libc6"


def default_interpreter(system: System) -> PythonInterpreter:
    """The Python that is there, or else the default one of `system`. Raises `NoPython`."""
    present = present_interpreter(system.present, system.platform.machine)
    if present is not None:
        return present
    default, libc = system.version(PYTHON), system.version(_C_LIBRARY)
    if default is None or libc is None:
        raise NoPython(system.name, system.platform.oci, is_image=len(system.present) > 1)
    line = ".".join(default.split(".")[:2])
    version = system.version(minimal_package(line))
    if version is None:
        raise NoPython(system.name, system.platform.oci, is_image=len(system.present) > 1)
    major, minor = libc.split(".")[:2]
    return PythonInterpreter(version, (int(major), int(minor)), system.platform.machine)


def minimal_package(line: str) -> str:
    """The package with the program of the interpreter `line` (``3.13``)."""
    return f"python{line}-minimal"


def interpreter_packages(line: str) -> frozenset[str]:
    """The packages of the interpreter itself, which change when it does."""
    names = (f"python{line}", f"libpython{line}")
    return frozenset(name + end for name in names for end in ("", "-minimal", "-stdlib"))
