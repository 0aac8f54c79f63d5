"""Where Python keeps the byte code of a source file (PEP 3147), and who wrote it here."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from distil.model.origin import GeneratedOrigin

BYTE_CODE: Final = GeneratedOrigin("byte code")
"""Of every file of compiled modules: no package ships them."""

_DIRECTORY: Final = "__pycache__"
_NAME: Final = re.compile(r"(?P<module>[^.]+)\.cpython-\d+\.pyc", re.ASCII)


def byte_code_path(source: str, line: str) -> str:
    """Where CPython `line` (``3.13``) looks for the byte code of the module at `source`."""
    directory, name = posixpath.split(source)
    module = name.removesuffix(".py")
    return f"{directory}/{_DIRECTORY}/{module}.cpython-{line.replace('.', '')}.pyc"


def source_path(byte_code: str) -> str:
    """The module that `byte_code` belongs to: the way back from `byte_code_path`.

    ValueError for a path that it does not make.
    """
    directory, name = posixpath.split(byte_code)
    place, cache = posixpath.split(directory)
    found = _NAME.fullmatch(name)
    if cache != _DIRECTORY or found is None:
        raise ValueError(f"{byte_code} is no file of byte code")
    return posixpath.join(place, f"{found['module']}.py")
