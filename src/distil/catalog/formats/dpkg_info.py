"""What dpkg and opkg keep of the files of their packages, of diversions and of alternatives.

Follows deb-md5sums(5), deb-conffiles(5), dpkg-divert(1) and update-alternatives(1).
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final, TypeVar

from distil.catalog.facts import Added, Claim, Content, Facts, Unreadable
from distil.catalog.formats.debian_fields import text_of
from distil.catalog.formats.debian_root import Database, below, package_key
from distil.catalog.formats.dpkg import file_key

ALTERNATIVE: Final = "update-alternatives"
"""What makes the links of alternatives."""

MOST_PATHS: Final = 1_000_000
"""Paths of one list; the largest packages have some ten thousand."""

Line = TypeVar("Line")

_CHECKSUM: Final = re.compile(r"^(\\?)([0-9a-fA-F]{32}) [ *]([^\n]+?)\r?$", re.MULTILINE)
_ESCAPE: Final = re.compile(r"\\([\\nr])")
_ESCAPED: Final = {"\\": "\\", "n": "\n", "r": "\r"}


def md5sums(path: str, content: Content) -> Facts:
    """The files of a package and their checksums. Raises `Unreadable`."""
    database = Database(path, "dpkg")
    text = text_of(content)
    claims = [
        Claim(database.path(_unescaped(written) if escaped else written), f"md5:{sum_.lower()}")
        for escaped, sum_, written in _limited(_CHECKSUM.findall(text))
    ]
    wrong = sum(1 for line in text.split("\n") if line.strip()) - len(claims)
    if wrong and not claims:
        raise Unreadable("no list of checksums")
    remarks = (f"{wrong} lines that are no checksums",) if wrong else ()
    return Facts(added=_added(database, path, claims), remarks=remarks)


def file_list(path: str, content: Content) -> Facts:
    """The paths of a package. Raises `Unreadable`.

    dpkg lists directories and links too, which nobody counts: the list of checksums says what is
    to be there, this one only whose it is. opkg lists files alone, sometimes with their modes.
    """
    database = _database(path)
    lines = _limited(text_of(content).split("\n"))
    written = (line.partition("\t")[0] for line in lines if line.startswith("/"))
    paths = dict.fromkeys(database.path(line) for line in written if line != "/.")
    above = {one.rpartition("/")[0] for one in paths}
    is_optional = database.manager == "dpkg"
    claims = [Claim(one, is_optional=is_optional) for one in paths if one not in above]
    if not claims and any(line.strip() not in ("", "/.") for line in lines):
        raise Unreadable("no list of paths")
    return Facts(added=_added(database, path, claims))


def conffiles(path: str, content: Content) -> Facts:
    """The paths of a package that are for the user to change. Raises `Unreadable`."""
    database = _database(path)
    lines = _limited(text_of(content).split("\n"))
    paths = [line.strip() for line in lines if line.startswith("/")]
    claims = [Claim(database.path(one), is_configuration=True) for one in paths]
    return Facts(added=_added(database, path, claims))


def diversions(path: str, content: Content) -> Facts:
    """Paths of packages that are elsewhere: three lines for each. Raises `Unreadable`."""
    database = Database(path, "dpkg")
    if database.file != "diversions":
        return Facts()
    lines = _limited(text_of(content).splitlines())
    if len(lines) % 3 or any(not line.startswith("/") for line in lines[::3] + lines[1::3]):
        raise Unreadable("no list of diversions")
    moved = tuple(
        ("" if keeper == ":" else database.key(keeper), database.path(source), database.path(to))
        for source, to, keeper in zip(lines[::3], lines[1::3], lines[2::3], strict=True)
    )
    return Facts(moved=moved)


def alternatives(path: str, content: Content) -> Facts:
    """The links of one alternative: its own, and those that go with it. Raises `Unreadable`."""
    database = Database(path, "dpkg")
    directory, _, name = database.file.rpartition("/")
    if directory != "alternatives":
        return Facts()
    lines = _limited(text_of(content).split("\n"))
    if lines[0] not in ("auto", "manual") or len(lines) < 3:
        raise Unreadable("no record of an alternative")
    links = {name: lines[1]}
    for position in range(2, len(lines) - 1, 2):
        if not lines[position]:
            break
        links[lines[position]] = lines[position + 1]
    if any(not link.startswith("/") or not one or "/" in one for one, link in links.items()):
        raise Unreadable("a link that has no path")
    made = {database.path(link) for link in links.values()}
    made |= {database.path(f"/etc/alternatives/{one}") for one in links}
    return Facts(generated=tuple((one, ALTERNATIVE) for one in sorted(made)))


def ucf_registry(path: str, content: Content) -> Facts:
    """Configuration files that maintainer scripts keep with ucf(1), and for which packages.

    They are in no archive, so nobody counts them. Raises `Unreadable`.
    """
    root, found, rest = path.rpartition("/var/lib/ucf/")
    if not found or rest != "registry":
        return Facts()
    files: defaultdict[str, list[Claim]] = defaultdict(list)
    for line in _limited(text_of(content).split("\n")):
        package, _, written = line.partition(" ")
        if written.strip().startswith("/"):
            claim = Claim(below(root, written.strip()), is_configuration=True, is_optional=True)
            files[package].append(claim)
    if not files and content[:].strip():
        raise Unreadable("no registry of ucf")
    return Facts(
        added=tuple(
            Added(package_key("dpkg", root, package), tuple(claims))
            for package, claims in files.items()
        )
    )


def _database(path: str) -> Database:
    return Database(path, "opkg" if "/lib/opkg/" in path else "dpkg")


def _added(database: Database, path: str, claims: list[Claim]) -> tuple[Added, ...]:
    """The claims, of the package that the file is named for: ``libc6:amd64.md5sums``."""
    if not claims:
        return ()
    stem = path.rpartition(".")[0]
    directory, _, name = database.file.rpartition(".")[0].rpartition("/")
    key = file_key(stem) if directory == "status.d" else database.key(name)
    return (Added(key, tuple(claims)),)


def _unescaped(written: str) -> str:
    """A name as md5sum(1) writes it in a line that begins with a backslash."""
    return _ESCAPE.sub(lambda found: _ESCAPED[found[1]], written)


def _limited(lines: list[Line]) -> list[Line]:
    if len(lines) > MOST_PATHS:
        raise Unreadable(f"more than {MOST_PATHS} lines")
    return lines
