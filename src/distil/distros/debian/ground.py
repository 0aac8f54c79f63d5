"""What packages go onto: the system of a suite, made anew, nothing at all, or an image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import Cuts, default_cuts
from distil.distros.debian.installed import Installed, read_installed, suite_of_image
from distil.distros.debian.package import ECOSYSTEM
from distil.distros.debian.select import USR_MERGE, Selection, Wanted, select
from distil.distros.debian.status import STATUS, status_file_nodes, status_nodes
from distil.distros.foundation import NOTHING_THERE, Foundation
from distil.distros.protocol import Request
from distil.model.certificates import BUNDLE
from distil.model.draft import PARENT_RULE
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.platform import Platform
from distil.model.tree import Tree

SCRATCH: Final = "scratch"
"""The base that holds nothing; a suite stands behind it and gives what is needed."""

IDENTITY: Final = "base-files"
"""The package that says which system an image is."""

EVERY_IMAGE: Final = {"ca-certificates": BUNDLE, "tzdata": "/usr/share/zoneinfo"}
"""Packages that a service needs for TLS and for local time, whatever it is written in, and what
is there where an image has that already."""

_ACCOUNTS: Final = "base-passwd"
_RELEASE: Final = ("/etc/os-release", "/usr/lib/os-release")


class Ground(msgspec.Struct, frozen=True):
    """What there is before any package, and whether packages make a whole system of it.

    Nothing by default, of which they make one: with the directories, the users and the identity
    that every Debian has. A `foundation` has packages `installed` and `libraries`, by soname;
    `refusal` says why no package can be added to it.
    """

    makes_system: bool = True
    foundation: Foundation = NOTHING_THERE
    installed: Installed = Installed()
    libraries: frozenset[str] = frozenset()
    refusal: str = ""

    @property
    def is_image(self) -> bool:
        """Whether it is an image's."""
        return bool(self.foundation.layers)

    # --- which packages --------------------------------------------------------------------

    def every_image(self, request: Request) -> list[str]:
        """The packages that a system of a suite always has, and others beside packages they get.

        What is there already, wherever it is from, is not added again.
        """
        if self.refusal or not (self.makes_system or request.runtime or request.asked):
            return []
        known = self.installed.names
        return [name for name in EVERY_IMAGE if name in known or not self.has_instead(name)]

    def has_instead(self, package: str) -> bool:
        """Whether what `package` is for is there, wherever it is from."""
        mark = EVERY_IMAGE.get(package)
        return mark is not None and self.foundation.tree.resolve(mark) is not None

    def companions(self, names: Iterable[str]) -> list[str]:
        """Of the packages `names`, which join others unasked, those that are wanted here."""
        unwanted = {*self.installed.names} | (set() if self.makes_system else {_ACCOUNTS})
        if self.is_image:
            unwanted.add(IDENTITY)
        return [name for name in names if name not in unwanted]

    def is_identity(self, package: str) -> bool:
        """Whether `package` is taken for the identity alone, of what is there by then."""
        return package == IDENTITY and not self.makes_system and not self.is_image

    # --- which files -----------------------------------------------------------------------

    def selected(self, debs: Sequence[DebPack], cuts: Cuts, wanted: Wanted) -> Selection:
        """The files of `debs` that an image takes, as `select` says, and raises what that does.

        Of what is no system there is no identity yet, and no link of a merged /usr that leads to
        nothing; the configuration that an image has already stays as it is.
        """
        if self.makes_system:
            return select(debs, cuts, wanted)
        before = self.foundation.tree
        taken = [deb for deb in debs if not self.is_identity(deb.name)]
        found = select(taken, cuts, wanted, before)
        tree = found.tree

        def wanted_here(node: Node) -> bool:
            if node.origin == PARENT_RULE:
                return False  # It comes with what lies below.
            if node.origin == USR_MERGE:
                place = f"/{node.target}" if node.kind is Kind.SYMLINK else node.path
                if not tree.children(place):
                    return False
            there = before.resolve(node.path)
            if there is None or node.kind is Kind.DIRECTORY:
                return True
            return there.kind is not Kind.DIRECTORY and not node.path.startswith("/etc/")

        return msgspec.structs.replace(found, tree=tree.filter(wanted_here))

    def with_files(self, tree: Tree) -> Tree:
        """What is there, with the files of packages in `tree`. Raises what merging trees does."""
        return self.foundation.joined(self.foundation.tree, tree) if self.is_image else tree

    # --- what is true to all of it ---------------------------------------------------------

    def database(self, tree: Tree, debs: Sequence[DebPack]) -> list[Node]:
        """What scanners and dpkg read of `debs`, in the form that the image has.

        Raises `CorruptContent`.
        """
        if self.installed.database == STATUS:
            return status_file_nodes(tree, debs)
        return status_nodes(tree, debs)

    def identity(self, tree: Tree, debs: Sequence[DebPack]) -> list[Node]:
        """What tells scanners of which system the packages in `tree` are, if nothing does yet.

        Raises what `select` raises.
        """
        found = [deb for deb in debs if self.is_identity(deb.name)]
        origins = (node.origin for node in tree)
        if not found or not any(
            isinstance(origin, PackageOrigin) and origin.ecosystem == ECOSYSTEM
            for origin in origins
        ):
            return []
        copyright_file = f"/usr/share/doc/{IDENTITY}/copyright"
        taken = select(found, default_cuts()).tree
        return [node for node in taken if node.path in (*_RELEASE, copyright_file)]


WHOLE_SYSTEM: Final = Ground()
NOTHING: Final = Ground(makes_system=False)


def ground_of(base: str) -> Ground:
    """What the packages of the base that the user names go onto."""
    return NOTHING if base == SCRATCH else WHOLE_SYSTEM


def image_ground(foundation: Foundation, platform: Platform) -> tuple[Ground, str]:
    """What packages go onto in an image, and the base that they are from, empty for none.

    Raises `MalformedControl`.
    """
    installed = read_installed(foundation.tree, platform)
    found = suite_of_image(foundation.tree, installed)
    libraries = {elf.soname for elf in foundation.elf.values() if elf is not None and elf.soname}
    libraries |= {node.name for node in foundation.tree if ".so" in node.name}
    ground = Ground(
        makes_system=False,
        foundation=foundation,
        installed=installed,
        libraries=frozenset(libraries),
        refusal=found.refusal,
    )
    return ground, found.base


class Place(msgspec.Struct, frozen=True):
    """Where packages go: for which platform, and onto what."""

    platform: Platform
    ground: Ground = WHOLE_SYSTEM
