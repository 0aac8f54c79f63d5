"""pacman's database of what is installed: ``var/lib/pacman/local`` of Arch Linux and its kin.

A directory for each package, with three files: `desc` (libalpm's fields: ``%KEY%`` and lines up
to an empty one), `files` (the same, with the files of the package and those that the user may
change), and `mtree` (mtree(5), compressed with gzip: what the files must be).
"""

from __future__ import annotations

import re
from typing import Final

from distil.catalog.facts import Added, Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.field_text import MOST_FILES, clean
from distil.catalog.formats.licenses import spdx_all
from distil.catalog.package_url import package_url
from distil.formats.compressed import decompress
from distil.formats.errors import MalformedArchive
from distil.model.inventory import InventoryComponent, SourcePackage

DATABASE: Final = "/var/lib/pacman/local/"
"""Where it is, below the root of the package manager."""

_LONGEST_MTREE: Final = 64 << 20
"""Bytes of an mtree, unpacked; that of a whole kernel has three million."""

_END_OF_NAME: Final = re.compile(r"[<>=:]")
_OCTAL: Final = re.compile(rb"\\([0-7]{3})")
_DIGESTS: Final = ("sha256digest=", "md5digest=")
_LINK: Final = "link="
_HEXADECIMAL: Final = {"sha256": 64, "md5": 32}


def description(path: str, content: Content) -> Facts:
    """The package of a `desc`. Raises `Unreadable` where it has no name or version."""
    root, directory = _place(path)
    fields = {key: [clean(line) for line in lines] for key, lines in _fields(content).items()}
    name, version = _first(fields, "NAME"), _first(fields, "VERSION")
    if not name or not version:
        raise Unreadable("no name or no version in it")
    base, architecture = _first(fields, "BASE"), _first(fields, "ARCH")
    licenses = spdx_all(fields.get("LICENSE", ()))
    component = InventoryComponent(
        name=name,
        version=version,
        kind="alpm",
        purl=package_url(
            "alpm", name, version, qualifiers=(("arch", architecture), ("upstream", base))
        ),
        architecture=architecture,
        source=SourcePackage(base) if base and base != name else None,
        supplier=_first(fields, "PACKAGER"),
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=_first(fields, "URL"),
        description=_first(fields, "DESC"),
    )
    prefix = f"alpm:{root}:"
    provided = [f"{prefix}{_name(one)}" for one in fields.get("PROVIDES", ())]
    needed = [f"{prefix}{_name(one)}" for one in fields.get("DEPENDS", ())]
    stated = Stated(
        component,
        keys=(f"{prefix}{name}", _key(directory), *dict.fromkeys(provided)),
        needs=tuple(dict.fromkeys(needed)),
    )
    return Facts(stated=(stated,))


def files(path: str, content: Content) -> Facts:
    """The files of a package, and the MD5 sums of those that are for the user to change."""
    root, directory = _place(path)
    fields = _fields(content)
    top = root.rstrip("/")
    backups = dict(line.partition("\t")[::2] for line in fields.get("BACKUP", ()))
    names = [name for name in fields.get("FILES", ()) if not name.endswith("/")]
    claims = [
        Claim(
            f"{top}/{name}",
            _checksum("md5", backups.get(name, "")),
            is_configuration=name in backups,
        )
        for name in names
    ]
    return Facts(added=(Added(_key(directory), tuple(claims)),) if claims else ())


def mtree(path: str, content: Content) -> Facts:
    """What the files of a package must be. Raises `Unreadable` where it cannot be unpacked."""
    root, directory = _place(path)
    try:
        pieces = decompress([bytes(content)], "gz", limit=_LONGEST_MTREE, what="mtree")
        text = _text(b"".join(pieces))
    except MalformedArchive as error:
        raise Unreadable(str(error)) from error
    if not text.startswith("#mtree"):
        raise Unreadable("no mtree")
    top = root.rstrip("/")
    kind = "file"
    claims = []
    for line in text.replace("\\\n", " ").split("\n"):
        name, *words = line.split()[:64] or ("",)
        told = next((word[5:] for word in reversed(words) if word.startswith("type=")), "")
        if name == "/set":
            kind = told or kind
        # What begins with a dot at the top is of the package itself: .PKGINFO, .MTREE, .INSTALL
        elif name.startswith("./") and not name.startswith("./.") and (told or kind) != "dir":
            claims.append(Claim(f"{top}/{_unescaped(name[2:])}", _digest(words)))
    return Facts(added=(Added(_key(directory), tuple(claims)),) if claims else ())


def _place(path: str) -> tuple[str, str]:
    """The root of the package manager, and the directory of the package."""
    root, _, _ = path.partition(DATABASE)
    return root or "/", path.rpartition("/")[0]


def _key(directory: str) -> str:
    return f"alpm:{directory}"


def _fields(content: Content) -> dict[str, list[str]]:
    """The lines of each field; raises `Unreadable` where there is text and no field."""
    text = _text(bytes(content))
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in text.split("\n"):
        if not line:
            lines = None
        elif lines is not None:
            lines.append(line)
        elif line.startswith("%") and line.endswith("%"):
            lines = found.setdefault(line[1:-1], [])
    if text.strip() and not found:
        raise Unreadable("no field in it")
    return found


def _text(content: bytes) -> str:
    if content.count(b"\n") > MOST_FILES:
        raise Unreadable(f"more than {MOST_FILES} lines")
    return content.decode("utf-8", "surrogateescape")


def _first(fields: dict[str, list[str]], key: str) -> str:
    lines = fields.get(key)
    return lines[0].strip() if lines else ""


def _name(dependency: str) -> str:
    """``libz.so=1-64``, ``glibc>=2.38``, ``perl: for scripts`` without what follows the name."""
    return _END_OF_NAME.split(dependency, maxsplit=1)[0].strip()


def _unescaped(name: str) -> str:
    r"""A name with bytes as ``\303\251``: vis(3)."""
    if "\\" not in name:
        return name
    plain = name.encode("utf-8", "surrogateescape")
    whole = _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), plain)
    return whole.decode("utf-8", "surrogateescape")


def _digest(words: list[str]) -> str:
    for word in words:
        if word.startswith(_LINK):
            return f"link:{_unescaped(word.removeprefix(_LINK))}"
    for start in _DIGESTS:
        for word in words:
            if word.startswith(start):
                return _checksum(start.removesuffix("digest="), word[len(start) :])
    return ""


def _checksum(algorithm: str, value: str) -> str:
    is_one = len(value) == _HEXADECIMAL[algorithm] and re.fullmatch("[0-9a-fA-F]+", value)
    return f"{algorithm}:{value.lower()}" if is_one else ""
