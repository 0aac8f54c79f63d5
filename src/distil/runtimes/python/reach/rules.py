"""What is known about the dynamic code of single distributions, read from data files.

The format is documented in ``data/README.md`` beside the files.
"""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from distil.runtimes.python.errors import InvalidRule
from distil.runtimes.python.reach.patterns import matches

STANDARD_LIBRARY: Final = "python"
"""The `RuleFile.distribution` of the interpreter and its standard library."""


class Source(StrEnum):
    """Where the names come from that a resolved dynamic import can import."""

    COMMAND = "command"
    """Words of the container's command and values of its environment."""
    APPLICATION = "application"
    """String literals of the application's own files."""
    STRINGS = "strings"
    """String literals of the file itself."""
    DATA = "data"
    """Data the program reads, such as a pickle: its classes were imported to be written."""
    REACHED = "reached"
    """Modules that something else imports too; asking for another one is an error."""
    TOOL = "tool"
    """A person at a terminal, or a tool that the image is not made for."""


class Resolve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dynamic import whose possible names are known."""

    module: str
    why: str
    scope: str = "*"
    sources: tuple[Source, ...] = ()
    modules: tuple[str, ...] = ()


class Add(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What else is needed once a module is reached; `when` empty means always."""

    when: str
    why: str
    modules: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Lazy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Imports that a file has and that do not run by themselves.

    They count once one of `needs` is reached, or once another reached file than those of the
    modules `except_in` holds one of the texts `mentions`. With `instead` they count unless the
    tree has such a module.
    """

    module: str
    why: str
    scope: str = ""
    imports: tuple[str, ...] = ("*",)
    needs: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    except_in: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


class Convention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Submodules that a framework looks for in every package the application names."""

    submodules: tuple[str, ...]
    why: str


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Data that only serves a package: without the package nothing opens it."""

    packages: tuple[str, ...]
    directories: tuple[str, ...]
    why: str


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a server is called, and where else than on its command line it is told what to do.

    `arguments` is the environment variable with more of a command line, `files` are configuration
    files in the working directory, and `file_options` name another one.
    """

    names: tuple[str, ...]
    arguments: str = ""
    files: tuple[str, ...] = ()
    file_options: tuple[str, ...] = ()


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A setting that says what a server uses, and cannot start without.

    `needs` has the modules for each value; with `classes` any other value is a class's name.
    """

    options: tuple[str, ...]
    why: str
    variables: tuple[str, ...] = ()
    setting: str = ""
    needs: dict[str, tuple[str, ...]] = {}
    classes: bool = False


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One data file: the rules for some versions of one distribution."""

    distribution: str
    versions: str
    test: str
    resolve: tuple[Resolve, ...] = ()
    add: tuple[Add, ...] = ()
    lazy: tuple[Lazy, ...] = ()
    convention: tuple[Convention, ...] = ()
    data: tuple[Data, ...] = ()
    program: Server | None = None
    choice: tuple[Choice, ...] = ()

    def name(self) -> str:
        """How reasons call this file."""
        return f"rule {self.distribution}"


class RuleSet:
    """The rules that hold for what is installed."""

    def __init__(self, files: Iterable[RuleFile]) -> None:
        self.files = tuple(files)
        self._resolves = _by_module((file, rule) for file in self.files for rule in file.resolve)
        self._wide = tuple(pattern for pattern in self._resolves if "*" in pattern)
        self._lazies = _by_module((file, rule) for file in self.files for rule in file.lazy)
        self._adds: dict[str, list[tuple[RuleFile, Add]]] = {}
        for file in self.files:
            for add in file.add:
                self._adds.setdefault(add.when, []).append((file, add))

    def for_versions(self, versions: Mapping[str, str]) -> RuleSet:
        """Only the rules for the installed `versions` by distribution name."""
        return RuleSet(file for file in self.files if _holds(file, versions))

    def resolving(self, module: str, scope: str) -> tuple[RuleFile, Resolve] | None:
        """The rule for a dynamic import in `scope` of `module`, None when there is none."""
        for pattern in (module, *self._wide):
            if matches(pattern, module):
                for file, rule in self._resolves.get(pattern, ()):
                    if matches(rule.scope, scope):
                        return file, rule
        return None

    @property
    def words(self) -> tuple[str, ...]:
        """The identifiers whose mention matters to some rule, sorted."""
        lazies = (rule for file in self.files for rule in file.lazy)
        return tuple(sorted({word for rule in lazies for word in rule.mentions}))

    def lazies(self, module: str) -> list[tuple[RuleFile, Lazy]]:
        """The rules about imports inside functions of `module`."""
        return self._lazies.get(module, [])

    def adding(self, module: str) -> list[tuple[RuleFile, Add]]:
        """What else is needed once `module` is reached (empty: always)."""
        return self._adds.get(module, [])


_Rule = TypeVar("_Rule", Resolve, Lazy)


def _by_module(rules: Iterable[tuple[RuleFile, _Rule]]) -> dict[str, list[tuple[RuleFile, _Rule]]]:
    index: dict[str, list[tuple[RuleFile, _Rule]]] = {}
    for file, rule in rules:
        index.setdefault(rule.module, []).append((file, rule))
    return index


def _holds(file: RuleFile, versions: Mapping[str, str]) -> bool:
    version = versions.get(file.distribution)
    if version is None:
        return False
    try:
        return SpecifierSet(file.versions).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def load_rules(text: str, where: str) -> RuleFile:
    """One rule file. Raises `InvalidRule` for anything the format does not allow."""
    try:
        file = msgspec.convert(tomllib.loads(text), RuleFile)
        SpecifierSet(file.versions)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, InvalidSpecifier) as error:
        raise InvalidRule(where, str(error)) from None
    rules: list[Resolve | Add | Lazy | Convention] = [*file.resolve, *file.add, *file.lazy]
    for rule in [*rules, *file.convention, *file.data, *file.choice]:
        if len(rule.why) < 20:
            raise InvalidRule(where, f"`why` must be a sentence, not {rule.why!r}")
    return file


@functools.cache
def shipped_rules() -> RuleSet:
    """The rules that come with distil."""
    return RuleSet(load_rules(text, name) for name, text in _shipped())


def _shipped() -> Iterator[tuple[str, str]]:
    data = importlib.resources.files(__package__) / "data"
    for entry in sorted(data.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            yield entry.name, entry.read_text("utf-8")
