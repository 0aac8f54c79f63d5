"""What the settings of a server choose, and it cannot start without: workers, loops, protocols.

The rules (``[program]`` and ``[[choice]]``) say where a server is told; this reads what it is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from distil.model.errors import LinkLoop
from distil.model.tree import Tree
from distil.reach.command import Command
from distil.runtimes.python.reach.rules import Choice, Server, shipped_rules

_CLASS: Final = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?::\w+|\.[A-Za-z_]\w*)")
_LARGEST: Final = 1 << 20


class Chosen(msgspec.Struct, frozen=True):
    """A module that a server imports before it serves, and the words by which it was told to."""

    module: str
    said: str


def chosen_modules(words: Sequence[str], command: Command, tree: Tree) -> tuple[Chosen, ...]:
    """What the servers that `words` start are told to use, there or in their settings.

    The command line counts before the environment, and that before configuration files.
    """
    found: dict[Chosen, None] = {}
    for file in shipped_rules().files:
        names = file.program.names if file.program is not None else ()
        start = next((n for n, w in enumerate(words) if w.rpartition("/")[2] in names), None)
        if file.program is None or start is None:
            continue
        settings = _Settings(file.program, words[start + 1 :], command, tree)
        for choice in file.choice:
            for value, said in settings.of(choice):
                found.update(dict.fromkeys(Chosen(name, said) for name in _needs(choice, value)))
    return tuple(found)


def _needs(choice: Choice, value: str) -> tuple[str, ...]:
    if value in choice.needs:
        return choice.needs[value]
    match = _CLASS.fullmatch(value) if choice.classes else None
    return (match[1],) if match is not None else ()


class _Settings:
    """What one server is told."""

    def __init__(
        self, server: Server, arguments: Sequence[str], command: Command, tree: Tree
    ) -> None:
        self._arguments = arguments
        self._environment = command.environment
        more = command.environment.get(server.arguments, "") if server.arguments else ""
        self._more = _split(more)
        self._variable = server.arguments
        self._texts = []
        asked = _value([*self._more, *arguments], server.file_options)
        for name in (asked.removeprefix("file:"),) if asked else server.files:
            path = name if name.startswith("/") else f"{command.workdir.rstrip('/')}/{name}"
            self._texts.append((path, _text(tree, path)))

    def of(self, choice: Choice) -> Iterator[tuple[str, str]]:
        """The value that counts for `choice`, and how it is said; nothing when it is not told."""
        value = _value(self._arguments, choice.options)
        if value:
            yield value, f"{choice.options[0]} {value}"
            return
        value = _value(self._more, choice.options)
        if value:
            yield value, f"{choice.options[0]} {value} in {self._variable}"
            return
        for variable in choice.variables:
            if self._environment.get(variable):
                yield self._environment[variable], f"{variable}={self._environment[variable]}"
                return
        for path, text in self._texts:
            for value in _assigned(text, choice.setting)[-1:]:
                yield value, f"{choice.setting} = {value} in {path}"


def _value(arguments: Sequence[str], options: Sequence[str]) -> str:
    """The value that the last of `options` among `arguments` has; empty when none is there."""
    found = ""
    for number, word in enumerate(arguments):
        for option in options:
            if word == option:
                found = arguments[number + 1] if number + 1 < len(arguments) else found
            elif option.startswith("--") and word.startswith(f"{option}="):
                found = word.partition("=")[2]
            elif not option.startswith("--") and word.startswith(option):
                found = word.removeprefix(option)
    return found


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote that nothing closes
        return text.split()


def _assigned(text: str, setting: str) -> list[str]:
    """The texts that `setting` is given at the beginning of lines, in Python, TOML or INI."""
    if not setting:
        return []
    pattern = rf"^{re.escape(setting)}[ \t]*=[ \t]*[\"']([^\"'\n]+)[\"'][ \t\r]*(?:#.*)?$"
    return re.findall(pattern, text, re.MULTILINE)


def _text(tree: Tree, path: str) -> str:
    try:
        node = tree.resolve(path)
    except LinkLoop:
        return ""
    if node is None or node.blob is None or node.size > _LARGEST:
        return ""
    return node.blob.read().decode("utf-8", "replace")
