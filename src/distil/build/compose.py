"""Packages, wheels, the application and the effects of scripts: one Tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from distil.apps.install import RemovedFile, install, record_nodes
from distil.apps.sources import elf_files
from distil.build.plan import Plan
from distil.fetch.packs import Pack
from distil.formats.elf import ElfFile
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin
from distil.model.package import Wheel
from distil.model.tree import Tree
from distil.packages.archive import DebPack
from distil.packages.cuts import Cuts
from distil.packages.effects.accounts import Accounts, ImageUser, image_home
from distil.packages.effects.certificates import certificate_nodes
from distil.packages.effects.library_cache import library_cache_nodes
from distil.packages.effects.system_files import system_nodes
from distil.packages.select import Removed, select
from distil.packages.status import status_nodes


class Ingredients(msgspec.Struct, frozen=True):
    """Everything a plan asked for, at hand: archives decoded, the application scanned."""

    packages: Sequence[DebPack]
    wheels: Sequence[tuple[Wheel, Pack]]
    application: Tree


class Composition(msgspec.Struct, frozen=True):
    """The finished tree, what was left out, and what is known of each file as ELF.

    `size_before` is what the ingredients hold before anything is cut, in bytes.
    """

    tree: Tree
    removed: tuple[Removed | RemovedFile, ...]
    elf: dict[Digest, ElfFile | None]
    size_before: int


def compose(plan: Plan, ingredients: Ingredients, cuts: Cuts, created: int) -> Composition:
    """Put `ingredients` together. `created` dates the application's files.

    Raises `FileConflict`, `MissingCopyright`, `MalformedCertificate`, `CorruptContent`.
    """
    interpreter = plan.findings.interpreter
    packs = ingredients.packages
    selection = select(packs, cuts, plan.wanted)
    installation = install(ingredients.wheels, interpreter)
    elf = _known_elf(ingredients)
    tree = selection.tree.merge(installation.tree, ingredients.application)
    tree = tree.with_nodes(system_nodes(tree, packs))
    tree = tree.with_nodes(certificate_nodes(tree))
    tree = tree.with_nodes(_accounts(plan, packs, tree))
    tree = tree.with_nodes(library_cache_nodes(tree, elf))
    tree = tree.with_nodes(record_nodes(tree, interpreter))
    tree = tree.with_nodes(status_nodes(tree, packs))
    return Composition(
        tree=Tree(dated(tree, created, _own_purls(plan))),
        removed=(*selection.removed, *installation.removed),
        elf=elf,
        size_before=_size(ingredients),
    )


def _accounts(plan: Plan, packs: Sequence[DebPack], tree: Tree) -> list[Node]:
    user = ImageUser.parse(plan.findings.spec.image.user)
    accounts = Accounts(packs)
    home = accounts.add_image_user(user)
    return [*accounts.nodes(tree), *image_home(user, home)]


def _known_elf(ingredients: Ingredients) -> dict[Digest, ElfFile | None]:
    known = elf_files(ingredients.application)
    for pack in ingredients.packages:
        known |= pack.pack.elf_files()
    for _, wheel in ingredients.wheels:
        known |= wheel.elf_files()
    return known


def _size(ingredients: Ingredients) -> int:
    members = (member for pack in ingredients.packages for member in pack.members)
    wheels = (member for _, pack in ingredients.wheels for member in pack.members)
    files = sum(node.size for node in ingredients.application)
    return files + sum(m.size for m in members) + sum(m.size for m in wheels)


def _own_purls(plan: Plan) -> frozenset[str]:
    own = plan.findings.own
    return frozenset(wheel.purl for wheel in plan.findings.wheels if wheel.name in own)


def dated(tree: Tree, created: int, own: frozenset[str]) -> Iterable[Node]:
    """`tree` with dates that change only when contents do, but for the application's own files.

    Third-party files keep their archives' dates. Web servers tell versions of a static file by
    its date, so the application's files carry the build's. Directories carry none: which
    package's date they have would depend on the others.
    """
    for node in tree:
        origin = node.origin
        if node.kind is Kind.DIRECTORY:
            date = 0
        elif isinstance(origin, ApplicationOrigin) or getattr(origin, "purl", "") in own:
            date = created
        else:
            date = node.mtime
        yield node if node.mtime == date else msgspec.structs.replace(node, mtime=date)
