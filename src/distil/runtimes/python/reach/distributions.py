"""The distributions installed in a tree, as their own metadata lists them."""

from __future__ import annotations

import configparser
import csv
import io
import posixpath
import re
from collections.abc import Container, Iterable
from typing import Final

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from distil.model.node import Kind
from distil.model.tree import Tree

MAX_METADATA: Final = 16 << 20
"""Bytes of one RECORD that are read; the largest known has about 2 MB."""

_REQUIRED: Final = re.compile(r"Requires-Dist:\s*([A-Za-z0-9][\w.-]*)")
_NORMAL: Final = re.compile(r"[-_.]+")


class Distribution(msgspec.Struct, frozen=True):
    """One installed distribution. `name` is normalised (PEP 503), `files` are absolute paths.

    `groups` are the entry points by group: (name, object reference) pairs.
    """

    name: str
    version: str
    metadata: str
    """The directory of its metadata (``….dist-info``)."""
    files: tuple[str, ...]
    groups: dict[str, tuple[tuple[str, str], ...]] = {}
    requires: tuple[str, ...] = ()
    """The distributions it needs in any case, those of extras left out."""


def normal_name(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return _NORMAL.sub("-", name).lower()


def find_distributions(tree: Tree, sites: Iterable[str]) -> tuple[Distribution, ...]:
    """The distributions whose metadata lies in one of the directories `sites`, by name.

    Only paths that are in `tree` are listed; what a RECORD does not name is not part of it.
    """
    found = [
        _read(tree, site, node.path)
        for site in sites
        for node in tree.children(site)
        if node.kind is Kind.DIRECTORY and node.name.endswith((".dist-info", ".egg-info"))
    ]
    return tuple(sorted(found, key=lambda distribution: distribution.name))


def _read(tree: Tree, site: str, metadata: str) -> Distribution:
    label = metadata.rpartition("/")[2].rpartition(".")[0]
    name, _, version = label.partition("-")
    files = {path for path in recorded_paths(tree, site, metadata) if path in tree}
    files |= {node.path for node in tree.under(metadata) if node.kind is not Kind.DIRECTORY}
    groups = _entry_points(_text(tree, f"{metadata}/entry_points.txt"))
    requires = _requires(_text(tree, f"{metadata}/METADATA"))
    return Distribution(
        normal_name(name),
        version.partition("-")[0],
        metadata,
        tuple(sorted(files)),
        groups,
        requires,
    )


def _requires(text: str) -> tuple[str, ...]:
    head = text.partition("\n\n")[0]
    lines = (line for line in head.splitlines() if line.startswith("Requires-Dist:"))
    names = (_REQUIRED.match(line) for line in lines if "extra ==" not in line)
    return tuple(normal_name(match[1]) for match in names if match is not None)


def unmet_requirements(
    tree: Tree, distribution: Distribution, installed: Container[str], line: str
) -> list[str]:
    """What `distribution` needs in any case on Python `line`, and `installed` does not have."""
    environment = {"python_version": line, "python_full_version": f"{line}.0", "extra": ""}
    environment |= {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    head = _text(tree, f"{distribution.metadata}/METADATA").partition("\n\n")[0]
    unmet = []
    for row in head.splitlines():
        if not row.startswith("Requires-Dist:"):
            continue
        try:
            needed = Requirement(row.partition(":")[2].strip())
        except InvalidRequirement:
            continue
        if needed.marker is not None and not needed.marker.evaluate(environment):
            continue
        if normal_name(needed.name) not in installed:
            unmet.append(normal_name(needed.name))
    return unmet


def _text(tree: Tree, path: str) -> str:
    node = tree.get(path)
    if node is None or node.blob is None or node.size > MAX_METADATA:
        return ""
    return node.blob.read().decode("utf-8", "replace")


def recorded_paths(tree: Tree, site: str, metadata: str) -> Iterable[str]:
    """The absolute paths a RECORD (or the installed-files.txt of an egg) names."""
    record = _text(tree, f"{metadata}/RECORD")
    if record:
        for row in csv.reader(io.StringIO(record)):
            if row and row[0]:
                yield posixpath.normpath(posixpath.join(site, row[0]))
        return
    for line in _text(tree, f"{metadata}/installed-files.txt").splitlines():
        yield posixpath.normpath(posixpath.join(metadata, line))
    for name in _text(tree, f"{metadata}/top_level.txt").split():
        for path in (f"{site}/{name}", f"{site}/{name}.py"):
            yield from (node.path for node in tree.under(path) if node.kind is not Kind.DIRECTORY)


def _entry_points(text: str) -> dict[str, tuple[tuple[str, str], ...]]:
    if not text:
        return {}
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: tuple(parser.items(section)) for section in parser.sections()}
