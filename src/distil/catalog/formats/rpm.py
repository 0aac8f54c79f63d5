"""rpm's database of what is installed, whichever container it is in.

Tags and flags are those of rpm's `rpmtag.h` and `rpmfiles.h`; versions are written as scanners
do, ``EPOCH:VERSION-RELEASE``.
"""

from __future__ import annotations

import itertools
import re
import stat
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from distil.catalog.facts import Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats import rpm_header as tags
from distil.catalog.formats.field_text import LONGEST_PATH, MOST_FILES, clean, root_above
from distil.catalog.formats.licenses import Licenses, spdx
from distil.catalog.formats.rpm_containers import headers
from distil.catalog.formats.rpm_header import Header, NotAHeader
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent, SourcePackage

FILES: Final = ("rpmdb.sqlite", "Packages.db", "Packages")
DIRECTORIES: Final = ("/usr/lib/sysimage/rpm/", "/var/lib/rpm/", "/usr/share/rpm/")
"""Names of databases, and where they are: SUSE and Fedora since 36, all others, ostree."""

_PLACES: Final = tuple(f"{directory}{name}" for directory in DIRECTORIES for name in FILES)
_MANIFEST: Final = ("/var/lib/rpmmanifest/container-manifest-2",)

_CONFIG: Final = 1 << 0
_MISSING_OK: Final = 1 << 3
_GHOST: Final = 1 << 6
"""RPMFILE_CONFIG, RPMFILE_MISSINGOK, RPMFILE_GHOST."""

_MOST_HEADERS: Final = 200_000
_KEY: Final = "gpg-pubkey"
"""Keys stand in the database like packages, with the licence ``pubkey``."""
_NONE: Final = "(none)"
_ALGORITHMS: Final = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
"""Names of the numbers that OpenPGP gives to algorithms (RFC 9580, 9.5); MD5 without one."""
_HEXADECIMAL: Final = re.compile("[0-9a-f]+")
_SOURCE: Final = re.compile(r"^(?:\d+:)?(.+)-([^-]+-[^-]+?)(?:[.-](?:no)?src)?\.rpm$")


def packages(path: str, content: Content) -> Facts:
    """The packages of a database. Raises `Unreadable` where there is none.

    What can be read of a broken one is told, with a remark.
    """
    root = root_above(path, _PLACES)
    found: list[_Package] = []
    remarks: list[str] = []
    broken = files = 0
    try:
        for blob in itertools.islice(headers(content), _MOST_HEADERS):
            package = _package(root, blob)
            if package is not None:
                found.append(package)
                files += len(package.stated.claims)
                if files > MOST_FILES:
                    raise Unreadable(f"more than {MOST_FILES} files")
            # Berkeley DB keeps the number of the next package beside the packages.
            elif len(blob) > 4:
                broken += 1
    except Unreadable as error:
        if not found:
            raise
        remarks.append(error.why)
    if broken:
        remarks.append(f"{broken} packages that cannot be read")
    return Facts(stated=tuple(_joined(root, found)), remarks=tuple(remarks))


def manifest(path: str, content: Content) -> Facts:
    """What a distroless image has instead of a database: a line for each package.

    The fields are those of Azure Linux's ``container-manifest-2``, separated by tabulators.
    """
    root = root_above(path, _MANIFEST)
    stated = []
    lines = [line for line in bytes(content).decode("utf-8", "replace").split("\n") if line]
    for line in lines:
        words = line.split("\t")
        if len(words) < 10 or not words[0] or "-" not in words[1]:
            continue
        version, _, release = words[1].rpartition("-")
        epoch = words[8] if words[5] != _NONE and words[8].isdigit() else ""
        vendor = "" if words[4] == _NONE else words[4]
        component = _component(
            _Identity(words[0], epoch, version, release, words[7], words[9]), supplier=vendor
        )
        stated.append(Stated(component, keys=_keys(root, component)))
    if lines and not stated:
        raise Unreadable("no package in it")
    broken = len(lines) - len(stated)
    remarks = (f"{broken} lines that cannot be read",) if broken else ()
    return Facts(stated=tuple(stated), remarks=remarks)


class _Identity(NamedTuple):
    """What a package is called; `epoch` is empty where it has none, and `source` a file's name."""

    name: str
    epoch: str
    version: str
    release: str
    architecture: str
    source: str


class _Package(NamedTuple):
    """A package before it is known what provides what it requires."""

    stated: Stated
    provides: list[str]
    requires: list[str]


def _component(
    one: _Identity,
    *,
    supplier: str = "",
    licenses: Licenses | None = None,
    homepage: str = "",
    description: str = "",
    modularity: str = "",
) -> InventoryComponent:
    licenses = licenses or Licenses()
    known = [part if part != _NONE else "" for part in one]
    name, epoch, version, release, architecture, source = known
    plain = f"{version}-{release}"
    from_source = _SOURCE.match(source)
    return InventoryComponent(
        name=name,
        version=f"{epoch}:{plain}" if epoch else plain,
        kind="rpm",
        purl=package_url(
            "rpm",
            name,
            plain,
            qualifiers=(("arch", architecture), ("epoch", epoch), ("upstream", source)),
        ),
        architecture=architecture,
        source=SourcePackage(from_source[1], from_source[2]) if from_source else None,
        supplier=supplier,
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=homepage,
        description=description,
        properties=(("modularity", modularity),) if modularity else (),
    )


def _keys(root: str, component: InventoryComponent) -> tuple[str, ...]:
    """By name, and, since some are there in several versions, by everything."""
    name = f"rpm:{root}:{component.name}"
    return name, f"{name}-{component.version}.{component.architecture}"


def _package(root: str, blob: bytes) -> _Package | None:
    """The package of a header; None where that is no header, or has no name or version."""
    try:
        header = Header(blob)
    except NotAHeader:
        return None

    def text(tag: int) -> str:
        return clean(header.string(tag))

    name, version = text(tags.NAME), text(tags.VERSION)
    if not name or not version:
        return None
    epoch = header.number(tags.EPOCH)
    component = _component(
        _Identity(
            name,
            "" if epoch is None else str(epoch),
            version,
            text(tags.RELEASE),
            text(tags.ARCH),
            text(tags.SOURCE_RPM),
        ),
        supplier=text(tags.VENDOR) or text(tags.PACKAGER),
        licenses=Licenses() if name == _KEY else spdx(text(tags.LICENSE)),
        homepage=text(tags.URL),
        description=text(tags.SUMMARY),
        modularity=text(tags.MODULARITY),
    )
    claims = tuple(_claims(root, header))
    stated = Stated(component, keys=_keys(root, component), claims=claims)
    requires = list(map(clean, header.strings(tags.REQUIRE_NAMES)))
    return _Package(stated, list(map(clean, header.strings(tags.PROVIDE_NAMES))), requires)


def _claims(root: str, header: Header) -> Iterator[Claim]:
    """The files, without directories.

    Those that were left out when the package was installed, that belong to another package now,
    or that need not be there, are optional.
    """
    names = _file_names(header)
    columns = (
        header.numbers(tags.FILE_MODES),
        header.numbers(tags.FILE_FLAGS),
        header.numbers(tags.FILE_STATES),
        header.strings(tags.FILE_DIGESTS),
        header.strings(tags.FILE_LINKS),
    )
    number = header.number(tags.DIGEST_ALGORITHM)
    algorithm = _ALGORITHMS.get(number or 1, "")
    top = root.rstrip("/")
    for name, mode, flags, state, digest, link in zip(
        names,
        *(itertools.chain(column, itertools.repeat(None)) for column in columns),
        strict=False,
    ):
        if stat.S_ISDIR(int(mode or 0)):
            continue
        is_other = bool(int(flags or 0) & _GHOST) or bool(state)
        checksum = ""
        if stat.S_ISLNK(int(mode or 0)) and link:
            checksum = f"link:{link}"
        elif digest and algorithm and _HEXADECIMAL.fullmatch(str(digest)):
            checksum = f"{algorithm}:{digest}"
        yield Claim(
            f"{top}{name}",
            "" if is_other else checksum,
            is_configuration=bool(int(flags or 0) & _CONFIG),
            is_optional=is_other or bool(int(flags or 0) & _MISSING_OK),
        )


def _file_names(header: Header) -> Iterator[str]:
    """Absolute paths: names with the number of their directory, or, before rpm 4, whole."""
    directories = header.strings(tags.DIRECTORY_NAMES)
    indexes = header.numbers(tags.DIRECTORY_INDEXES)
    whole = header.strings(tags.OLD_FILE_NAMES)
    for index, name in zip(indexes, header.strings(tags.BASE_NAMES), strict=False):
        if index < len(directories) and len(directories[index]) + len(name) <= LONGEST_PATH:
            whole.append(directories[index] + name)
    return (name for name in whole if name.startswith("/"))


def _joined(root: str, found: list[_Package]) -> Iterator[Stated]:
    """The packages with what they need, now that all names, provides and files are known."""
    wanted = {name for package in found for name in package.requires}
    top = root.rstrip("/")
    files = {f"{top}{name}": name for name in wanted if name.startswith("/")}
    providers: dict[str, str] = {}
    for package in found:
        own = package.stated.keys[1]
        for name in (package.stated.component.name, *package.provides):
            if name in wanted:
                providers.setdefault(name, own)
        for claim in package.stated.claims:
            if claim.path in files:
                providers.setdefault(files[claim.path], own)
    for package in found:
        own = package.stated.keys[1]
        needs = {providers[name] for name in package.requires if name in providers} - {own}
        yield msgspec.structs.replace(package.stated, needs=tuple(sorted(needs)))
