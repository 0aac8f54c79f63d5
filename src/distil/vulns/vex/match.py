"""Whether what a document says is about a finding: the same image, or the same component.

Package URLs are compared part by part (purl-spec): what a document does not say may be anything,
what it says has to be so. When in doubt it is not about the finding: a wrong "not affected" is
worse than one that is not heard.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from distil.formats.purl import Purl, image_purl
from distil.model.finding import Finding
from distil.model.inventory import Inventory, InventoryComponent, Link, OsRelease, Subject
from distil.vulns.vex.claims import About, Thing

_FOLDED: Final = frozenset({"pypi", "golang", "npm", "composer", "deb", "apk", "oci", "docker"})
"""Types whose names are the same in upper and lower case."""
_SOURCES: Final = frozenset({"source", "src", "srpm"})
"""Architectures that say that a source package is meant."""
_IMAGES: Final = frozenset({"oci", "docker"})
_DEFAULTS: Final = frozenset({("epoch", "0"), ("type", "jar")})
"""Qualifiers that mean the same as none."""
_NO_DIGEST: Final = "sha256:none"
_PARTED: Final = re.compile(r"[-_.]+")


class Reach(enum.IntEnum):
    """How much of the world a statement speaks of; more particular ones outweigh others."""

    PACKAGE = 1
    """A component, wherever it is."""
    IMAGE = 2
    """The image that was scanned."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What documents are held against: an image, or what an SBOM tells of.

    `digests` are all by which it may be named; `components` those of the inventory by their refs,
    `containers` the refs of what each is in. `serials` are those of SBOMs of it, in lower case.
    """

    subject: Subject
    release: OsRelease | None = None
    digests: frozenset[str] = frozenset()
    components: dict[str, InventoryComponent] = {}
    containers: dict[str, tuple[str, ...]] = {}
    serials: frozenset[str] = frozenset()


def target_of(inventory: Inventory, index: str = "", serials: Iterable[str] = ()) -> Target:
    """The target that `inventory` is of; `index` is the digest of the index that it is in."""
    containers: dict[str, list[str]] = {}
    for one in inventory.relations:
        if one.link in (Link.CONTAINS, Link.OWNS):
            containers.setdefault(one.object, []).append(one.subject)
    subject = inventory.subject
    return Target(
        subject=subject,
        release=inventory.release,
        digests=frozenset(filter(None, (subject.digest, subject.config_digest, index))),
        components={one.ref: one for one in inventory.components},
        containers={ref: tuple(within) for ref, within in containers.items()},
        serials=frozenset(one.lower().removeprefix("urn:uuid:") for one in serials),
    )


def reach_of(about: About, finding: Finding, target: Target) -> Reach | None:
    """How far the statement speaks, if it is about `finding` in `target`; else None."""
    is_part = any(_names(part, finding.component, finding, target) for part in about.parts)
    if about.parts and not is_part:
        return None
    if names_image(about.product, target):
        return Reach.IMAGE
    if not about.parts and _names(about.product, finding.component, finding, target):
        return Reach.PACKAGE
    within = target.containers.get(finding.component, ())
    if within and all(_names(about.product, one, finding, target) for one in within):
        return Reach.PACKAGE
    if about.parts and _names_system(about.product, target.release):
        return Reach.PACKAGE
    return None


def names_version(about: About) -> bool:
    """Whether a statement about a package says which version of it is meant."""
    things = about.parts or (about.product,)
    return all(one.versions or any(_read(purl).version for purl in one.purls) for one in things)


def names_image(thing: Thing, target: Target) -> bool:
    """Whether `thing` is the image itself: by digest where it gives one, else by its name."""
    images = [read for read in map(_read, thing.purls) if read.type in _IMAGES]
    given = {*thing.digests, *(one.version for one in images if one.version.startswith("sha256:"))}
    if given:
        return not given.isdisjoint(target.digests)
    if thing.serial:
        return not thing.ref and thing.serial in target.serials
    if images:
        own = _read(image_purl(msgspec.structs.replace(target.subject, digest=_NO_DIGEST)))
        return any(_is_named(one, own) for one in images)
    return bool(thing.name) and not thing.ref and thing.name == target.subject.name


def _is_named(one: Purl, own: Purl) -> bool:
    """Whether an image's package URL without a digest is that of this image."""
    if one.name.lower() != own.name or (one.version and one.version != own.qualifiers.get("tag")):
        return False
    for key, value in one.qualifiers.items():
        have = own.qualifiers.get(key, "")
        if _repository(value) != _repository(have) if key == "repository_url" else value != have:
            return False
    return True


def _repository(address: str) -> str:
    """The address of a repository as it is compared: Docker's hub has several names."""
    address = address.removeprefix("https://").rstrip("/").lower()
    for hub in ("index.docker.io/", "registry-1.docker.io/", "docker.io/"):
        if address.startswith(hub):
            return address.removeprefix(hub).removeprefix("library/")
    return address.removeprefix("library/")


def names_component(thing: Thing, component: InventoryComponent, target: Target) -> bool:
    """Whether `thing` is the `component` of the target."""
    if thing.versions and component.version not in thing.versions:
        return False
    ref = component.ref
    if thing.serial:
        return thing.serial in target.serials and (
            thing.ref == ref or _is_component(thing.ref, component, target.release)
        )
    if thing.ref:
        return thing.ref == ref
    if thing.purls:
        return any(_is_component(one, component, target.release) for one in thing.purls)
    sums = {f"{one.algorithm}:{one.value}" for one in component.checksums}
    return not sums.isdisjoint(thing.digests)


def _names(thing: Thing, ref: str, finding: Finding, target: Target) -> bool:
    """Whether `thing` is the component `ref` of the target, which may be that of `finding`."""
    component = target.components.get(ref)
    if component is not None:
        return names_component(thing, component, target)
    if ref != finding.component:
        return False
    if thing.ref == ref and not thing.serial:
        return True
    return names_component(thing, _as_component(finding), target)


def _as_component(finding: Finding) -> InventoryComponent:
    """What a finding says of its component, where there is no inventory."""
    return InventoryComponent(
        name=finding.name, version=finding.installed, kind=finding.kind, purl=finding.purl
    )


def _is_component(text: str, component: InventoryComponent, release: OsRelease | None) -> bool:
    """Whether the package URL `text` is that of `component`, or of what it was built from."""
    said, have = _read(text), _read(component.purl)
    if not said.type or said.type != have.type or said.type in _IMAGES:
        return False
    if _folded(said.namespace, said.type) != _folded(have.namespace, have.type):
        return False
    is_source = said.qualifiers.get("arch") in _SOURCES
    name, versions = have.name, {have.version or component.version}
    if is_source:
        source = component.source
        name = source.name if source is not None else have.name
        versions = {source.version} if source is not None and source.version else versions
    if _folded(said.name, said.type) != _folded(name, have.type):
        return False
    if said.version and not any(_is_version(said, one) for one in versions):
        return False
    if "#" in text and text.partition("#")[2] != component.purl.partition("#")[2]:
        return False
    return all(
        _is_qualified(key, value, have, release)
        for key, value in said.qualifiers.items()
        if not (is_source and key == "arch")
    )


def _is_version(said: Purl, version: str) -> bool:
    if said.type == "golang":
        return said.version.removeprefix("v") == version.removeprefix("v")
    return said.version == version


def _is_qualified(key: str, value: str, have: Purl, release: OsRelease | None) -> bool:
    own = have.qualifiers.get(key, "")
    if own == value:
        return True
    if key == "upstream":
        return not own  # It says where the package is from, not which one it is.
    if (key, value) in _DEFAULTS:
        return not own
    return key == "distro" and _is_release(value, own, release)


def _is_release(said: str, own: str, release: OsRelease | None) -> bool:
    """Whether both are the same release: ``debian-12``, ``debian-12.5`` or ``bookworm``."""
    if own and (said.startswith(f"{own}.") or own.startswith(f"{said}.")):
        return True
    if release is None or not release.codename:
        return False
    return said in (release.codename, f"{release.id}-{release.codename}")


def _names_system(thing: Thing, release: OsRelease | None) -> bool:
    """Whether `thing` is the operating system, by its CPE: what CSAF documents relate to."""
    if release is None or not release.cpe:
        return False
    own = _cpe(release.cpe)
    return any(_is_system(_cpe(one), own) for one in thing.cpes)


def _is_system(said: list[str], own: list[str]) -> bool:
    if said[0] != "o" or said[:3] != own[:3]:
        return False
    version, have = said[3], own[3]
    return not version or version == have or have.startswith(f"{version}.")


def _cpe(text: str) -> list[str]:
    """Part, vendor, product and version of a CPE 2.2 or 2.3; what is anything is empty."""
    text = text.removeprefix("cpe:2.3:").removeprefix("cpe:/")
    parts = ["" if one in ("*", "-") else one.lower() for one in text.split(":")]
    return [*parts, "", "", "", ""][:4]


def _folded(text: str, kind: str) -> str:
    """A name as it is compared in its ecosystem."""
    if kind == "pypi":
        return _PARTED.sub("-", text).lower()
    return text.lower() if kind in _FOLDED else text


@functools.lru_cache(4096)
def _read(purl: str) -> Purl:
    return Purl.read(purl)
