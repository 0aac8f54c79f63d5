"""Licences of Debian's packages whose documentation is another package's.

Packages of one source often have one copyright file, and links to it in ``/usr/share/doc``.
"""

from __future__ import annotations

from distil.catalog.formats.debian_root import package_key
from distil.catalog.join import Joined, Told, add
from distil.model.errors import LinkLoop
from distil.model.tree import Tree

_HOME = "/usr/share/doc"


def follow_documentation(told: Told, tree: Tree) -> None:
    """Add to packages of `told` without licences those of the file that links of `tree` lead to."""
    for joined in told.components:
        if joined.component.kind != "deb" or joined.component.licenses:
            continue
        for root in _roots(joined):
            other = _documented(root, joined.component.name, tree)
            found = told.licensed.get(package_key("dpkg", root, other))
            if found is not None:
                add(joined, found)


def _roots(joined: Joined) -> list[str]:
    """The roots of the databases that a package is in."""
    beginning, end = "dpkg:", f":{joined.component.name}"
    keys = (key for key in sorted(joined.keys) if key.startswith(beginning) and key.endswith(end))
    return [key[len(beginning) : -len(end)].rstrip("/") for key in keys]


def _documented(root: str, package: str, tree: Tree) -> str:
    """The package whose copyright file is that of `package`, empty for none."""
    try:
        node = tree.resolve(f"{root}{_HOME}/{package}/copyright")
    except LinkLoop:
        return ""
    if node is None or not node.path.startswith(f"{root}{_HOME}/"):
        return ""
    return node.path.removeprefix(f"{root}{_HOME}/").removesuffix("/copyright")
