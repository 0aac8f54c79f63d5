"""What a compiled Python extension module may import: the names written into it.

C code imports by a literal name (``PyImport_ImportModule("decimal")``), and Cython keeps names
as C strings, so a module's name stands in the file between NUL bytes. Names in Rust code are
not separated, and Cython may compress its strings: then the file says nothing, and the caller
has to know (`opaque`).
"""

from __future__ import annotations

import re
from typing import Final

from distil.formats.python_calls import Reference
from distil.formats.python_source import PythonSource

OPAQUE: Final = "compiled code"
"""The `Reference.function` that marks a file which does not show the names it uses."""

_NAME: Final = re.compile(rb"\0([A-Za-z_][A-Za-z0-9_]*+(?:\.[A-Za-z_][A-Za-z0-9_]*+)*+)(?=\0)")
_RUST: Final = (b"/rustc/", b"pyo3", b"PyO3")
_CYTHON_COMPRESSED: Final = b"__pyx_string_tab"
MAX_NAMES: Final = 50_000
LONGEST: Final = 100


def read_extension(data: bytes) -> PythonSource:
    """The names of module form that stand in an extension module, as `strings`."""
    names = dict.fromkeys(name for name in _NAME.findall(data) if len(name) <= LONGEST)
    strings = tuple(name.decode("ascii") for name in list(names)[:MAX_NAMES])
    opaque = any(mark in data for mark in _RUST)
    references = (Reference(OPAQUE, ("*",), 0),) if opaque else ()
    return PythonSource((), references, strings)
