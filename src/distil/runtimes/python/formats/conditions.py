"""Conditions in Python source that tell operating systems apart: what they come to on Linux."""

from __future__ import annotations

import ast
from typing import Final

_HERE: Final = {
    "sys.platform": "linux",
    "os.name": "posix",
    "platform.system()": "Linux",
    "platform.uname().system": "Linux",
}
"""What the target answers to the questions that tell systems apart."""


def runs_here(test: ast.expr) -> bool | None:
    """Whether a condition holds on the target; None when it asks for something else."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            known = runs_here(operand)
            return None if known is None else not known
        case ast.BoolOp(op=operator, values=values):
            return _combined(
                [runs_here(value) for value in values], decisive=isinstance(operator, ast.Or)
            )
        case ast.Compare(left=left, ops=[operator], comparators=[other]):
            return _compared(ast.unparse(left), operator, other)
        case ast.Call(func=ast.Attribute(value=value, attr="startswith"), args=[prefix]):
            here, texts = _HERE.get(ast.unparse(value)), _constants(prefix)
            return None if here is None or not texts else here.startswith(tuple(texts))
    return None


def _combined(answers: list[bool | None], *, decisive: bool) -> bool | None:
    """What ``or`` makes of answers, of which true is `decisive`; or ``and``, where false is."""
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _compared(left: str, operator: ast.cmpop, other: ast.expr) -> bool | None:
    here, texts = _HERE.get(left), _constants(other)
    if here is None or not texts:
        return None
    if isinstance(operator, ast.Eq | ast.In):
        return here in texts
    if isinstance(operator, ast.NotEq | ast.NotIn):
        return here not in texts
    return None


def _constants(node: ast.expr) -> list[str]:
    items = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return [
        item.value
        for item in items
        if isinstance(item, ast.Constant) and isinstance(item.value, str)
    ]
