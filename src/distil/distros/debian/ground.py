"""What packages go onto: the system of a suite, made anew, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import Cuts, default_cuts
from distil.distros.debian.package import ECOSYSTEM
from distil.distros.debian.select import USR_MERGE, Selection, Wanted, select
from distil.model.draft import PARENT_RULE
from distil.model.node import Kind, Node
from distil.model.origin import PackageOrigin
from distil.model.platform import Platform
from distil.model.tree import Tree

SCRATCH: Final = "scratch"
"""The base that holds nothing; a suite stands behind it and gives what is needed."""

IDENTITY: Final = "base-files"
"""The package that says which system an image is."""

_ACCOUNTS: Final = "base-passwd"
_RELEASE: Final = ("/etc/os-release", "/usr/lib/os-release")


class Ground(msgspec.Struct, frozen=True):
    """What there is before any package, and whether packages make a whole system of it.

    Nothing by default, of which they make one: with the directories, the users and the identity
    that every Debian has.
    """

    makes_system: bool = True

    def companions(self, names: Iterable[str]) -> list[str]:
        """Of the packages `names`, which join others unasked, those that are wanted here."""
        return [name for name in names if self.makes_system or name != _ACCOUNTS]

    def selected(self, debs: Sequence[DebPack], cuts: Cuts, wanted: Wanted) -> Selection:
        """The files of `debs` that an image takes, as `select` says, and raises what that does.

        Of what is no system there is no identity yet, and no link of a merged /usr that leads to
        nothing.
        """
        if self.makes_system:
            return select(debs, cuts, wanted)
        found = select([deb for deb in debs if not self.is_identity(deb.name)], cuts, wanted)
        tree = found.tree

        def leads_somewhere(node: Node) -> bool:
            if node.origin == PARENT_RULE:
                return False  # It comes with what lies below.
            place = f"/{node.target}" if node.kind is Kind.SYMLINK else node.path
            return node.origin != USR_MERGE or bool(tree.children(place))

        return msgspec.structs.replace(found, tree=tree.filter(leads_somewhere))

    def is_identity(self, package: str) -> bool:
        """Whether `package` is taken for the identity alone, of what is there by then."""
        return package == IDENTITY and not self.makes_system

    def identity(self, tree: Tree, debs: Sequence[DebPack]) -> list[Node]:
        """What tells scanners of which system the packages in `tree` are, if nothing does yet.

        Raises what `select` raises.
        """
        origins = (node.origin for node in tree)
        if self.makes_system or not any(
            isinstance(origin, PackageOrigin) and origin.ecosystem == ECOSYSTEM
            for origin in origins
        ):
            return []
        taken = select([deb for deb in debs if deb.name == IDENTITY], default_cuts()).tree
        copyright_file = f"/usr/share/doc/{IDENTITY}/copyright"
        return [node for node in taken if node.path in (*_RELEASE, copyright_file)]


WHOLE_SYSTEM: Final = Ground()
NOTHING: Final = Ground(makes_system=False)


def ground_of(base: str) -> Ground:
    """What the packages of the base that the user names go onto."""
    return NOTHING if base == SCRATCH else WHOLE_SYSTEM


class Place(msgspec.Struct, frozen=True):
    """Where packages go: for which platform, and onto what."""

    platform: Platform
    ground: Ground = WHOLE_SYSTEM
