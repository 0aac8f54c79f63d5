"""Level ``packages``: packages less their cuts, configured; components; the application."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from distil.compose.placement import place_copies
from distil.compose.plan import Plan
from distil.compose.writable import writable_nodes
from distil.distros.protocol import Configured, PackageContents, Setting
from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.formats.elf import ElfFile
from distil.formats.patterns import name_globs, path_globs, path_patterns
from distil.model.account import ImageUser
from distil.model.digest import Digest
from distil.model.ledger import Removed
from distil.model.node import Node
from distil.model.spec import Level
from distil.model.tree import Tree
from distil.runtimes.protocol import RuntimeContents
from distil.userfiles.copies import Copied, Copies

Elf = dict[Digest, ElfFile | None]
"""What each file is as ELF, by the digest of its contents; None for what is not."""


class Ingredients(msgspec.Struct, frozen=True):
    """Everything a plan asked for, at hand: archives decoded, the application scanned."""

    system: PackageContents
    runtime: RuntimeContents
    application: Tree
    copies: Copies = Copies()
    own_elf: Elf = {}
    """What the files of both are as ELF."""
    records: Callable[[Tree], Sequence[Node]] = lambda _: ()
    """What a finished tree has to say of copies that other packages brought."""

    @property
    def size(self) -> int:
        """Bytes that the files hold before anything is cut."""
        packs = (*self.system.packs, *self.runtime.packs)
        own = sum(node.size for tree in (self.application, self.copies.tree) for node in tree)
        return own + sum(member.size for pack in packs for member in pack.members)

    def elf(self) -> Elf:
        """What the packs remember, and what the application's own files are."""
        known = dict(self.own_elf)
        for pack in (*self.system.packs, *self.runtime.packs):
            known |= pack.elf_files()
        return known


class Gathered(msgspec.Struct, frozen=True):
    """A configured system with the application in it, and what was left out on the way.

    `system` is what the packages came to by themselves. `copied` is what the user copies, by the
    path that it has in the tree.
    """

    tree: Tree
    elf: Elf
    removed: tuple[Removed, ...]
    system: Configured
    copied: dict[str, Copied] = {}


def gather(plan: Plan, ingredients: Ingredients, cache: Cache) -> Gathered:
    """Put `ingredients` together at level ``packages``.

    Raises what `Contents.configure` and `Contents.lay_out` raise, `FileConflict`, `CutReached`,
    and what `place_copies` raises.
    """
    subject, spec = plan.resolved.subject, plan.resolved.spec
    foundation = plan.resolved.base.foundation
    elf, user = {**foundation.elf, **ingredients.elf()}, ImageUser.parse(spec.image.user)
    searched = spec.reach.level is Level.REACHABLE
    setting = Setting(subject.source, user, subject.certificates, searched)
    system = ingredients.system.configure(setting, elf, cache)
    laid_out = ingredients.runtime.lay_out()
    tree = foundation.joined(system.tree, laid_out.tree, ingredients.application)
    placed = place_copies(tree, ingredients.copies)
    system.check(placed.tree, elf)
    _tell_useless(plan, placed.tree)
    writable = writable_nodes(placed.tree, spec.image.writable, user)
    return Gathered(
        tree=placed.tree.with_nodes(writable),
        elf=elf,
        removed=(*placed.removed, *system.removed, *laid_out.removed),
        system=system,
        copied=placed.copied,
    )


def _tell_useless(plan: Plan, tree: Tree) -> None:
    """Warn of what shall be kept and is not there: a slip, or a package that nobody asks for."""
    names = [package.name for package in plan.system.packages]
    names += [component.name for component in plan.resolved.runtime.components]
    for pattern in plan.resolved.spec.reach.keep:
        by_path = path_patterns([pattern])
        globs = path_globs(by_path) if by_path else name_globs([pattern])
        if not any(one in globs for one in (tree.paths() if by_path else names)):
            emit(Warned(f"[reach] keep: nothing that the image could hold matches {pattern!r}"))
