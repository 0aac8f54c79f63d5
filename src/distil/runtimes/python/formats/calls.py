"""Calls in Python source that name a module, library or distribution as a value.

Each becomes a `Reference` with the patterns its argument can take: ``*`` stands for any text,
``{name}`` and ``{package}`` for the module's own name and package. What is no literal, and not
made of literals, is the pattern ``*``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from distil.runtimes.python.formats.lexer import end_of_brackets

MAX_CALL: Final = 4000
"""Characters of one call's arguments that are looked at."""
MAX_CALLS: Final = 5000
"""Calls of one file that are looked at."""
MAX_PATTERNS: Final = 64

IMPORTS: Final = frozenset(
    {"__import__", "import_module", "resolve_name", "run_module", "find_spec", "find_loader"}
)
"""Functions whose first argument names a module that is imported, or looked for."""
FILES: Final = frozenset({"spec_from_file_location", "SourceFileLoader", "run_path"})
"""Functions that run a Python file by its path."""
LIBRARIES: Final = frozenset({"CDLL", "PyDLL", "LoadLibrary", "dlopen", "find_library"})
GROUPS: Final = frozenset({"entry_points", "iter_entry_points"})
_METADATA: Final = frozenset(
    {"distribution", "metadata", "requires", "version", "get_distribution"}
)
_DATA: Final = frozenset(
    {
        "contents",
        "files",
        "get_data",
        "open_binary",
        "open_text",
        "path",
        "read_binary",
        "read_text",
        "resource_filename",
        "resource_stream",
        "resource_string",
    }
)
PATHS: Final = frozenset({"declare_namespace", "extend_path"})
"""Functions that look for more directories of the package they are called in."""
_ALWAYS: Final = IMPORTS | FILES | LIBRARIES | GROUPS | PATHS | {"get_data"}
ALL_NAMES: Final = _ALWAYS | _METADATA | _DATA
"""Every name that `called_names` can ask for."""
_WITH_MODULE: Final = (
    ("metadata", ("importlib.metadata", "importlib_metadata", "import metadata"), _METADATA),
    ("resources", ("importlib.resources", "importlib_resources", "import resources"), _DATA),
    ("pkg_resources", ("pkg_resources",), _METADATA | _DATA),
)
_HINTS: Final = (
    *("import_module", "__import__", "find_", "resolve_name", "run_", "DLL", "dlopen"),
    *("LoadLibrary", "entry_points", "spec_from_file", "SourceFileLoader", "get_data"),
    *("extend_path", "declare_namespace"),
)
_FORMAT_FIELD: Final = re.compile(r"\{[^{}]*\}")
_PERCENT_FIELD: Final = re.compile(r"%(?:\([^)]*\))?[#0\- +]*[\d*]*(?:\.[\d*]+)?[a-zA-Z]")
_SELF: Final = {
    "__name__": "{name}",
    "__spec__.name": "{name}",
    "__package__": "{package}",
    "__spec__.parent": "{package}",
}
_LITERAL_PART: Final = re.compile(r"^\w+\.|[^\W_]{2}")
"""A package that the pattern begins with, or letters enough to tell names apart."""


class Reference(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One call that names something as a value.

    `function` is the called name; `patterns` what its argument can be (empty: the call has
    no such argument); `line`, `scope` and `main` are those of `Import`.
    """

    function: str
    patterns: tuple[str, ...]
    line: int
    scope: str = ""
    main: bool = False

    @property
    def dynamic(self) -> bool:
        """Whether it may import a module of any name."""
        return self.function in IMPORTS and not all(map(is_definite, self.patterns))


def is_definite(pattern: str) -> bool:
    """Whether a pattern says enough to be looked up: not only ``*`` and punctuation."""
    if "*" not in pattern:
        return True
    return "{name}" in pattern or "{package}" in pattern or bool(_LITERAL_PART.search(pattern))


class Alias(msgspec.Struct, frozen=True, gc=False):
    """``from module import name as alias``."""

    module: str
    name: str
    alias: str


class Call(msgspec.Struct, frozen=True, gc=False):
    """A called or mentioned name: where its arguments may start, and where it stands."""

    function: str
    end: int
    line: int
    scope: str
    main: bool


def called_names(text: str) -> frozenset[str]:
    """The names worth looking for in `text`; empty for most files, which is quick to tell."""
    names = frozenset[str]()
    if any(hint in text for hint in _HINTS):
        names |= _ALWAYS
    for hint, modules, functions in _WITH_MODULE:
        if hint in text and any(module in text for module in modules):
            names |= functions
    return names


def is_called(alias: Alias, names: frozenset[str]) -> bool:
    """Whether `alias` is another name for one of the functions in `names`."""
    package = alias.module.partition(".")[0].removesuffix("_metadata").removesuffix("_resources")
    return alias.name in names and package in {"importlib", "pkgutil", "runpy", "ctypes", "pkg"}


def read_calls(text: str, calls: Sequence[Call]) -> tuple[Reference, ...]:
    """What `calls` refer to; those beyond `MAX_CALLS` can refer to anything."""
    found = [_read_call(text, call) for call in calls[:MAX_CALLS]]
    if len(calls) > MAX_CALLS:
        found.append(Reference("import_module", ("*",), calls[MAX_CALLS].line))
    return tuple(reference for reference in found if reference is not None)


def _read_call(text: str, call: Call) -> Reference | None:
    start = _argument_start(text, call.end)
    if start < 0:
        if call.function in {"import_module", "__import__"} and _is_value(text, call.end):
            return Reference(call.function, ("*",), call.line, call.scope, call.main)
        return None
    patterns = _patterns(text, start, call.function)
    if patterns is None:
        return None
    return Reference(call.function, patterns[:MAX_PATTERNS], call.line, call.scope, call.main)


def _argument_start(text: str, end: int) -> int:
    while text[end : end + 1] in {" ", "\t"}:
        end += 1
    return end if text.startswith("(", end) else -1


def _is_value(text: str, end: int) -> bool:
    """Whether a name that is not called is handed on, rather than assigned or annotated."""
    rest = text[end : end + 3].lstrip(" \t")
    return not rest.startswith((":", ".")) and (not rest.startswith("=") or rest.startswith("=="))


def _patterns(text: str, start: int, function: str) -> tuple[str, ...] | None:
    end = end_of_brackets(text, start, MAX_CALL)
    try:
        call = ast.parse("f" + text[start:end], mode="eval").body if end > 0 else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    if not isinstance(call, ast.Call):
        return ("*",)
    if function in IMPORTS:
        return _import_patterns(call, function)
    if function in FILES | PATHS:
        return ("*",)
    if function in GROUPS:
        return _values(_argument(call, None if function == "entry_points" else 0, "group"))
    return _values(_argument(call, 0, "name")) or None


def _argument(call: ast.Call, index: int | None, keyword: str) -> ast.expr | None:
    for given in call.keywords:
        if given.arg == keyword:
            return given.value
        if given.arg is None:
            return ast.Name("**")
    if index is None or index >= len(call.args):
        return None
    return call.args[index]


def _values(node: ast.expr | None) -> tuple[str, ...]:
    return () if node is None else tuple(expression_patterns(node))


def _import_patterns(call: ast.Call, function: str) -> tuple[str, ...] | None:
    name = _argument(call, 0, "name")
    if name is None:
        return None
    patterns = expression_patterns(name)
    if function in {"import_module", "find_spec"}:
        return tuple(_anchored(patterns, _argument(call, 1, "package")))
    if function == "__import__":
        patterns = _leveled(call, patterns)
        names = _argument(call, 3, "fromlist")
        if isinstance(names, ast.List | ast.Tuple):
            inner = [value for item in names.elts for value in expression_patterns(item)]
            patterns += [f"{a}.{b}" for a in patterns for b in inner if b and b != "*"]
    return tuple(pattern.replace(":", ".") for pattern in patterns)


def _leveled(call: ast.Call, patterns: list[str]) -> list[str]:
    level = _argument(call, 4, "level")
    if level is None:
        return patterns
    if isinstance(level, ast.Constant) and isinstance(level.value, int) and 0 <= level.value < 32:
        return ["." * level.value + pattern for pattern in patterns]
    return ["*"]


def _anchored(patterns: list[str], package: ast.expr | None) -> list[str]:
    """Relative patterns with the package they are relative to written in front, as "pkg|.x"."""
    if package is None:
        return patterns
    anchors = expression_patterns(package)
    result = []
    for pattern in patterns:
        if not pattern.startswith("."):
            result.append(pattern)
        else:
            result.extend(anchor + pattern if anchor else pattern for anchor in anchors)
    return result


def expression_patterns(node: ast.expr) -> list[str]:
    """What a string expression can be, as patterns; ``*`` for what the code does not say."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name() | ast.Attribute():
            return [_SELF.get(ast.unparse(node), "*")]
        case ast.JoinedStr(values=values):
            return _joined([_part(value) for value in values])
        case ast.IfExp(body=body, orelse=other):
            return expression_patterns(body) + expression_patterns(other)
        case ast.BoolOp(values=values):
            return [pattern for value in values for pattern in expression_patterns(value)]
    return _operation(node)


def _operation(node: ast.expr) -> list[str]:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([expression_patterns(left), expression_patterns(right)])
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return [_PERCENT_FIELD.sub("*", text)]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr=attribute)):
            return _method(text, attribute, node)
    return ["*"]


def _part(node: ast.expr) -> list[str]:
    return expression_patterns(node.value if isinstance(node, ast.FormattedValue) else node)


def _method(text: str, attribute: str, call: ast.Call) -> list[str]:
    if attribute == "format":
        return [_FORMAT_FIELD.sub("*", text)]
    if attribute == "join" and len(call.args) == 1:
        items = call.args[0]
        if isinstance(items, ast.List | ast.Tuple):
            parts: list[list[str]] = []
            for item in items.elts:
                parts += [[text], expression_patterns(item)]
            return _joined(parts[1:])
    return ["*"]


def _joined(parts: Sequence[list[str]]) -> list[str]:
    results = [""]
    for alternatives in parts:
        results = [left + right for left in results for right in alternatives][:MAX_PATTERNS]
    return results
