"""apk's database of what is installed: ``lib/apk/db/installed`` of Alpine and its kin.

Follows the "installed database" of apk-tools' apk-package(5) and its reader: blocks of lines
``KEY:VALUE`` with an empty line between; ``F:`` names a directory, and ``R:`` a file in it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from distil.catalog.facts import Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.field_text import LONGEST_PATH, MOST_FILES, clean, root_above
from distil.catalog.formats.licenses import Licenses, spdx
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent, SourcePackage

DATABASES: Final = ("/usr/lib/apk/db/installed", "/lib/apk/db/installed")
"""Where apk 3 keeps it, and where all before did."""

_CONFIGURATION: Final = "/etc/"
"""What apk does not overwrite, as it is delivered (``protected_paths.d``)."""

_OF_FILES: Final = frozenset({"F:", "R:", "Z:"})
_MOST_PACKAGES: Final = 200_000
_HEXADECIMAL: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_BINARY: Final = {16: "md5", 20: "sha1", 32: "sha256"}
_END_OF_NAME: Final = re.compile(r"[<>=~@]")


def installed(path: str, content: Content) -> Facts:
    """The packages, each with its files and what these must be.

    Raises `Unreadable` where there is text, but no package.
    """
    root = root_above(path, DATABASES)
    text = bytes(content).decode("utf-8", "surrogateescape")
    if text.count("\nR:") > MOST_FILES:
        raise Unreadable(f"more than {MOST_FILES} files")
    blocks = [block for block in text.split("\n\n") if block.strip()]
    if len(blocks) > _MOST_PACKAGES:
        raise Unreadable(f"more than {_MOST_PACKAGES} packages")
    stated = [one for block in blocks if (one := _package(root, block)) is not None]
    if blocks and not stated:
        raise Unreadable("no package in it")
    nameless = len(blocks) - len(stated)
    remarks = (f"{nameless} packages without name or version",) if nameless else ()
    return Facts(stated=tuple(stated), remarks=remarks)


def _package(root: str, block: str) -> Stated | None:
    fields: dict[str, str] = {}
    files = _Files(root)
    for line in block.split("\n"):
        key, value = line[:2], line[2:].rstrip("\r")
        if key in _OF_FILES:
            files.read(key, value)
        elif value and key[1:] == ":":
            fields[key[0]] = value
    if not fields.get("P") or not fields.get("V"):
        return None
    return _stated(root, {key: clean(value) for key, value in fields.items()}, files.claims())


class _Files:
    """The files of a package, line by line: a directory, a file in it, its checksum."""

    def __init__(self, root: str) -> None:
        self._top = self._directory = f"{root.rstrip('/')}/"
        self._found: dict[str, str] = {}
        self._last = ""

    def read(self, key: str, value: str) -> None:
        if len(value) > LONGEST_PATH:
            raise Unreadable("a path that is longer than any")
        if key == "F:":
            self._directory = f"{self._top}{value}/" if value else self._top
        elif key == "R:" and value:
            self._last = self._directory + value
            self._found[self._last] = ""
        elif key == "Z:" and self._last:
            self._found[self._last] = _checksum(value)

    def claims(self) -> tuple[Claim, ...]:
        below = len(self._top) - 1
        return tuple(
            Claim(path, checksum, is_configuration=path.startswith(_CONFIGURATION, below))
            for path, checksum in self._found.items()
        )


def _checksum(value: str) -> str:
    """``Q1`` and base64: SHA-1; ``Q2``: SHA-256; hexadecimal alone: MD5, of the first versions."""
    if value.startswith(("Q1", "Q2")):
        try:
            digest = base64.b64decode(value[2:], validate=True)
        except (binascii.Error, ValueError):
            return ""
        algorithm = _BINARY.get(len(digest))
        # apk-tools shortens SHA-256 to 20 bytes in places, which no file can be compared with.
        is_short = value.startswith("Q2") and len(digest) != 32
        return f"{algorithm}:{digest.hex()}" if algorithm and not is_short else ""
    algorithm = _HEXADECIMAL.get(len(value))
    is_hexadecimal = re.fullmatch("[0-9a-fA-F]+", value) is not None
    return f"{algorithm}:{value.lower()}" if algorithm and is_hexadecimal else ""


def _stated(root: str, fields: dict[str, str], claims: tuple[Claim, ...]) -> Stated:
    name, version = fields["P"], fields["V"]
    origin = fields.get("o", "")
    licenses = _licenses(fields.get("L", ""))
    properties = (("commit", fields.get("c", "")), ("installed-size", fields.get("I", "")))
    control = _checksum(fields.get("C", "")).removeprefix("sha1:")
    component = InventoryComponent(
        name=name,
        version=version,
        kind="apk",
        purl=package_url(
            "apk",
            name,
            version,
            qualifiers=(
                ("arch", fields.get("A", "")),
                ("upstream", origin if origin != name else ""),
            ),
        ),
        architecture=fields.get("A", ""),
        source=SourcePackage(origin) if origin and origin != name else None,
        supplier=fields.get("m", ""),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=fields.get("U", ""),
        description=fields.get("T", ""),
        properties=tuple(
            sorted((key, value) for key, value in (*properties, ("control-sha1", control)) if value)
        ),
    )
    prefix = f"apk:{root}:"
    provided = [f"{prefix}{_name(one)}" for one in fields.get("p", "").split()]
    needed = [one for one in fields.get("D", "").split() if not one.startswith("!")]
    return Stated(
        component,
        keys=(f"{prefix}{name}", *dict.fromkeys(provided)),
        claims=claims,
        needs=tuple(dict.fromkeys(f"{prefix}{_name(one)}" for one in needed)),
    )


def _name(dependency: str) -> str:
    """``so:libz.so.1=1.3``, ``musl>=1.2``, ``openssl@edge`` without what follows the name."""
    return _END_OF_NAME.split(dependency, maxsplit=1)[0]


def _licenses(written: str) -> Licenses:
    """An expression, or, as before 2019, ids with spaces between that all apply."""
    read = spdx(written)
    words = written.split()
    if read.texts and len(words) > 1 and not {"and", "or", "with"} & {w.lower() for w in words}:
        return spdx(" AND ".join(words))
    return read
