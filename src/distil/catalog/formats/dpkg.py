"""Packages by the databases of dpkg and opkg.

Follows deb-control(5) and dpkg(1): ``status`` has a paragraph for each package, and of those that
were removed while their configuration was left. Images without dpkg have a file for each package
in ``status.d``. opkg's are of the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from distil.catalog.facts import Added, Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.debian_fields import Fields, paragraphs, printable, text_of
from distil.catalog.formats.debian_root import Database
from distil.catalog.formats.licenses import spdx
from distil.catalog.package_url import package_url
from distil.model.inventory import InventoryComponent, SourcePackage

LEFT_BY: Final = "configuration that the removed package {} left"
"""What made a configuration file of a package that is no longer installed."""

KEPT: Final = "what dpkg keeps of the removed package"
"""What made the list and the script that are for purging it, with its name behind."""

BESIDE: Final = (".md5sums", ".list", ".conffiles", ".preinst", ".postinst", ".prerm", ".postrm")
"""Endings of files in ``status.d`` that hold no paragraph."""

_GONE: Final = frozenset({"config-files", "not-installed"})
"""States of which no program is there any more; all others have files, if not all of them."""

_MANY: Final = 1 << 16
"""Characters of a field about other packages; beyond that nobody wrote it by hand or by tool."""

_SOURCE: Final = re.compile(r"(\S+)(?:\s*\(([^()]*)\))?")
_FLAGS: Final = (" obsolete", " remove-on-upgrade")
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_NAME: Final = re.compile(r"\s*([A-Za-z0-9_][A-Za-z0-9_+.~-]*)(?::([a-z0-9-]+))?")
_PROPERTIES: Final = (
    "section",
    "priority",
    "essential",
    "multi-arch",
    "installed-size",
    "depends",
    "pre-depends",
    "provides",
)
"""Fields that are told as they are."""


def status(path: str, content: Content) -> Facts:
    """The packages of the database at `path`, ``…/lib/dpkg/status`` or ``…/lib/opkg/status``.

    Raises `Unreadable`.
    """
    manager = "opkg" if path.endswith("/lib/opkg/status") else "dpkg"
    database = Database(path, manager)
    if database.file != "status":
        return Facts()
    return _facts(database, text_of(content), ())


def status_d(path: str, content: Content) -> Facts:
    """The package of a file in ``…/lib/dpkg/status.d``. Raises `Unreadable`."""
    database = Database(path, "dpkg")
    if path.endswith(BESIDE):
        return Facts()
    return _facts(database, text_of(content), (path,))


def control(path: str, content: Content) -> Facts:
    """What ``…/lib/opkg/info/NAME.control`` adds to a package that the database tells of.

    Raises `Unreadable`.
    """
    database = Database(path, "opkg")
    told = _facts(database, text_of(content), (path,)).stated
    return Facts(
        added=tuple(
            Added(
                key=database.key(one.component.name),
                licenses=one.component.licenses,
                license_texts=one.component.license_texts,
                fields=tuple(
                    (name, value)
                    for name in ("supplier", "homepage", "description")
                    if (value := getattr(one.component, name))
                ),
            )
            for one in told
        )
    )


def file_key(path: str) -> str:
    """By what lists beside a file of ``status.d`` speak of the package in it."""
    return f"dpkg-file:{path}"


def _facts(database: Database, text: str, files: tuple[str, ...]) -> Facts:
    """The packages that `text` tells of. `files`: it is that one, about one package alone."""
    installed: list[Fields] = []
    generated: list[tuple[str, str]] = []
    lacking = 0
    for fields in paragraphs(text):
        name = fields["package"] = fields.get("package", "").strip()
        if not name or not _NAME.fullmatch(name):
            lacking += 1
            continue
        if fields.get("status", "").rpartition(" ")[2] in _GONE:
            generated += _left(database, fields)
            continue
        installed.append(fields)
    if not installed and text.strip() and (lacking or "package:" not in text.lower()):
        raise Unreadable("no package in it")
    needed = _Needs(database, None if files else installed)
    remarks = (f"{lacking} paragraphs that name no package",) if lacking else ()
    stated = tuple(_stated(database, fields, needed, files) for fields in installed)
    return Facts(stated=stated, generated=tuple(generated), remarks=remarks)


def _left(database: Database, fields: Fields) -> Iterator[tuple[str, str]]:
    """What is kept of a package that was removed, and why."""
    name = fields["package"]
    for claim in _conffiles(database, fields):
        if claim.path.startswith(f"{database.root}/etc/"):
            yield claim.path, LEFT_BY.format(name)
    for called in (name, f"{name}:{fields.get('architecture', '')}"):
        for ending in (".list", ".postrm"):
            yield f"{database.directory}/info/{called}{ending}", f"{KEPT} {name}"


def _stated(database: Database, fields: Fields, needed: _Needs, files: tuple[str, ...]) -> Stated:
    name = fields["package"]
    architecture = printable(fields.get("architecture", ""))
    keys = [database.key(name)]
    if architecture:
        keys.append(database.key(f"{name}:{architecture}"))
    for file in files:
        directory = file.rpartition("/")[0]
        keys += dict.fromkeys((file_key(file), file_key(f"{directory}/{name}")))
    provided = _names(fields.get("provides", ""))
    keys += dict.fromkeys(database.virtual_key(one) for one, _ in provided if one != name)
    return Stated(
        component=_component(database.manager, fields, architecture),
        keys=tuple(keys),
        claims=tuple(_conffiles(database, fields)),
        needs=needed.of(fields, architecture),
    )


def _component(manager: str, fields: Fields, architecture: str) -> InventoryComponent:
    name, version = fields["package"], printable(fields.get("version", ""))
    source = _SOURCE.match(printable(fields.get("source", "")))
    upstream = ""
    if source is not None:
        upstream = f"{source[1]}@{source[2]}" if source[2] else source[1]
    kind = "opkg" if manager == "opkg" else "deb"
    licenses = spdx(printable(fields["license"])) if fields.get("license") else None
    told = [(one, printable(fields[one])) for one in _PROPERTIES if fields.get(one)]
    state = fields.get("status", "").rpartition(" ")[2]
    if state not in ("", "installed"):
        told.append(("status", printable(state)))
    return InventoryComponent(
        name=name,
        version=version,
        kind=kind,
        purl=package_url(
            kind, name, version, qualifiers=(("arch", architecture), ("upstream", upstream))
        ),
        architecture=architecture,
        source=SourcePackage(source[1], source[2] or "") if source is not None else None,
        supplier=printable(fields.get("maintainer", "")),
        homepage=printable(fields.get("homepage", "")),
        description=printable(fields.get("description", "").lstrip().partition("\n")[0]),
        licenses=licenses.expressions if licenses is not None else (),
        license_texts=licenses.texts if licenses is not None else (),
        properties=tuple(sorted((one, " ".join(text.split())) for one, text in told)),
    )


def _conffiles(database: Database, fields: Fields) -> Iterator[Claim]:
    """The configuration files that the field ``Conffiles`` names, and their first contents.

    One that is obsolete is no longer of the package, and need not be there.
    """
    for line in fields.get("conffiles", "").split("\n"):
        path, flags = line.strip(), False
        while path.endswith(_FLAGS):
            path, flags = path.rpartition(" ")[0].rstrip(), True
        path, _, checksum = path.rpartition(" ")
        if path.startswith("/"):
            is_md5 = _MD5.fullmatch(checksum) is not None
            yield Claim(
                database.path(path.rstrip()),
                f"md5:{checksum}" if is_md5 else "",
                is_configuration=True,
                is_optional=flags or not is_md5,
            )


class _Needs:
    """What packages of a database depend on, as keys.

    `installed` are all packages of the database, or None where each has a file of its own.
    """

    def __init__(self, database: Database, installed: Iterable[Fields] | None) -> None:
        self._database = database
        self._names: set[str] | None = None
        self._provided: set[str] = set()
        self._architectures: set[str] = set()
        if installed is not None:
            self._names = set()
            for fields in installed:
                self._names.add(fields["package"])
                self._architectures.add(fields.get("architecture", ""))
                self._provided.update(name for name, _ in _names(fields.get("provides", "")))
        self._architectures -= {"", "all"}

    def of(self, fields: Fields, architecture: str) -> tuple[str, ...]:
        """One string for each dependency: keys of what fulfils it, the best first."""
        needs: dict[str, None] = {}
        for field in ("pre-depends", "depends"):
            for clause in fields.get(field, "")[:_MANY].split(","):
                keys: dict[str, None] = {}
                for name, qualifier in _names(clause, "|"):
                    keys.update(dict.fromkeys(self._keys(name, qualifier, architecture)))
                if keys:
                    needs["|".join(keys)] = None
        return tuple(needs)

    def _keys(self, name: str, qualifier: str, architecture: str) -> Iterator[str]:
        is_here = self._names is None or name in self._names
        if is_here and qualifier not in ("", "any", "native"):
            yield self._database.key(f"{name}:{qualifier}")
        elif is_here:
            if len(self._architectures) > 1 and architecture != "all":
                yield self._database.key(f"{name}:{architecture}")
            yield self._database.key(name)
        if self._names is None or name in self._provided:
            yield self._database.virtual_key(name)


def _names(field: str, separator: str = ",") -> list[tuple[str, str]]:
    """The packages of a list, each with what follows its colon; versions are dropped."""
    found = (_NAME.match(part) for part in field[:_MANY].split(separator))
    return [(one[1], one[2] or "") for one in found if one is not None]
