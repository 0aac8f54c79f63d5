"""What a module says about being started, read from its syntax tree, never by running it."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any, Final

import msgspec

from distil.formats.errors import InvalidProjectFile
from distil.formats.toml import NotToml, parse_toml

LARGEST: Final = 2 << 20
"""Bytes of source that are looked at; nobody writes a larger entry module by hand."""

_BEGINS: Final = re.compile(rb"(?!(?:else|elif|except|finally)\b)[A-Za-z_@]")
"""A line at the left margin that begins a statement of its own."""

_SCRIPT_BLOCK: Final = re.compile(
    r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
)
"""The reference expression of the inline script metadata specification (PEP 723)."""


_SCRIPT_MARK: Final = re.compile(rb"(?m)^# /// script\r?$")
"""The line that such a block begins with."""


class Assignment(msgspec.Struct, frozen=True):
    """``name = callee(...)`` at module level; `callee` is dotted, its imports resolved."""

    name: str
    callee: str
    line: int


class Factory(msgspec.Struct, frozen=True):
    """A module-level function that makes and returns something: what it calls, resolved.

    `makes` are the callees (and the return annotation) that may be what it returns; it can be
    called without arguments when `bare`.
    """

    name: str
    makes: tuple[str, ...]
    bare: bool
    line: int


class ModuleFacts(msgspec.Struct, frozen=True):
    """What one module defines at its top level, and whether it is meant to be run."""

    assignments: tuple[Assignment, ...] = ()
    factories: tuple[Factory, ...] = ()
    imported: dict[str, str] = {}
    constants: dict[str, str] = {}
    defaults: dict[str, str] = {}
    """What ``os.environ.setdefault(name, value)`` says anywhere in the module."""
    main_guard: bool = False


def read_module(source: bytes, module: str) -> ModuleFacts | None:
    """The facts of `source`, a module called `module`; None when nothing of it is Python.

    The application may be written for a newer Python than the one that runs distil: then each
    top-level statement is read by itself, and those that this Python does not know are skipped.
    """
    if len(source) > LARGEST:
        return None
    statements = _parsed(source)
    if statements is None:
        statements = [s for piece in _pieces(source) for s in _parsed(piece) or ()]
        if not statements:
            return None
    return _Reader(module).read(ast.Module(statements, []))


def _parsed(source: bytes) -> list[ast.stmt] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _pieces(source: bytes) -> list[bytes]:
    """The source cut before each line that begins a statement; line numbers are kept."""
    pieces: list[tuple[int, list[bytes]]] = []
    decorated = False
    for number, line in enumerate(source.splitlines(keepends=True)):
        begins = _BEGINS.match(line) is not None and not decorated
        if begins or not pieces:
            pieces.append((number, []))
        pieces[-1][1].append(line)
        decorated = line.startswith(b"@")
    return [b"\n" * number + b"".join(lines) for number, lines in pieces]


def has_script_metadata(text: bytes) -> bool:
    """Whether a file has a ``script`` block of inline script metadata (PEP 723), sound or not."""
    return _SCRIPT_MARK.search(text) is not None


def script_metadata(source: str, where: str) -> dict[str, Any] | None:
    """The ``script`` block of inline script metadata (PEP 723), None when there is none.

    Raises `InvalidProjectFile` for two blocks, or one that is not TOML.
    """
    text = source.replace("\r\n", "\n")
    blocks = [m for m in _SCRIPT_BLOCK.finditer(text) if m.group("type") == "script"]
    if not blocks:
        return None
    if len(blocks) > 1:
        raise InvalidProjectFile(where, "there are two inline script metadata blocks")
    lines = blocks[0].group("content").splitlines()
    text = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    try:
        return parse_toml(text)
    except NotToml as error:
        raise InvalidProjectFile(where, f"inline script metadata: {error}") from None


class _Reader:
    """Collects `ModuleFacts` from a syntax tree."""

    def __init__(self, module: str) -> None:
        self._package = module.rpartition(".")[0]
        self._imported: dict[str, str] = {}
        self._assignments: list[Assignment] = []
        self._factories: list[Factory] = []
        self._constants: dict[str, str] = {}
        self._defaults: dict[str, str] = {}
        self._guard = False

    def read(self, tree: ast.Module) -> ModuleFacts:
        for statement in _flat(tree.body):
            self._import(statement)
        for statement in _flat(tree.body):
            self._statement(statement)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self._environment_default(node)
        return ModuleFacts(
            tuple(self._assignments),
            tuple(self._factories),
            self._imported,
            self._constants,
            self._defaults,
            self._guard,
        )

    def _import(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                name = alias.name if alias.asname else alias.name.split(".")[0]
                self._imported[alias.asname or name] = name
        elif isinstance(statement, ast.ImportFrom):
            base = self._base(statement)
            for alias in statement.names:
                self._imported[alias.asname or alias.name] = f"{base}.{alias.name}".lstrip(".")

    def _base(self, statement: ast.ImportFrom) -> str:
        if not statement.level:
            return statement.module or ""
        package = self._package.split(".") if self._package else []
        kept = package[: len(package) - (statement.level - 1)] if statement.level > 1 else package
        return ".".join([*kept, *([statement.module] if statement.module else [])])

    def _statement(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._assign(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._assign(statement.target, statement.value)
        elif isinstance(statement, ast.FunctionDef):
            self._function(statement)
        elif isinstance(statement, ast.If) and _is_main_guard(statement.test):
            self._guard = True

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(target, ast.Name):
            return
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            self._constants[target.id] = value.value
        elif isinstance(value, ast.Call):
            callee = self._dotted(value.func)
            if callee:
                self._assignments.append(Assignment(target.id, callee, target.lineno))

    def _function(self, function: ast.FunctionDef) -> None:
        returned: set[str] = set()
        made: dict[str, str] = {}
        direct: list[str] = []
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Name):
                returned.add(node.value.id)
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
                direct.append(self._dotted(node.value.func))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                names = [t.id for t in node.targets if isinstance(t, ast.Name)]
                made.update(dict.fromkeys(names, self._dotted(node.value.func)))
        annotation = self._dotted(function.returns) if function.returns else ""
        makes = {made[name] for name in returned if name in made} | {*direct, annotation}
        arguments = function.args
        positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
        bare = positional == 0 and all(arguments.kw_defaults)
        makes.discard("")
        if makes:
            self._factories.append(
                Factory(function.name, tuple(sorted(makes)), bare, function.lineno)
            )

    def _dotted(self, expression: ast.expr) -> str:
        """A dotted name with its first part replaced by what it was imported as, or ""."""
        parts: list[str] = []
        while isinstance(expression, ast.Attribute):
            parts.append(expression.attr)
            expression = expression.value
        if not isinstance(expression, ast.Name):
            return ""
        parts.append(self._imported.get(expression.id, expression.id))
        return ".".join(reversed(parts))

    def _environment_default(self, call: ast.Call) -> None:
        if self._dotted(call.func) != "os.environ.setdefault" or len(call.args) != 2:
            return
        key, value = call.args
        if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
            self._defaults[str(key.value)] = str(value.value)


def _flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """Top-level statements, those inside ``if``, ``try`` and ``with`` included."""
    flat: list[ast.stmt] = []
    for statement in body:
        flat.append(statement)
        if isinstance(statement, ast.If):
            if not _is_main_guard(statement.test):
                flat += _flat([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.Try):
            handled = [inner for handler in statement.handlers for inner in handler.body]
            flat += _flat([*statement.body, *handled, *statement.orelse, *statement.finalbody])
        elif isinstance(statement, ast.With):
            flat += _flat(statement.body)
    return flat


def _is_main_guard(test: ast.expr) -> bool:
    if not (isinstance(test, ast.Compare) and len(test.comparators) == 1):
        return False
    sides = (test.left, test.comparators[0])
    return (
        isinstance(test.ops[0], ast.Eq)
        and any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
        and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)
    )
