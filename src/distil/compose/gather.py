"""Level ``packages``: packages less their cuts, configured; wheels; the application: one Tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from distil.compose.investigate import Findings
from distil.compose.placement import place_copies
from distil.compose.plan import Plan
from distil.compose.writable import writable_nodes
from distil.distros.debian import select as selecting
from distil.distros.debian.archive import DebPack
from distil.distros.debian.cut_checks import check_cuts
from distil.distros.debian.cuts import Cuts
from distil.distros.debian.effects.accounts import ImageUser
from distil.distros.debian.effects.apply import Setting, apply_effects
from distil.distros.debian.effects.record import UnhandledScript
from distil.distros.debian.locales import unknown_locales
from distil.distros.debian.orphans import without_orphans
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.fetch.packs import Pack
from distil.formats.elf import ElfFile
from distil.formats.patterns import name_globs, path_globs, path_patterns
from distil.model.digest import Digest
from distil.model.ledger import Removed
from distil.model.package import Wheel
from distil.model.tree import Tree
from distil.runtimes.python.install import RemovedFile, install
from distil.source.scan import elf_files
from distil.userfiles.copies import Copied, Copies
from distil.userfiles.specification import SpecPlace

if TYPE_CHECKING:
    from distil.runtimes.python.byte_compiler import Runtime

Elf = dict[Digest, ElfFile | None]
"""What each file is as ELF, by the digest of its contents; None for what is not."""


class Ingredients(msgspec.Struct, frozen=True):
    """Everything a plan asked for, at hand: archives decoded, the application scanned."""

    packages: Sequence[DebPack]
    wheels: Sequence[tuple[Wheel, Pack]]
    application: Tree
    copies: Copies = Copies()
    compiler: Runtime | None = None
    """What makes byte code, where it is asked for; nothing of it goes into the image."""

    @property
    def size(self) -> int:
        """Bytes that the files hold before anything is cut."""
        members = [member for pack in self.packages for member in pack.members]
        members += [member for _, pack in self.wheels for member in pack.members]
        own = sum(node.size for tree in (self.application, self.copies.tree) for node in tree)
        return own + sum(member.size for member in members)

    def elf(self) -> Elf:
        """What the packs remember, and what the application's own files are."""
        known = elf_files(self.application) | elf_files(self.copies.tree)
        for deb in self.packages:
            known |= deb.pack.elf_files()
        for _, pack in self.wheels:
            known |= pack.elf_files()
        return known


class Gathered(msgspec.Struct, frozen=True):
    """A configured system with the application in it, and what was left out on the way.

    `unhandled` is what maintainer scripts would have done and the tree lacks. `copied` is what
    the user copies, by the path that it has in the tree.
    """

    tree: Tree
    elf: Elf
    removed: tuple[Removed, ...]
    unhandled: tuple[UnhandledScript, ...] = ()
    copied: dict[str, Copied] = {}


def gather(plan: Plan, ingredients: Ingredients, cuts: Cuts, cache: Cache) -> Gathered:
    """Put `ingredients` together at level ``packages``.

    Raises `FileConflict`, `MissingCopyright`, `MalformedCertificate`, `CutReached`, `InvalidSpec`
    for a locale that there is not, and what `place_copies` raises.
    """
    findings = plan.findings
    packs, elf = ingredients.packages, ingredients.elf()
    _check_locales(findings, packs)
    user = ImageUser.parse(findings.spec.image.user)
    setting = Setting(findings.base.platform, user, plan.wanted, findings.certificates)
    selection = selecting.select(packs, cuts, plan.wanted)
    configured = apply_effects(selection, packs, cuts, setting, cache)
    kept = without_orphans(configured.tree, selection.removed, packs, elf, plan.wanted)
    installed = install(ingredients.wheels, findings.interpreter, findings.spec.reach.keep)
    tree = kept.tree.merge(installed.tree, ingredients.application)
    placed = place_copies(tree, ingredients.copies)
    tree = placed.tree
    check_cuts(tree, kept.removed, elf)
    _tell_useless(findings, plan, tree)
    writable = writable_nodes(tree, findings.spec.image.writable, user)
    return Gathered(
        tree=tree.with_nodes(writable),
        elf=elf,
        removed=(*placed.removed, *_removals(plan, [*kept.removed, *installed.removed])),
        unhandled=configured.unhandled,
        copied=placed.copied,
    )


def _check_locales(findings: Findings, packs: Sequence[DebPack]) -> None:
    """Raise `InvalidSpec` for a locale that Debian does not have."""
    place = SpecPlace(Path(findings.application.source), ("image", "locales"))
    for name, alike in unknown_locales(findings.spec.image.locales, packs).items():
        hint = f"there are {', '.join(alike)}" if alike else ""
        raise place.error(f"Debian has no locale {name!r}", hint=hint)


def _tell_useless(findings: Findings, plan: Plan, tree: Tree) -> None:
    """Warn of what shall be kept and is not there: a slip, or a package that nobody asks for."""
    names = [package.name for package in plan.packages]
    names += [wheel.name for wheel in findings.wheels]
    for pattern in findings.spec.reach.keep:
        by_path = path_patterns([pattern])
        globs = path_globs(by_path) if by_path else name_globs([pattern])
        if not any(one in globs for one in (tree.paths() if by_path else names)):
            emit(Warned(f"[reach] keep: nothing that the image could hold matches {pattern!r}"))


def _removals(plan: Plan, removed: Iterable[selecting.Removed | RemovedFile]) -> Iterator[Removed]:
    """The removals with whole package URLs instead of names."""
    purls = {wheel.name: wheel.purl for wheel in plan.findings.wheels}
    debian = {package.name: package.purl for package in (*plan.packages, *plan.debug_packages)}
    for one in removed:
        known = debian if isinstance(one, selecting.Removed) else purls
        yield Removed(one.path, known.get(one.package, one.package), one.size, one.rule, one.reason)
