"""The docstrings below the fields of a class, which Python itself does not keep."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from types import ModuleType


def field_docstrings(described: type) -> dict[str, str]:
    """The text below each field (or enum member) of `described`, on one line, by its name.

    Fields without one are left out. Inherited fields come from the class that has them.
    """
    found: dict[str, str] = {}
    for base in reversed(described.__mro__):
        found |= _of_module(sys.modules[base.__module__]).get(base.__qualname__, {})
    return found


def summary(described: type) -> str:
    """The first paragraph of a class's own docstring, on one line."""
    text = inspect.cleandoc(described.__doc__ or "")
    return " ".join(text.partition("\n\n")[0].split())


@functools.cache
def _of_module(module: ModuleType) -> dict[str, dict[str, str]]:
    if not str(getattr(module, "__file__", "")).endswith(".py"):
        return {}  # Compiled: what it has is not documented by us.
    tree = ast.parse(inspect.getsource(module))
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {node.name: dict(_described(node)) for node in classes}


def _described(node: ast.ClassDef) -> list[tuple[str, str]]:
    found = []
    for field, below in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign):
            target: ast.expr = field.target
        elif isinstance(field, ast.Assign):
            target = field.targets[0]
        else:
            continue
        if isinstance(target, ast.Name) and isinstance(below, ast.Expr):
            text = below.value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found.append((target.id, " ".join(text.value.split())))
    return found
