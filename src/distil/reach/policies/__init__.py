"""What compiled code and libraries open at run time without naming it anywhere: as data.

One TOML file a topic; each documents itself with its reason and can prove itself with its
self-test (see README.md).
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files
from itertools import chain
from typing import Final

import msgspec

from distil.formats.elf_strings import ElfStrings, Sought
from distil.formats.patterns import name_expression, path_expression


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What in the image makes a policy apply: any one of these is enough."""

    always: bool = False
    files: tuple[str, ...] = ()
    """Path patterns of kept files."""
    functions: tuple[str, ...] = ()
    """Functions that kept compiled code calls."""
    not_called_by: tuple[str, ...] = ()
    """Libraries, by soname, whose calls of these functions do not count."""
    texts: tuple[str, ...] = ()
    """Texts that kept compiled code holds; Go programs tell of themselves by functions."""
    go_functions: tuple[str, ...] = ()
    """Functions, by their full names, that are linked into kept Go programs."""
    modules: tuple[str, ...] = ()
    """Python modules that are reached."""


_PROGRAM: Final = re.compile(r"/s?bin/")

WORD: Final = "{}"
"""Stands for a word of configuration."""


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Text of which every word may name what else is opened."""

    files: tuple[str, ...]
    """Path patterns of the files that begin; what they name is searched as well."""
    own: tuple[str, ...] = ()
    """Patterns of the user's own files that begin whatever names them: another start may."""
    places: tuple[str, ...] = ()
    """Where a relative word may lie beside its file's own directory: patterns with `WORD`."""
    comments: tuple[str, ...] = ("#",)
    """What begins a comment."""


class PolicyFacts(msgspec.Struct, frozen=True):
    """What was found in an image so far: what policies ask about.

    `kept` are paths; `functions` has for each function its callers, soname and path; `texts`,
    `modules` and `go_functions` have for each the path of one file that holds it, or is it.
    """

    kept: Collection[str]
    functions: Mapping[str, Mapping[str, str]] = {}
    texts: Mapping[str, str] = {}
    modules: Mapping[str, str] = {}
    go_functions: Mapping[str, str] = {}


class Need(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Compiled code of the application's own that needs `packages`, and what tells that it does.

    `reason` completes a sentence that begins with the file. Go programs are told by functions,
    others by texts, by functions that they call and by libraries that they are linked with.
    """

    packages: tuple[str, ...]
    reason: str
    functions: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    go_functions: tuple[str, ...] = ()
    unless_go_functions: tuple[str, ...] = ()
    """Functions of Go programs that bring the files themselves."""

    def because(self, strings: ElfStrings, linked: Collection[str]) -> str | None:
        """What shows that code with these `strings`, `linked` with libraries, needs it."""
        if not set(self.unless_go_functions).isdisjoint(strings.go_functions):
            return None
        signs = (
            (self.go_functions, strings.go_functions),
            (self.libraries, linked),
            (self.functions, strings.functions),
            (self.texts, strings.texts),
        )
        return next((one for wanted, found in signs for one in wanted if one in found), None)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One topic: when it applies, and the paths that it keeps then.

    `need` tells of code that needs packages which the image might not have otherwise.

    Of what `keep` matches, `without` does not stay on the policy's account, for `without_reason`.
    `covers` are packages of which nothing stays but for policies, links and other evidence; other
    packages stay whole when any file of them does. `configuration` decides what else is opened.
    `selftest` is Python source that fails in a container when a kept path is missing.
    """

    name: str
    reason: str
    when: When
    keep: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_reason: str = ""
    covers: tuple[str, ...] = ()
    configuration: Configuration | None = None
    need: Need | None = None
    selftest: str = ""

    @property
    def about_program(self) -> bool:
        """Whether it is about a program and its packages, not about what many programs use."""
        return any(_PROGRAM.search(pattern) for pattern in self.when.files)

    def keeps(self, path: str) -> bool:
        """Whether `path` stays where the policy applies."""
        return _compiled(self.keep).fullmatch(path) is not None and not self.leaves(path)

    def leaves(self, path: str) -> bool:
        """Whether `path` is one that `keep` does not mean."""
        return _compiled(self.without).fullmatch(path) is not None

    def because(self, found: PolicyFacts) -> str | None:
        """The path that makes the policy apply; None if nothing does.

        Of one that always applies it is the Go program that needs it, or empty.
        """
        if self.when.always:
            asking = () if self.need is None else self.need.go_functions
            return next((found.go_functions[n] for n in asking if n in found.go_functions), "")
        if self.when.files:
            wanted = _compiled(self.when.files)
            match = next((path for path in found.kept if wanted.fullmatch(path)), None)
            if match is not None:
                return match
        called = (
            path
            for name in self.when.functions
            for soname, path in found.functions.get(name, {}).items()
            if soname not in self.when.not_called_by
        )
        held = (found.texts[text] for text in self.when.texts if text in found.texts)
        imported = (found.modules[name] for name in self.when.modules if name in found.modules)
        go = self.when.go_functions
        linked = (found.go_functions[name] for name in go if name in found.go_functions)
        return next(chain(called, held, imported, linked), None)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


@functools.cache
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(path_expression(patterns))


class Policies:
    """All policies, and the packages they cover."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.all: Final = tuple(policies)
        names = [pattern for policy in self.all for pattern in policy.covers]
        self._covered = re.compile(name_expression(names))
        names = [name for policy in self.all if policy.about_program for name in policy.covers]
        self._programs = re.compile(name_expression(names))

    @property
    def sought(self) -> Sought:
        """What compiled code is asked for."""
        needs = [policy.need for policy in self.all if policy.need is not None]
        asked: list[When | Need] = [*(policy.when for policy in self.all), *needs]
        unless = [name for need in needs for name in need.unless_go_functions]
        return Sought(
            functions=_sorted(name for one in asked for name in one.functions),
            texts=_sorted(text for one in asked for text in one.texts),
            go_functions=_sorted([*unless, *(n for one in asked for n in one.go_functions)]),
        )

    def covers(self, package: str) -> bool:
        """Whether the files of `package` are kept one by one."""
        return self._covered.fullmatch(package) is not None

    def knows_program(self, package: str) -> bool:
        """Whether a policy tells what the programs of `package` open: who names it wants those."""
        return self._programs.fullmatch(package) is not None


@functools.cache
def shipped_policies() -> Policies:
    """The policies that distil comes with, by file name."""
    found = sorted(files(__name__).iterdir(), key=lambda entry: entry.name)
    texts = [entry.read_text("utf-8") for entry in found if entry.name.endswith(".toml")]
    return Policies(msgspec.convert(tomllib.loads(text), Policy) for text in texts)
