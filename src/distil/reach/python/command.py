"""What the container's command says about Python: what is run, and which names it gives."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from distil.model.node import Kind
from distil.model.tree import Tree

_INTERPRETER: Final = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
_SHEBANG: Final = re.compile(rb"#![^\n]*python")
_WITH_VALUE: Final = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_WORD: Final = re.compile(r"[A-Za-z_][\w.]*")


class PythonCommand(msgspec.Struct, frozen=True):
    """How the container starts: `words` are its entrypoint and command together.

    `requested` are the distributions the application itself asks for, by normalised name.
    """

    words: tuple[str, ...]
    workdir: str = "/app"
    environment: dict[str, str] = {}
    requested: tuple[str, ...] = ()


class Start(msgspec.Struct, frozen=True):
    """What of a command concerns Python.

    `modules` are run as ``__main__`` or imported first, `scripts` are paths of Python files,
    `code` is source text (``-c``), `names` are words that may name modules, `search` are
    directories that come first on ``sys.path``.
    """

    modules: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    code: str = ""
    names: tuple[str, ...] = ()
    search: tuple[str, ...] = ()


def read_command(command: PythonCommand, tree: Tree) -> Start:
    """What `command` runs, looked up in `tree`."""
    modules: list[str] = []
    scripts: list[str] = []
    code = ""
    words = list(command.words)
    while words:
        word = words.pop(0)
        if _INTERPRETER.fullmatch(word):
            kind, value = _what_runs(words)
            if kind == "-m":
                modules.append(value)
            elif kind == "-c":
                code += value + "\n"
            elif value:
                scripts += _script(tree, value, command.workdir)
        elif "/" in word or word.endswith(".py") or word == command.words[0]:
            scripts += _script(tree, word, command.workdir)
    names = _names([*command.words, *command.environment.values()])
    first = [path.rpartition("/")[0] for path in scripts]
    python_path = command.environment.get("PYTHONPATH", "").split(":")
    search = [*first, command.workdir, *(path for path in python_path if path.startswith("/"))]
    return Start(tuple(modules), tuple(scripts), code, names, tuple(dict.fromkeys(search)))


def _what_runs(words: list[str]) -> tuple[str, str]:
    """What the interpreter's arguments `words` run; takes the ones it understands off."""
    while words:
        word = words.pop(0)
        for option in ("-m", "-c"):
            if word == option:
                return option, words.pop(0) if words else ""
            if re.fullmatch(rf"-[a-zA-Z]*{option[1]}", word):
                return option, words.pop(0) if words else ""
        if word in _WITH_VALUE and words:
            words.pop(0)
        elif not word.startswith("-"):
            return "", word
    return "", ""


def _script(tree: Tree, word: str, workdir: str) -> list[str]:
    """The Python file that `word` starts, as a list of at most one path."""
    places = [""] if "/" in word else ["/usr/local/bin/", "/usr/bin/", workdir.rstrip("/") + "/"]
    for place in places:
        path = place + word
        if not path.startswith("/"):
            path = f"{workdir.rstrip('/')}/{path}"
        node = tree.resolve(path)
        if node is None or node.kind is Kind.DIRECTORY or node.blob is None:
            continue
        if node.name.endswith(".py") or _SHEBANG.match(next(node.blob.chunks(), b"")):
            return [node.path]
    return []


def _names(words: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for word in words:
        found.update(dict.fromkeys(_WORD.findall(word)))
    return tuple(found)
