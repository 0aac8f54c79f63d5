"""What the container's command says about Python: what is run, and which names it gives."""

from __future__ import annotations

import re
from itertools import chain
from typing import Final

import msgspec

from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.reach.command import Command

_INTERPRETER: Final = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
_SHEBANG: Final = re.compile(rb"#![^\n]*python")
_LONG_WITH_VALUE: Final = "--check-hash-based-pycs"
_WORD: Final = re.compile(r"[A-Za-z_][\w.]*")


class PythonCommand(Command, frozen=True):
    """How the container starts, and what else of it is Python.

    `requested` are the distributions the application itself asks for, by normalised name.
    `files` are paths of Python files that something else than an import keeps.
    """

    requested: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Start(msgspec.Struct, frozen=True):
    """What of a command concerns Python.

    `modules` are run as ``__main__`` or imported first, `scripts` are paths of Python files,
    `code` are source texts (``-c``), `names` are words that may name modules, `search` are
    directories that come first on ``sys.path``, `files` those of the command.
    """

    modules: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def without(self, other: Start) -> Start:
        """What this one has and `other` has not; `search` is left out."""
        return Start(
            modules=_lacking(self.modules, other.modules),
            scripts=_lacking(self.scripts, other.scripts),
            code=_lacking(self.code, other.code),
            names=_lacking(self.names, other.names),
            files=_lacking(self.files, other.files),
        )


def _lacking(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    known = frozenset(others)
    return tuple(word for word in words if word not in known)


def read_command(command: PythonCommand, tree: Tree) -> Start:
    """What `command` runs, looked up in `tree`."""
    modules: list[str] = []
    scripts: list[str] = []
    code: list[str] = []
    for words in command.commands:
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if not _INTERPRETER.fullmatch(word):
                if "/" in word or word.endswith(".py") or word == words[0]:
                    scripts += _script(tree, word, command.workdir)
                continue
            kind, value = what_runs(rest)
            if kind == "-m":
                modules.append(value)
            elif kind == "-c":
                code.append(value)
            elif value:
                scripts += _script(tree, value, command.workdir, told=True)
    return Start(
        tuple(dict.fromkeys(modules)),
        tuple(dict.fromkeys(scripts)),
        tuple(dict.fromkeys(code)),
        _names([*chain.from_iterable(command.commands), *command.environment.values()]),
        _search_path(command, scripts),
        command.files,
    )


def _search_path(command: PythonCommand, scripts: list[str]) -> tuple[str, ...]:
    """The directories that come first on ``sys.path``."""
    first = [path.rpartition("/")[0] for path in scripts]
    python_path = command.environment.get("PYTHONPATH", "").split(":")
    search = [*first, command.workdir, *(path for path in python_path if path.startswith("/"))]
    return tuple(dict.fromkeys(search))


def what_runs(words: list[str]) -> tuple[str, str]:
    """What the interpreter's arguments `words` run; takes the ones it understands off.

    Short options can be written together, and the last of them with its value.
    """
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            return "", word.removeprefix("-")
        if word == _LONG_WITH_VALUE and words:
            words.pop(0)
        if word.startswith("--"):
            continue
        for end, letter in enumerate(word[1:], 2):
            if letter in "mcWX":
                value = word[end:] or (words.pop(0) if words else "")
                if letter in "mc":
                    return f"-{letter}", value
                break
    return "", ""


def _script(tree: Tree, word: str, workdir: str, *, told: bool = False) -> list[str]:
    """The Python file that `word` starts, as a list of at most one path.

    A file that the interpreter is `told` to run is Python whatever it looks like.
    """
    places = [""] if "/" in word else ["/usr/local/bin/", "/usr/bin/", workdir.rstrip("/") + "/"]
    for place in places:
        path = place + word
        if not path.startswith("/"):
            path = f"{workdir.rstrip('/')}/{path}"
        node = tree.resolve(path)
        if node is None or node.kind is Kind.DIRECTORY or node.blob is None:
            continue
        if told or is_python(node):
            return [node.path]
    return []


def is_python(node: Node) -> bool:
    """Whether `node` holds Python source: by its name, or by its first line."""
    if node.name.endswith(".py"):
        return True
    return node.blob is not None and bool(_SHEBANG.match(next(node.blob.chunks(), b"")))


def _names(words: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for word in words:
        found.update(dict.fromkeys(_WORD.findall(word)))
    return tuple(found)
