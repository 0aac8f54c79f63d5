"""Packages by the databases that package managers leave in an image.

A row a database: adding one is adding a row. All of them have paragraphs of ``Name: value``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from distil.model.errors import MalformedImage
from distil.model.node import Kind, Node
from distil.model.tree import Tree

LARGEST: Final = 64 << 20
"""Bytes of one database, at most; Debian's for all of its packages together has as many."""

Packages = Mapping[tuple[str, str], tuple[str, ...]]
"""The versions of each package, by its ecosystem and name."""


class _Database(msgspec.Struct, frozen=True):
    """Where a database is, and the fields of a paragraph about one package.

    `goes_on`: there is a paragraph for each of many packages. `installed` is a field that has
    to end so, where it is there at all: dpkg keeps what it removed.
    """

    ecosystem: str
    path: re.Pattern[str]
    name: str
    version: str
    architecture: str = ""
    goes_on: bool = True
    installed: tuple[str, str] = ("", "")


DATABASES: Final = (
    _Database(
        "deb",
        re.compile(r"/var/lib/dpkg/status(?:\.d/(?!.*\.md5sums$)[^/]+)?"),
        "package",
        "version",
        "architecture",
        installed=("status", " installed"),
    ),
    _Database("apk", re.compile(r"/(?:usr/)?lib/apk/db/installed"), "p", "v", "a"),
    _Database(
        "python",
        re.compile(r"/.+\.(?:dist-info/METADATA|egg-info/PKG-INFO)", re.DOTALL),
        "name",
        "version",
        goes_on=False,
    ),
)

_FIELD: Final = re.compile(r"^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_BETWEEN: Final = re.compile(r"\n[ \t\r]*\n")
_SEPARATORS: Final = re.compile(r"[-_.]+")


def packages_in(tree: Tree) -> Packages:
    """The packages that the databases in `tree` name. Raises `MalformedImage`, `CorruptContent`."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for node in tree:
        if node.kind is not Kind.FILE:
            continue
        for database in DATABASES:
            if database.path.fullmatch(node.path):
                for name, version in _read(database, node):
                    found[database.ecosystem, name].add(version)
    return {key: tuple(sorted(versions)) for key, versions in found.items()}


def _read(database: _Database, node: Node) -> Iterator[tuple[str, str]]:
    if node.size > LARGEST:
        raise MalformedImage(node.path, f"a list of packages of more than {LARGEST} bytes")
    data = node.blob.read() if node.blob is not None else b""
    paragraphs = _BETWEEN.split(data.decode("utf-8", "replace"))
    for text in paragraphs if database.goes_on else paragraphs[:1]:
        fields: dict[str, str] = {}
        for name, value in _FIELD.findall(text):
            fields.setdefault(name.lower(), value)
        field, end = database.installed
        name = fields.get(database.name, "")
        if not name or not fields.get(field, end).endswith(end):
            continue
        if database.ecosystem == "python":
            name = _SEPARATORS.sub("-", name).lower()  # one name, however it is spelt (PEP 503)
        architecture = fields.get(database.architecture, "")
        version = fields.get(database.version, "")
        yield name, f"{version} {architecture}".strip()
