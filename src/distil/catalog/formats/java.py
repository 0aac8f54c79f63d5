"""Java archives: what they are, what is shaded into them, and the archives that they hold.

An archive is a component where it has a manifest (JAR file specification) or where Maven left
the coordinates of one project; each further ``pom.properties`` is one more. Archives in archives
are read as far as an allowance for the whole file goes.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from distil.catalog.facts import Claim, Content, Facts, Stated, Unreadable
from distil.catalog.formats.java_names import (
    FileName,
    Manifest,
    Pom,
    own_pom,
    read_file_name,
    read_manifest,
    read_properties,
    select_group,
    select_name,
    select_version,
)
from distil.catalog.formats.licenses import spdx_all
from distil.catalog.formats.pom import read_pom
from distil.catalog.formats.zip_directory import Allowance, Member, ZipDirectory
from distil.catalog.package_url import package_url
from distil.model.inventory import Checksum, InventoryComponent, Place

ARCHIVES: Final = (".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".lpkg")
"""Endings of what is read as a Java archive, in an image and in other archives."""

_WANTED: Final = (
    b"pom.properties",
    b"pom.xml",
    b"META-INF/MANIFEST.MF",
    *(ending.encode() for ending in ARCHIVES),
)

_LARGEST_UNPACKED: Final = 1 << 30
"""Bytes that all that is read of one file may unpack to."""
_LARGEST_ARCHIVE: Final = 256 << 20
_LARGEST_TEXT: Final = 1 << 20
"""Bytes of an archive in an archive, and of a manifest or a file of Maven's."""
_COST_OF_ARCHIVE: Final = 128 << 10
_COST_OF_DIRECTORY: Final = 4
"""Bytes of the allowance that an archive costs, and each byte of its directory."""
_HIGHEST_RATIO: Final = 100
"""How many times its packed size an archive in an archive may have."""
_DEEPEST: Final = 8
_MOST_POMS: Final = 2000
"""Projects whose coordinates are read in one archive."""
_MOST_COMPONENTS: Final = 20_000
_MOST_REMARKS: Final = 100


class _Found(NamedTuple):
    """What is of interest in the directory of an archive."""

    manifest: Member | None
    properties: list[Member]
    poms: dict[str, Member]
    archives: list[Member]


class _Walk:
    """All that is found in one file, while its archives are read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.stated: list[Stated] = []
        self.remarks: list[str] = []
        self.allowance = Allowance(_LARGEST_UNPACKED)

    def archive(self, content: Content, inner: str, outer: str, depth: int) -> None:
        """Read the archive at `inner`, empty for the file itself, inside of the key `outer`."""
        place = self.path + inner
        archive = ZipDirectory(content)
        found = _listed(archive, self.allowance)
        manifest = self._manifest(archive, found.manifest)
        poms = self._poms(archive, found) if manifest is not None or found.properties else []
        key = f"java:{place}"
        own = self._own(manifest, poms, read_file_name(place))
        if own is not None:
            checksum = Checksum("sha1", hashlib.sha1(content, usedforsecurity=False).hexdigest())
            component = _component(own, self._places(inner), manifest, (checksum,))
            claims = () if inner else (Claim(self.path),)
            self.stated.append(Stated(component, (key,), claims, inside=outer))
            outer = key
        for pom in poms:
            if own is None or pom is not own.pom:
                named = _Named(pom.artifact, pom.version, pom.group, pom)
                keys = (f"{key}:{pom.group}:{pom.artifact}",)
                component = _component(named, self._places(inner), None, ())
                self.stated.append(Stated(component, keys, inside=outer))
        for member in found.archives:
            self._nested(archive, member, f"{inner}!/{member.name}", outer, depth + 1)

    def _nested(
        self, archive: ZipDirectory, member: Member, inner: str, outer: str, depth: int
    ) -> None:
        is_beyond = depth > _DEEPEST or len(self.stated) > _MOST_COMPONENTS
        if is_beyond or self.allowance.left < _COST_OF_ARCHIVE:
            self._remark("it holds more archives than are looked at")
            return
        try:
            self.allowance.take(_COST_OF_ARCHIVE)
            if member.size > _HIGHEST_RATIO * max(member.packed, _COST_OF_ARCHIVE):
                # What is in an archive is compressed already.
                raise Unreadable("it unpacks to far more than any archive does")
            content = archive.read(member, _LARGEST_ARCHIVE, self.allowance)
            self.archive(content, inner, outer, depth)
        except Unreadable as error:
            self._remark(f"{inner[2:]}: {error.why}")

    def _manifest(self, archive: ZipDirectory, member: Member | None) -> Manifest | None:
        text = None if member is None else self._text(archive, member)
        return None if text is None else read_manifest(text)

    def _poms(self, archive: ZipDirectory, found: _Found) -> list[Pom]:
        poms: list[Pom] = []
        if len(found.properties) > _MOST_POMS:
            self._remark(f"it has more than {_MOST_POMS} projects")
        for member in sorted(found.properties[:_MOST_POMS]):
            pom = read_properties(self._text(archive, member) or "")
            if not pom.artifact or not pom.version:
                continue
            project = found.poms.get(member.name.rpartition("/")[0])
            text = None if project is None else self._text(archive, project)
            poms.append(pom if text is None else read_pom(text, pom))
        return poms

    def _own(self, manifest: Manifest | None, poms: list[Pom], file: FileName) -> _Named | None:
        """What the archive itself is; None for one that does not say."""
        pom = own_pom(poms, file.name)
        if manifest is None:
            return None if pom is None else _Named(pom.artifact, pom.version, pom.group, pom)
        if "Weave-Classes" in manifest.main:
            # It is there to change another archive, whose name it has.
            return None
        name = pom.artifact if pom is not None else select_name(manifest, file)
        version = pom.version if pom is not None else select_version(manifest, file)
        pom = pom or next((one for one in poms if one.artifact == name), None)
        if pom is not None:
            name, version = pom.artifact, pom.version
        if not name:
            return None
        return _Named(name, version, select_group(name, pom, manifest), pom)

    def _text(self, archive: ZipDirectory, member: Member) -> str | None:
        try:
            return archive.read(member, _LARGEST_TEXT, self.allowance).decode("utf-8", "replace")
        except Unreadable as error:
            self._remark(error.why)
            return None

    def _places(self, inner: str) -> tuple[Place, ...]:
        return (Place(self.path + inner),) if inner else ()

    def _remark(self, why: str) -> None:
        if why not in self.remarks and len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(why)


class _Named(NamedTuple):
    """A component by Maven's coordinates; `pom` is where they are from, if Maven left them."""

    name: str
    version: str
    group: str
    pom: Pom | None


def java_archive(path: str, content: Content) -> Facts:
    """The components in the Java archive at `path`, and in the archives that it holds.

    Raises `Unreadable` for a file that is no zip archive.
    """
    walk = _Walk(path)
    walk.archive(content, "", "", 0)
    return Facts(stated=tuple(walk.stated), remarks=tuple(walk.remarks))


def _listed(archive: ZipDirectory, allowance: Allowance) -> _Found:
    manifest: Member | None = None
    properties: list[Member] = []
    poms: dict[str, Member] = {}
    archives: list[Member] = []
    allowance.take(_COST_OF_DIRECTORY * archive.directory_size)
    for member in archive.members(_WANTED):
        name = member.name
        if name.endswith("pom.properties"):
            properties.append(member)
        elif name.endswith("pom.xml"):
            poms[name.rpartition("/")[0]] = member
        elif name == "META-INF/MANIFEST.MF":
            manifest = member
        elif name.endswith(ARCHIVES):
            archives.append(member)
    return _Found(manifest, properties, poms, archives)


def _component(
    named: _Named,
    places: tuple[Place, ...],
    manifest: Manifest | None,
    checksums: tuple[Checksum, ...],
) -> InventoryComponent:
    main = manifest.main if manifest is not None else {}
    pom = named.pom or Pom()
    told = [main.get("Bundle-License", ""), main.get("Plugin-License-Name", "")]
    licenses = spdx_all([one for one in told if one] or pom.licenses)
    return InventoryComponent(
        name=named.name,
        version=named.version,
        kind="java",
        purl=package_url("maven", named.name, named.version, namespace=named.group or named.name),
        supplier=main.get("Implementation-Vendor") or main.get("Bundle-Vendor") or "",
        licenses=licenses.expressions,
        license_texts=licenses.texts,
        homepage=pom.homepage or main.get("Bundle-DocURL", ""),
        description=pom.description or main.get("Bundle-Description", ""),
        checksums=checksums,
        places=places,
    )
