"""Debian packages that Python code opens at run time without saying so anywhere."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from typing import Final

import msgspec

from distil.fetch.packs import Pack
from distil.model.component import SystemNeed
from distil.model.tree import Tree
from distil.runtimes.python.wheel import Wheel
from distil.runtimes.python.wheels import LIBRARY_SEARCH

_SEARCH: Final = b"find_library"
_NUMBERS: Final = re.compile(r"[^0-9.]")


class KnownNeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of data/system-needs.toml, which describes the fields."""

    distribution: str
    packages: tuple[str, ...]
    reason: str
    since: str = ""
    unless: tuple[str, ...] = ()
    library_search: bool = False


@functools.cache
def known_needs() -> tuple[KnownNeed, ...]:
    """The entries of data/system-needs.toml."""
    text = resources.files(__package__).joinpath("data/system-needs.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["need"], tuple[KnownNeed, ...])


def system_needs(
    wheels: Sequence[tuple[Wheel, Pack | None]], application: Tree | None = None
) -> tuple[SystemNeed, ...]:
    """What the distributions in `wheels`, and the application's own files, need of Debian.

    A package ``a | b`` means the first that the suite has. Distributions that search libraries
    by name and are not known otherwise give a need without packages; that cannot be told of a
    wheel that was not fetched (no pack). Sorted by distribution.
    """
    installed = {wheel.name: wheel.version for wheel, _ in wheels}
    found = {
        need.distribution: SystemNeed(
            need.distribution, need.packages, need.reason, need.library_search
        )
        for need in known_needs()
        if need.distribution in installed
        and not set(need.unless) & installed.keys()
        and _release(installed[need.distribution]) >= _release(need.since)
    }
    for wheel, pack in wheels:
        noted = pack.attachments.get(LIBRARY_SEARCH, b"") if pack is not None else b""
        modules = noted.decode().splitlines()
        if modules and wheel.name not in found:
            found[wheel.name] = _searching(wheel.name, modules[0])
    path = _searching_module(application) if application is not None else ""
    if path:
        found["application"] = _searching("application", path)
    return tuple(found[name] for name in sorted(found))


def _searching(who: str, module: str) -> SystemNeed:
    reason = f"{module} calls find_library, which asks ldconfig"
    return SystemNeed(who, (), reason, library_search=True)


def _release(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with: enough to tell major releases apart."""
    return tuple(int(part) for part in _NUMBERS.split(version)[0].split(".") if part)


def _searching_module(tree: Tree) -> str:
    for node in tree:
        if node.blob is not None and node.path.endswith(".py") and _SEARCH in node.blob.read():
            return node.path
    return ""
