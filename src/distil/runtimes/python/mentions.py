"""What the application's own Python files name by a literal."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Final

import msgspec

from distil.model.mention import Mention
from distil.model.node import Node
from distil.runtimes.python.formats.mentions import LARGEST, read_mentions
from distil.runtimes.python.reach.command import is_python
from distil.runtimes.python.reach.suites import is_test

_NOT_RUN_HERE: Final = re.compile(r"/(?:setup|noxfile|fabfile)\.py$")
"""Programs of whoever works on the application, not of the image."""


class _Starter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A distribution that starts programs."""

    name: str
    programs: tuple[str, ...]


def mentions_of(node: Node) -> Iterable[Mention]:
    """What `node` names, if it is Python code that may run in the image; tests are not."""
    if node.blob is None or node.size > LARGEST:
        return ()
    may_run = node.name.endswith(".py") or node.mode & 0o111
    if not may_run or not is_python(node) or is_test(node.path) or _NOT_RUN_HERE.search(node.path):
        return ()
    return read_mentions(node.blob.read())


def programs_of(distributions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those of `distributions` that are of little use without a program, each with it."""
    starters = {entry.name: entry.programs for entry in known_starters()}
    for name in distributions:
        for program in starters.get(name, ()):
            yield name, program


@functools.cache
def known_starters() -> tuple[_Starter, ...]:
    """The entries of data/starters.toml."""
    text = resources.files(__package__).joinpath("data/starters.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["distribution"], tuple[_Starter, ...])
