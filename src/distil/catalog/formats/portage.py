"""Portage's database of what is installed: ``var/db/pkg/CATEGORY/NAME-VERSION`` of Gentoo.

Follows the "VDB" of the Package Manager Specification (names and versions: its chapter 3) and of
Portage (``CONTENTS``). Each file of the directory holds one value.
"""

from __future__ import annotations

import re
from typing import Final

from distil.catalog.facts import Added, Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.field_text import MOST_FILES, clean
from distil.catalog.formats.licenses import spdx
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent

DATABASE: Final = "/var/db/pkg/"
"""Where it is, below the root of the package manager."""

_PACKAGE: Final = re.compile(
    r"([A-Za-z0-9+_.-]+)/([A-Za-z0-9+_-]+?)"
    r"-(\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d*)*(?:-r\d+)?)"
)
_FILE: Final = re.compile(r"obj (.+) ([0-9a-f]{32}) \d+")
_LINK: Final = re.compile(r"sym (.+?) -> (.+) \d+")
_FIELDS: Final = {"DESCRIPTION": "description", "HOMEPAGE": "homepage"}
_NAMES: Final = {"BSD": "BSD-3-Clause", "BSD-1": "BSD-1-Clause", "ZLIB": "Zlib"}
"""What Gentoo's directory of licences calls otherwise than everybody."""


def contents(path: str, content: Content) -> Facts:
    """The package of a ``CONTENTS``, named by its directory, and its files.

    Raises `Unreadable` where the directory is no package's, or a line is none of its kinds.
    """
    root, _, rest = path.partition(DATABASE)
    directory = rest.rpartition("/")[0]
    found = _PACKAGE.fullmatch(directory)
    if found is None:
        raise Unreadable("its directory is not named after a package and its version")
    category, name, version = found.groups()
    component = InventoryComponent(
        name=f"{category}/{name}",
        version=version,
        kind="portage",
        purl=package_url("ebuild", name, version, namespace=category),
    )
    lines = bytes(content).decode("utf-8", "surrogateescape").split("\n")
    if len(lines) > MOST_FILES:
        raise Unreadable(f"more than {MOST_FILES} files")
    claims = []
    for line in lines:
        claim = _claim(root, line)
        if claim is not None:
            claims.append(claim)
        elif line and not line.startswith(("dir ", "dev ", "fif ")):
            raise Unreadable("a line that is no file, link or directory")
    keys = (f"portage:{root or '/'}:{component.name}", _key(path))
    return Facts(stated=(Stated(component, keys, tuple(claims)),))


def value(path: str, content: Content) -> Facts:
    """What another file of the directory says: licence, description, home page."""
    name = path.rpartition("/")[2]
    text = clean(bytes(content[:4096]).decode("utf-8", "surrogateescape")).strip()
    if not text or "\0" in text:
        raise Unreadable("no value in it")
    if name == "LICENSE":
        read = spdx(_expression(text))
        return Facts(added=(Added(_key(path), (), read.expressions, read.texts),))
    first = text.split()[0] if name == "HOMEPAGE" else text
    return Facts(added=(Added(_key(path), fields=((_FIELDS[name], first),)),))


def _key(path: str) -> str:
    return f"portage:{path.rpartition('/')[0]}"


def _claim(root: str, line: str) -> Claim | None:
    file = _FILE.fullmatch(line)
    if file is not None:
        is_configuration = file[1].startswith("/etc/")
        return Claim(root + file[1], f"md5:{file[2]}", is_configuration=is_configuration)
    link = _LINK.fullmatch(line)
    return Claim(root + link[1], f"link:{link[2]}") if link is not None else None


def _expression(text: str) -> str:
    """``GPL-2 || ( MIT BSD )`` as others write it: all of a list, one of what ``||`` is before."""
    words: list[str] = []
    between = ["and"]
    is_choice = False
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word == "||":
            is_choice = True
            continue
        if word == ")":
            words.append(word)
            between = between[:-1] or ["and"]
            continue
        if words and words[-1] != "(":
            words.append(between[-1])
        if word == "(":
            between.append("or" if is_choice else "and")
            is_choice = False
        words.append(_NAMES.get(word, word))
    return " ".join(words)
