"""This machine's own Python as a runtime that compiles: what the target's is elsewhere."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

from distil.model.blob import Blob, FileBlob, InlineBlob
from distil.runtimes.python.byte_compiler import Compiler
from distil.runtimes.python.interpreter import PythonInterpreter
from tests.support.tools import tool

_LIBRARY = re.compile(r"^\s*(?:\S+ => )?(?P<path>/\S+) \(0x", re.MULTILINE)


@lru_cache(maxsize=1)
def host_runtime() -> Compiler:
    """The interpreter that runs the tests, with its loader, libraries and basic modules."""
    program = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    linked = subprocess.run(
        [tool("ldd"), program], capture_output=True, text=True, check=True
    ).stdout
    libraries = [Path(found) for found in _LIBRARY.findall(linked)]
    loader = next(path for path in libraries if path.name.startswith("ld-"))
    line = f"{sys.version_info.major}.{sys.version_info.minor}"
    library = Path(sysconfig.get_path("stdlib"))
    modules = [*library.glob("*.py"), *library.glob("encodings/*.py"), *library.glob("re/*.py")]
    modules += [*library.glob("collections/*.py"), *library.glob("importlib/*.py")]
    files: dict[str, Blob] = {f"libraries/{path.name}": _blob(path) for path in libraries}
    files |= {f"usr/lib/python{line}/{p.relative_to(library)}": _blob(p) for p in modules}
    files[f"usr/bin/python{line}"] = _blob(program)
    return Compiler(
        files=files,
        loader=f"libraries/{loader.name}",
        libraries="libraries",
        program=f"usr/bin/python{line}",
        version=platform.python_version(),
        identity="the host's",
    )


def host_interpreter() -> PythonInterpreter:
    """The interpreter that runs the tests, described as a target."""
    return PythonInterpreter(platform.python_version(), (2, 36), os.uname().machine)


def script_runtime(script: str) -> Compiler:
    """A program of the tests' own in the place of an interpreter."""
    files: dict[str, Blob] = {"run": InlineBlob.of(script.encode()), "python": InlineBlob.of(b"")}
    return Compiler(files, "run", "", "python", "3.13.5", "a script")


def _blob(path: Path) -> FileBlob:
    return FileBlob.of_file(path.resolve())
