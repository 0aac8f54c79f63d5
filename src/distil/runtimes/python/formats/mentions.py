"""Names of programs, libraries, locales and time zones that Python source asks the system for.

Read for advice, not for what is kept: only literals count (and names that are bound to literals
alone), and what runs on other systems only does not. A file that is newer than this
interpreter's grammar is read statement by statement.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from distil.formats.shell_commands import command_names
from distil.model.mention import (
    ENVIRONMENT,
    LIBRARY,
    LOCALE,
    PROBE,
    PROGRAM,
    SEARCHED,
    SHELL,
    ZONE,
    Mention,
)
from distil.runtimes.python.formats.conditions import runs_here
from distil.runtimes.python.formats.lexer import decode_source

LARGEST: Final = 2 << 20
"""Bytes of a source that are read: what is larger is data."""
_MOST_LOOKS: Final = 20_000
"""Values of one file that are looked at, however they are made of each other."""


class _Rule(NamedTuple):
    """Which argument of a function holds names of a kind; `line` says that it is for a shell."""

    kind: str
    position: int = 0
    keyword: str = ""
    line: bool = False


_ENDINGS: Final = ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")
_FUNCTIONS: Final = {
    **dict.fromkeys(
        (f"subprocess.{name}" for name in ("run", "Popen", "call", "check_call", "check_output")),
        _Rule(PROGRAM, 0, "args"),
    ),
    **dict.fromkeys(
        (
            *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"),
            *("asyncio.create_subprocess_shell", "asyncio.subprocess.create_subprocess_shell"),
        ),
        _Rule(PROGRAM, 0, "command", line=True),
    ),
    **dict.fromkeys((f"os.exec{end}" for end in _ENDINGS), _Rule(PROGRAM, 0, "file")),
    **dict.fromkeys((f"os.spawn{end}" for end in _ENDINGS), _Rule(PROGRAM, 1, "file")),
    **dict.fromkeys(("os.posix_spawn", "os.posix_spawnp"), _Rule(PROGRAM, 0, "path")),
    **dict.fromkeys(
        ("asyncio.create_subprocess_exec", "asyncio.subprocess.create_subprocess_exec"),
        _Rule(PROGRAM, 0, "program"),
    ),
    **dict.fromkeys(
        ("anyio.run_process", "anyio.open_process", "trio.run_process", "pexpect.spawn"),
        _Rule(PROGRAM, 0, "command"),
    ),
    "pty.spawn": _Rule(PROGRAM, 0, "argv"),
    "shutil.which": _Rule(PROBE, 0, "cmd"),
    "locale.setlocale": _Rule(LOCALE, 1, "locale"),
    **dict.fromkeys(("zoneinfo.ZoneInfo", "backports.zoneinfo.ZoneInfo"), _Rule(ZONE, 0, "key")),
    "ctypes.util.find_library": _Rule(SEARCHED, 0, "name"),
    **dict.fromkeys(
        (f"ctypes.{name}" for name in ("CDLL", "PyDLL", "cdll.LoadLibrary", "pydll.LoadLibrary")),
        _Rule(LIBRARY, 0, "name"),
    ),
}
"""Functions by their full names."""
_METHODS: Final = {
    "dlopen": _Rule(LIBRARY, 0, "name"),
    "subprocess_exec": _Rule(PROGRAM, 1),
    "subprocess_shell": _Rule(PROGRAM, 1, "cmd", line=True),
}
"""Methods of objects that are made in many ways: cffi's, and an event loop's."""
_VARIABLES: Final = {"TIME_ZONE": ZONE}
"""Names at module level whose value is of a kind: Django's settings."""
_HINTS: Final = re.compile(
    r"subprocess|\bos\b|asyncio|anyio|trio|pexpect|pty|shutil|setlocale|ZoneInfo|find_library"
    r"|DLL|LoadLibrary|dlopen|TIME_ZONE|\bsh\b"
)
_TOP_LEVEL: Final = re.compile(r"\n(?=[^\s#)\]}\"'])")


def read_mentions(data: bytes) -> tuple[Mention, ...]:
    """What one Python source names, sorted; never raises."""
    text = decode_source(data[:LARGEST])
    if not _HINTS.search(text):
        return ()
    found: set[Mention] = set()
    for tree in _parsed(text):
        try:
            reader = _Reader(tree)
            reader.visit(tree)
            found |= reader.found
        except RecursionError:
            continue
    return tuple(sorted(found))


def _parsed(text: str) -> Iterator[ast.Module]:
    tree = _parse(text)
    if tree is not None:
        yield tree
        return
    # Of what this interpreter cannot parse, the statements that it can are worth reading.
    pieces = _TOP_LEVEL.split(text)
    tree = _parse("\n".join(one if _parse(one) else "\n" * one.count("\n") for one in pieces))
    if tree is not None:
        yield tree


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Reader(ast.NodeVisitor):
    """One pass for what names are bound to, and one for the calls."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: set[Mention] = set()
        self._imported: dict[str, str] = {}
        self._values: dict[str, list[ast.expr]] = {}
        self._unknown: set[str] = set()
        self._looking: list[ast.expr] = []
        self._looks = _MOST_LOOKS
        for node in ast.walk(tree):
            self._bind(node)

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value)
            case ast.NamedExpr(target=target, value=value):
                self._assign(target, value)
            case ast.arg(arg=name):
                self._unknown.add(name)
            case (
                ast.For(target=target, iter=values) | ast.comprehension(target=target, iter=values)
            ):
                self._loop(target, values)

    def _import(self, statement: ast.Import | ast.ImportFrom) -> None:
        for alias in statement.names:
            if isinstance(statement, ast.Import):
                top = alias.name.partition(".")[0]
                self._imported[alias.asname or top] = alias.name if alias.asname else top
            elif statement.module and not statement.level:
                self._imported[alias.asname or alias.name] = f"{statement.module}.{alias.name}"

    def _loop(self, target: ast.expr, values: ast.expr) -> None:
        if isinstance(target, ast.Name) and isinstance(values, ast.List | ast.Tuple | ast.Set):
            self._values.setdefault(target.id, []).extend(values.elts)
        else:
            self._forget(target)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        match target:
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                self._values.setdefault(name, []).append(value)
            case _:
                self._forget(target)

    def _forget(self, target: ast.expr) -> None:
        self._unknown.update(node.id for node in ast.walk(target) if isinstance(node, ast.Name))

    # --- what runs ---------------------------------------------------------------------------

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        runs = runs_here(node.test)
        for statement in () if runs is False else node.body:
            self.visit(statement)
        for statement in () if runs is True else node.orelse:
            self.visit(statement)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        runs = runs_here(node.test)
        self.visit(node.test)
        for part, out in ((node.body, False), (node.orelse, True)):
            if runs is not out:
                self.visit(part)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            match target:
                case ast.Name(id=name) if name in _VARIABLES and node.col_offset == 0:
                    self._add(_VARIABLES[name], self._texts(node.value), node)
                case ast.Subscript(slice=ast.Constant(value=str(key))) if key in ENVIRONMENT:
                    if self._full_name(target.value) == "os.environ":
                        self._add(ENVIRONMENT[key], self._texts(node.value), node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = self._full_name(node.func)
        rule = _FUNCTIONS.get(name)
        if rule is None and isinstance(node.func, ast.Attribute):
            rule = _METHODS.get(node.func.attr)
        if rule is not None:
            self._called(rule, node)
        self.generic_visit(node)

    def _called(self, rule: _Rule, call: ast.Call) -> None:
        given = _argument(call, rule.position, rule.keyword)
        if given is None:
            return
        shell = next((one.value for one in call.keywords if one.arg == "shell"), None)
        if rule.line or (isinstance(shell, ast.Constant) and shell.value):
            self._add(SHELL, [SHELL], call)
            for text in self._texts(given):
                self._add(PROGRAM, command_names(text), call)
            return
        if rule.kind == LOCALE and isinstance(given, ast.Tuple) and len(given.elts) == 2:
            parts = [next(iter(self._texts(part)), "") for part in given.elts]
            self._add(LOCALE, [".".join(filter(None, parts))], call)
            return
        self._add(rule.kind, self._texts(given), call)

    def _add(self, kind: str, names: Iterable[str], node: ast.stmt | ast.expr) -> None:
        self.found.update(
            Mention(kind, name, node.lineno)
            for name in names
            if name and len(name) < 200 and name.isprintable()
        )

    # --- values ------------------------------------------------------------------------------

    def _full_name(self, node: ast.expr) -> str:
        """The dotted name of a function with its import written out; empty for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._imported:
            return ""
        return ".".join([self._imported[node.id], *reversed(parts)])

    def _texts(self, node: ast.expr) -> list[str]:
        """The strings that `node` is known to be able to be; of a list, its first item's."""
        self._looks -= 1
        if self._looks < 0 or node in self._looking:
            return []
        self._looking.append(node)
        found = self._value(node)
        self._looking.pop()
        return found

    def _value(self, node: ast.expr) -> list[str]:
        texts: list[str] = []
        match node:
            case ast.Constant(value=str(text)):
                texts = [text]
            case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]):
                texts = self._texts(first)
            case ast.Starred(value=value) | ast.NamedExpr(value=value):
                texts = self._texts(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                texts = self._beginning(left, right)
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                texts = _whole_words(text)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) | ast.Name(id=name):
                if isinstance(node, ast.Attribute) or name not in self._unknown:
                    texts = [
                        text for one in self._values.get(name, ()) for text in self._texts(one)
                    ]
            case _:
                texts = self._choice(node)
        return texts

    def _choice(self, node: ast.expr) -> list[str]:
        match node:
            case ast.IfExp(test=test, body=body, orelse=other):
                runs = runs_here(test)
                parts = [part for part, out in ((body, False), (other, True)) if runs is not out]
                return [text for part in parts for text in self._texts(part)]
            case ast.BoolOp(op=ast.Or(), values=values):
                return [text for value in values for text in self._texts(value)]
            case ast.Call(func=ast.Attribute(value=value, attr="split"), args=[]):
                return [text.split()[0] for text in self._texts(value) if text.split()]
            case ast.Call(args=[first, *rest]):
                return self._result(self._full_name(node.func), first, rest)
        return []

    def _beginning(self, left: ast.expr, right: ast.expr) -> list[str]:
        """What a sum begins with: the first item of a list, or the words that are whole."""
        texts = self._texts(left)
        match right:
            case ast.Constant(value=str(text)):
                return [before + text for before in texts]
            case ast.List() | ast.Tuple() | ast.ListComp():
                return texts
        bound = self._values.get(left.id, []) if isinstance(left, ast.Name) else [left]
        if all(isinstance(one, ast.List | ast.Tuple) for one in bound):
            return texts
        return [part for text in texts for part in _whole_words(text)]

    def _result(self, name: str, first: ast.expr, rest: Sequence[ast.expr]) -> list[str]:
        """What calls come to that many programs make on the way to a name."""
        if name == "shlex.split":
            return [text.split()[0] for text in self._texts(first) if text.split()]
        if name in {"os.environ.get", "os.getenv"} and rest:
            return self._texts(rest[0])
        if name in {"pathlib.Path", "os.fspath"}:
            return self._texts(first)
        return []


def _argument(call: ast.Call, index: int, keyword: str) -> ast.expr | None:
    if len(call.args) > index:
        return call.args[index]
    return next((one.value for one in call.keywords if one.arg == keyword), None)


def _whole_words(text: str) -> list[str]:
    """The beginning of a text of which more follows, without a word that may not be whole."""
    head = text.rstrip()
    if head == text:
        head = text.rpartition(" ")[0]
    return [head] if head.strip() else []
