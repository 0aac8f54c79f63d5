"""The Python programs that an image can start: its command, and scripts by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from distil.model.errors import LinkLoop
from distil.model.node import Kind, Node
from distil.model.tree import Tree
from distil.reach.command import Command
from distil.runtimes.python.reach.choices import Chosen, chosen_modules
from distil.runtimes.python.reach.command import what_runs
from distil.runtimes.python.reach.installations import Installation

_INTERPRETER: Final = re.compile(r"python(?:3(?:\.\d+)?)?")
_SHEBANG: Final = re.compile(rb"#![ \t]*(\S+)[ \t]*([^\n]*)")
_OBJECT: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?::[\w.()]*)?")
_HEAD: Final = 512


class Program(msgspec.Struct, frozen=True):
    """One program, and what it is called: the script it runs, or the module as with ``-m``.

    `modules` are the application's own that the command names, `directories` come first on its
    ``sys.path``. `commanded` tells the image's own command from a script that lies there; `chosen`
    is what its settings say.
    """

    name: str
    installation: Installation
    script: str = ""
    run: str = ""
    modules: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    commanded: bool = False
    chosen: tuple[Chosen, ...] = ()


class Programs:
    """Looks programs up in `tree`, whose interpreters are `installations`."""

    def __init__(self, tree: Tree, installations: Sequence[Installation]) -> None:
        self._tree = tree
        self._installations = installations

    def of_command(self, command: Command, path: Sequence[str]) -> Iterator[Program]:
        """What `command` starts; `path` are the directories of PATH."""
        places = _python_path(command.environment)
        for words in command.commands:
            for number, word in enumerate(words):
                found = self._started(word, command.workdir, path)
                if found is None:
                    continue
                installation, script = found
                rest = list(words[number + 1 :])
                run = ""
                first = command.workdir
                if script:
                    first = script.rpartition("/")[0]
                else:
                    run, script = _argument(rest, command.workdir)
                    first = script.rpartition("/")[0] or first
                yield Program(
                    name=" ".join(words[: number + 3]),
                    installation=installation,
                    script=script,
                    run=run,
                    modules=self._application_modules(rest, command, installation),
                    directories=(first, *places, command.workdir),
                    commanded=True,
                    chosen=chosen_modules(words[number:], command, self._tree),
                )
                break

    def scripts(self, path: Iterable[str], environment: Mapping[str, str]) -> Iterator[Program]:
        """Python scripts that can be started by name, of `path` and of each interpreter."""
        directories = [*path, *(f"{one.prefix}/bin" for one in self._installations)]
        for directory in dict.fromkeys(self._tree.real_path(one) for one in directories):
            for node in self._tree.children(directory):
                found = self._script(node.path, tuple(path))
                if found is not None:
                    yield Program(
                        name=node.path,
                        installation=found[0],
                        script=found[1],
                        directories=(found[1].rpartition("/")[0], *_python_path(environment)),
                    )

    # --- one word --------------------------------------------------------------------------

    def _started(
        self, word: str, workdir: str, path: Sequence[str]
    ) -> tuple[Installation, str] | None:
        """The interpreter that `word` starts, and the script it then runs, if that is so."""
        places = [f"{directory}/{word}" for directory in path]
        if "/" in word:
            places = [word if word.startswith("/") else f"{workdir.rstrip('/')}/{word}"]
        for place in places:
            if _file(self._tree, place) is None:
                continue
            if _INTERPRETER.fullmatch(place.rpartition("/")[2]):
                installation = self._interpreter(place)
                return None if installation is None else (installation, "")
            return self._script(place, path)
        return None

    def _interpreter(self, program: str) -> Installation | None:
        """The installation that starting `program` uses: an environment's own comes first."""
        directory = program.rpartition("/")[0]
        while True:
            prefix = self._tree.real_path(directory).rpartition("/")[0]
            for one in self._installations:
                if one.prefix == prefix and f"{prefix}/pyvenv.cfg" in self._tree:
                    return one
            node = self._tree.get(f"{self._tree.real_path(directory)}/{program.rpartition('/')[2]}")
            if node is None or node.kind is not Kind.SYMLINK:
                break
            target = node.target if node.target.startswith("/") else f"{node.parent}/{node.target}"
            program, directory = target, target.rpartition("/")[0]
        real = _file(self._tree, program)
        own = (one for one in self._installations if real is not None and one.real == real.path)
        return next((one for one in own if f"{one.prefix}/pyvenv.cfg" not in self._tree), None)

    def _script(self, place: str, path: Sequence[str]) -> tuple[Installation, str] | None:
        node = _file(self._tree, place)
        if node is None or node.blob is None or not node.mode & 0o111:
            return None
        match = _SHEBANG.match(next(iter(node.blob.chunks()), b"")[:_HEAD])
        if match is None:
            return None
        program, *words = (match[1] + b" " + match[2]).decode("utf-8", "replace").split()
        if program.endswith("/env"):
            names = [word for word in words if not word.startswith("-") and "=" not in word]
            if not names or not _INTERPRETER.fullmatch(names[0]):
                return None
            places = [f"{directory}/{names[0]}" for directory in path]
            program = next((one for one in places if _file(self._tree, one) is not None), "")
        if not _INTERPRETER.fullmatch(program.rpartition("/")[2]):
            return None
        installation = self._interpreter(program)
        return None if installation is None else (installation, node.path)

    def _application_modules(
        self, words: Iterable[str], command: Command, installation: Installation
    ) -> tuple[str, ...]:
        """Names in the command and its environment that are modules in the working directory."""
        found: dict[str, None] = {}
        if any(command.workdir == place for place in (*installation.search, "/")):
            return ()
        for word in (*words, *command.environment.values()):
            match = _OBJECT.fullmatch(word)
            if match is None:
                continue
            base = f"{command.workdir.rstrip('/')}/{match[1].replace('.', '/')}"
            if f"{base}.py" in self._tree or f"{base}/__init__.py" in self._tree:
                found[match[1]] = None
        return tuple(found)


def _python_path(environment: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(filter(None, environment.get("PYTHONPATH", "").split(":")))


def _argument(words: list[str], workdir: str) -> tuple[str, str]:
    """The module and the script that an interpreter with the arguments `words` runs."""
    kind, value = what_runs(list(words))
    if kind == "-m":
        return value, ""
    if kind or not value:
        return "", ""
    return "", value if value.startswith("/") else f"{workdir.rstrip('/')}/{value}"


def _file(tree: Tree, path: str) -> Node | None:
    try:
        node = tree.resolve(path)
    except LinkLoop:
        return None
    return None if node is None or node.kind is Kind.DIRECTORY else node
