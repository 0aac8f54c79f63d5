"""What is asked about each component: of whose advisories, by which name, of which version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from distil.model.finding import Unassessed
from distil.model.inventory import (
    KINDS,
    OS_KINDS,
    Inventory,
    InventoryComponent,
    Link,
)
from distil.vulns.advisories import Advisories
from distil.vulns.ecosystems import Naming, ReleaseFeed, Upstream, feed_of, source_of, upstream_of

_NO_COMPONENTS: Final = frozenset({"image", "application"})
"""Kinds that stand for the whole, and are made of others."""
_LINKED: Final = frozenset({"go", "rust"})
"""Kinds that are linked into programs, where packages of the system do not know them."""
_BASE_NOT_KNOWN: Final = "{owner} is a package of a release without advisories here: compared with \
upstream's versions, which know no fix that the distribution added"
_LINKED_BASIS: Final = "linked into a program of the package {owner}, whose advisories do not tell \
of what is linked: compared with upstream's versions"

_BUILT_BY: Final = "built by {vendor}, and compared with the distribution's own advisories, which \
are about its own builds"

_COPY_BASIS: Final = "a copy of it is in no package of the system, though {owner} has one as well: \
compared with upstream's versions"
_FOREIGN_BASIS: Final = "{owner} has it where the distribution has no packages, so that it is \
somebody else's: compared with upstream's versions"
_FOREIGN: Final = ("/opt/", "/usr/local/")
"""Where packages of distributions have nothing (FHS 3.0, 3.13 and 4.9)."""


class Question(NamedTuple):
    """Which advisories of `ecosystem` about `name` concern `version`.

    `components` are all that it is asked for; the answer is the same for each.
    """

    ecosystem: str
    name: str
    version: str


class Asked(NamedTuple):
    """A component, the questions that are asked about it, and how that came, if not plainly."""

    component: InventoryComponent
    number: int
    questions: tuple[Question, ...]
    basis: str = ""


class Questions(NamedTuple):
    """All that is asked, and of which components nothing can be asked, and why.

    `covered` are refs of components and of the packages of the system that ship them. `missing`
    are the ecosystems that nobody has advisories of here, with how many components they have;
    `os_feed` says whether the packages of the system could be asked about.
    """

    asked: tuple[Asked, ...]
    unassessed: tuple[Unassessed, ...]
    covered: tuple[tuple[str, str], ...]
    missing: Mapping[str, int]
    os_feed: bool


def questions(inventory: Inventory, advisories: Advisories) -> Questions:
    """What there is to ask about the components of `inventory`."""
    return _Asking(inventory, advisories).all()


class _Asking:
    def __init__(self, inventory: Inventory, advisories: Advisories) -> None:
        self._inventory = inventory
        self._advisories = advisories
        self._feed = feed_of(inventory.release) if inventory.release is not None else None
        known = self._feed.ecosystems if self._feed is not None else ()
        self._ecosystems = tuple(name for name in known if advisories.has(name))
        self._owners = self._owners_of_parts()
        self._owned = self._owned_paths() if self._owners and inventory.has_files else None
        self._unassessed: defaultdict[str, list[InventoryComponent]] = defaultdict(list)
        self._covered: list[tuple[str, str]] = []
        self._missing: defaultdict[str, int] = defaultdict(int)

    def all(self) -> Questions:
        asked = tuple(self._each())
        unassessed = tuple(
            Unassessed(
                why=why,
                components=tuple(one.ref for one in found),
                names=tuple(f"{one.name} {one.version}".rstrip() for one in found),
            )
            for why, found in sorted(self._unassessed.items())
        )
        return Questions(
            asked,
            unassessed,
            tuple(sorted(set(self._covered))),
            dict(sorted(self._missing.items())),
            bool(self._ecosystems),
        )

    def _owners_of_parts(self) -> dict[str, InventoryComponent]:
        """The package of the system that ships a component of another kind, by its ref."""
        links = [one for one in self._inventory.relations if one.link is Link.OWNS]
        if not links:
            return {}
        subjects = {one.subject for one in links}
        by_ref = {
            ref: one
            for one in self._inventory.components
            if one.kind in OS_KINDS and (ref := one.ref) in subjects
        }
        return {one.object: by_ref[one.subject] for one in links if one.subject in by_ref}

    def _owned_paths(self) -> frozenset[str]:
        """The files that packages of the system have."""
        components = self._inventory.components
        packages = {number for number, one in enumerate(components) if one.kind in OS_KINDS}
        return frozenset(
            file.path for file in self._inventory.files if not packages.isdisjoint(file.owners)
        )

    def _each(self) -> Iterator[Asked]:
        for number, component in enumerate(self._inventory.components):
            if component.kind in _NO_COMPONENTS or component.removed_by >= 0:
                continue
            if component.kind in OS_KINDS:
                asked = self._package(component, number)
            else:
                asked = self._part(component, number)
            if asked is not None:
                yield asked

    def _package(self, component: InventoryComponent, number: int) -> Asked | None:
        feed = self._feed
        if feed is None or feed.kind != component.kind or not self._ecosystems:
            self._cannot(component, self._why_no_feed(component))
            return None
        found = tuple(self._of_package(component, feed))
        if not any(one.version for one in found):
            self._cannot(component, "it has no version")
            return None
        basis = "" if feed.is_own(component) else _BUILT_BY.format(vendor=component.supplier)
        return Asked(component, number, found, basis)

    def _of_package(self, component: InventoryComponent, feed: ReleaseFeed) -> Iterator[Question]:
        names = {}
        if feed.naming is not Naming.SOURCE or component.source is None:
            names[component.name] = component.version
        if feed.naming is not Naming.BINARY and component.source is not None:
            version = component.source.version or component.version
            source, version = source_of(component.source.name, version)
            names[source] = version
        for ecosystem in self._ecosystems:
            for name, version in names.items():
                yield Question(ecosystem, name, version)

    def _why_no_feed(self, component: InventoryComponent) -> str:
        kind = KINDS.get(component.kind, component.kind)
        release = self._inventory.release
        if release is None:
            return f"{kind}: the image does not say which release it is"
        name = _called(release.id, release.version_id or release.codename)
        if self._feed is None:
            return f"{kind}: there is no feed of advisories for {name}"
        if self._feed.kind != component.kind:
            return f"{kind}: not what {name} is made of"
        self._missing[self._feed.ecosystems[0]] += 1
        return f"{kind}: the database has no advisories for {self._feed.ecosystems[0]}"

    def _part(self, component: InventoryComponent, number: int) -> Asked | None:
        ref = component.ref
        owner, basis = self._owners.get(ref), ""
        if owner is not None:
            feed = self._feed
            is_linked = component.kind in _LINKED and not (feed and feed.covers_linked)
            words = self._not_covered(component) or (_LINKED_BASIS if is_linked else "")
            if self._ecosystems and not words:
                self._covered.append((ref, owner.ref))
                return None
            basis = (words if self._ecosystems else _BASE_NOT_KNOWN).format(owner=owner.name)
        upstream = upstream_of(component)
        why = self._why_not_upstream(component, upstream)
        if upstream is None or why:
            self._cannot(component, why)
            return None
        return Asked(component, number, (Question(*upstream),), basis)

    def _not_covered(self, component: InventoryComponent) -> str:
        """Why what the distribution says of its packages is not about all of `component`."""
        files = [place.path.partition("!")[0] for place in component.places]
        if any(path.startswith(_FOREIGN) for path in files):
            return _FOREIGN_BASIS
        if self._owned is not None and not self._owned.issuperset(files):
            return _COPY_BASIS
        return ""

    def _why_not_upstream(self, component: InventoryComponent, upstream: Upstream | None) -> str:
        kind = KINDS.get(component.kind, component.kind)
        if upstream is None:
            return f"{kind}: nobody has advisories about such"
        if not self._advisories.has(upstream.ecosystem):
            self._missing[upstream.ecosystem] += 1
            return f"{kind}: the database has no advisories for {upstream.ecosystem}"
        return "" if upstream.version else f"{kind}: it has no version"

    def _cannot(self, component: InventoryComponent, why: str) -> None:
        self._unassessed[why].append(component)


def _called(name: str, version: str) -> str:
    return f"{name or 'a distribution without a name'} {version}".rstrip()
