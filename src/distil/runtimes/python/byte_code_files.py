"""Where Python keeps the byte code of a source file (PEP 3147), and who wrote it here."""

from __future__ import annotations

import posixpath
from typing import Final

from distil.model.node import Node
from distil.model.origin import GeneratedOrigin

RULE: Final = "byte code"
"""Every file of compiled modules is made by this rule: no package ships them."""

_DIRECTORY: Final = "__pycache__"


def byte_code_path(source: str, line: str) -> str:
    """Where CPython `line` (``3.13``) looks for the byte code of the module at `source`."""
    directory, name = posixpath.split(source)
    module = name.removesuffix(".py")
    return f"{directory}/{_DIRECTORY}/{module}.cpython-{line.replace('.', '')}.pyc"


def byte_code_origin(source: str) -> GeneratedOrigin:
    """Where the byte code of the module at `source` is from."""
    return GeneratedOrigin(RULE, source)


def compiled_module(node: Node) -> str:
    """The path of the module that `node` is the byte code of; empty for anything else."""
    origin = node.origin
    made = isinstance(origin, GeneratedOrigin) and origin.rule == RULE
    return origin.made_from if made and isinstance(origin, GeneratedOrigin) else ""
