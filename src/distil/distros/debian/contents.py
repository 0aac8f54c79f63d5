"""The packages of an image, decoded: configured into a system, and described in it."""

from __future__ import annotations

from collections.abc import Sequence

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cut_checks import check_cuts
from distil.distros.debian.cuts import Cuts
from distil.distros.debian.effects.apply import Configuration, apply_effects
from distil.distros.debian.effects.library_cache import library_cache_nodes
from distil.distros.debian.effects.record import UnhandledScript
from distil.distros.debian.ground import Place
from distil.distros.debian.locales import unknown_locales
from distil.distros.debian.orphans import without_orphans
from distil.distros.debian.remedies import find_remedies
from distil.distros.debian.select import Selection, Wanted
from distil.distros.protocol import Elf, Remedy, Setting
from distil.fetch.cache import Cache
from distil.fetch.packs import Pack
from distil.model.ledger import Removed
from distil.model.node import Node
from distil.model.platform import Platform
from distil.model.tree import Tree
from distil.source.specification import SpecPlace


class DebianContents:
    """See `distil.distros.protocol.PackageContents`."""

    def __init__(
        self,
        debs: Sequence[DebPack],
        cuts: Cuts,
        wanted: Wanted,
        locales: Sequence[str],
        place: Place,
    ) -> None:
        self._debs = debs
        self._locales = locales
        self._cuts = cuts
        self._wanted = wanted
        self._platform, self._ground = place.platform, place.ground

    @property
    def packs(self) -> list[Pack]:
        """All of them."""
        return [deb.pack for deb in self._debs]

    def configure(self, setting: Setting, elf: Elf, cache: Cache) -> DebianConfigured:
        """Select files, follow the maintainer scripts, and leave out what cannot run then."""
        self._check_locales(setting)
        cuts = self._cuts.before_search() if setting.searched else self._cuts
        selection = self._ground.selected(self._debs, cuts, self._wanted)
        configuration = Configuration(
            self._platform, setting.user, self._wanted, setting.certificates, self._ground
        )
        configured = apply_effects(selection, self._debs, cuts, configuration, cache)
        kept = without_orphans(configured.tree, selection.removed, self._debs, elf, self._wanted)
        purls = {deb.name: deb.package.purl for deb in self._debs}
        return DebianConfigured(kept, purls, configured.unhandled, self._platform)

    def _check_locales(self, setting: Setting) -> None:
        place = SpecPlace(setting.source, ("image", "locales"))
        for name, alike in unknown_locales(self._locales, self._debs).items():
            hint = f"there are {', '.join(alike)}" if alike else ""
            raise place.error(f"Debian has no locale {name!r}", hint=hint)

    def searchable(self, tree: Tree, elf: Elf) -> list[Node]:
        """The loader finds libraries outside the default directories only through its cache."""
        return self._library_cache(tree, elf)

    def describe(self, tree: Tree, elf: Elf) -> list[Node]:
        """The loader's cache, of which system the packages are, and their status."""
        nodes = self._library_cache(tree, elf)
        nodes += self._ground.identity(tree, self._debs)
        return [*nodes, *self._ground.database(tree.with_nodes(nodes), self._debs)]

    def _library_cache(self, tree: Tree, elf: Elf) -> list[Node]:
        return library_cache_nodes(tree, elf, self._platform, self._ground.foundation)


class DebianConfigured:
    """See `distil.distros.protocol.Configured`."""

    def __init__(
        self,
        selection: Selection,
        purls: dict[str, str],
        unhandled: tuple[UnhandledScript, ...],
        platform: Platform,
    ) -> None:
        self.tree = selection.tree
        self._cuts = selection.removed
        self._purls = purls
        self._unhandled = unhandled
        self._platform = platform

    @property
    def unhandled(self) -> tuple[str, ...]:
        """What maintainer scripts do and distil does not."""
        return tuple(str(one) for one in self._unhandled)

    def remedies(self, tree: Tree) -> tuple[Remedy, ...]:
        """See `find_remedies`."""
        return find_remedies(self._unhandled, tree, self._platform)

    @property
    def removed(self) -> tuple[Removed, ...]:
        """By purl."""
        return tuple(
            Removed(one.path, self._purls[one.package], one.size, one.rule, one.reason)
            for one in self._cuts
        )

    def check(self, tree: Tree, elf: Elf) -> None:
        """See `check_cuts`."""
        check_cuts(tree, self._cuts, elf)
