"""Every path to its owner: what it is attributed to, and whether it is what its owner says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from distil.catalog.asked import Owned
from distil.catalog.formats.debian_root import package_key
from distil.catalog.formats.dpkg import KEPT
from distil.catalog.formats.dpkg_info import ALTERNATIVE
from distil.catalog.generated import LINK, Made, made_by
from distil.catalog.join import Told
from distil.catalog.layer_record import Entry
from distil.catalog.owners import Claimed
from distil.catalog.squash import RecordedFile, Squashed
from distil.model.errors import LinkLoop
from distil.model.inventory import (
    OS_KINDS,
    Attribution,
    InventoryFile,
    State,
)
from distil.model.node import ROOT, Kind, Node, parent_of
from distil.model.tree import Tree

_PROGRAM_KINDS: Final = frozenset({"binary", "elf", "go", "rust"})
"""The kinds of components that are read out of a program itself."""

_MANAGERS: Final = ("dpkg", "apk", "rpm", "alpm", "opkg", "portage")
"""What keys of packages begin with."""


class Attributing:
    """Attributes the files of an image. `owned` tells of those that nobody claims."""

    def __init__(self, told: Told, squashed: Squashed, claims: Claimed, owned: Owned) -> None:
        self._kinds = [joined.component.kind for joined in told.components]
        self._positions = {id(joined): n for n, joined in enumerate(told.components)}
        self._roots = _roots(told)
        self._without_links = _without_links(told)
        self._told = told
        self._squashed = squashed
        self._claims = claims
        self._owned = owned

    def files(self) -> Iterator[InventoryFile]:
        """Every path that is no directory, by path."""
        for node in self._squashed.tree:
            if node.kind is not Kind.DIRECTORY:
                yield self._file(node)

    def _file(self, node: Node) -> InventoryFile:
        contents = _contents(node, self._squashed.tree)
        entry = contents.entry if contents is not None else None
        owners = self._owners(node.path)
        if owners:
            attribution, rule = self._of_owner(node.path, owners[0])
            state = self._state(node, entry)
        else:
            attribution, rule, owners, state = self._unclaimed(node, entry)
        return InventoryFile(
            node.path,
            node.kind,
            node.mode,
            node.size,
            self._squashed.layer_of[node.path],
            attribution,
            state,
            owners,
            rule,
            entry.sha256.hex() if entry is not None else "",
            entry.sha1.hex() if entry is not None else "",
            entry is not None and entry.is_program,
        )

    def _owners(self, path: str) -> tuple[int, ...]:
        """Who claims `path`, or a directory above it as a whole, the strongest first."""
        found = {position for position, _ in self._claims.owners.get(path, ())}
        found = found or set(self._claims.of_tree(path))
        return tuple(sorted(found, key=self._strength)) if found else ()

    def _strength(self, position: int) -> tuple[int, int]:
        kind = self._kinds[position]
        return (0 if kind in OS_KINDS else 2 if kind in _PROGRAM_KINDS else 1), position

    def _of_owner(self, path: str, owner: int) -> tuple[Attribution, str]:
        kind = self._kinds[owner]
        if kind in OS_KINDS:
            return Attribution.PACKAGE, ""
        if kind in _PROGRAM_KINDS:
            return self._owned.get(path, (Attribution.PROGRAM, ""))
        return Attribution.LANGUAGE, ""

    def _unclaimed(
        self, node: Node, entry: Entry | None
    ) -> tuple[Attribution, str, tuple[int, ...], State]:
        """What is known of a path that no component claims: who had it made counts as its owner."""
        known = self._owned.get(node.path)
        if known is not None:
            return *known, (), State.UNCHECKED
        is_program = entry is not None and entry.is_program
        rule = self._told.generated.get(node.path, "")
        is_kept = not is_program or rule.startswith(KEPT)
        if rule and is_kept and (rule != ALTERNATIVE or node.kind is Kind.SYMLINK):
            return Attribution.GENERATED, rule, (), State.UNCHECKED
        root = self._root_of(node.path)
        path = node.path.removeprefix(root)
        made = made_by(path, node.kind, node.target, is_program=is_program)
        if made is not None and (not made.contents or _has_one(made.contents, entry)):
            owners = self._makers(made, root)
            if owners or not made.needs_owner:
                state = State.VERIFIED if made.contents else self._copied(made, root, entry)
                return Attribution.GENERATED, made.rule, owners, state
        return *self._linked(node), State.UNCHECKED

    def _linked(self, node: Node) -> tuple[Attribution, str, tuple[int, ...]]:
        """A link to a file of a package of which no list tells the links."""
        found = _resolved(self._squashed.tree, node.path) if node.kind is Kind.SYMLINK else None
        owners = self._owners(found.path) if found is not None else ()
        kept = tuple(one for one in owners if one in self._without_links)
        if found is None or not kept:
            return Attribution.UNOWNED, "", ()
        return Attribution.GENERATED, f"{LINK} {found.path}", kept

    def _root_of(self, path: str) -> str:
        """The root of another system that `path` is below, empty for that of the image."""
        while self._roots and path != ROOT:
            path = parent_of(path)
            if path in self._roots:
                return path
        return ""

    def _makers(self, made: Made, root: str) -> tuple[int, ...]:
        """The owners of the source of what was made, or else the package that makes it."""
        if made.source:
            return self._owners(root + made.source)
        for manager in _MANAGERS if made.package else ():
            package = self._told.first(package_key(manager, root, made.package))
            if package is not None:
                return (self._positions[id(package)],)
        return ()

    def _copied(self, made: Made, root: str, entry: Entry | None) -> State:
        """Whether a copy is what its original is; one that was changed is not the package's."""
        if entry is None or not entry.sha256:
            return State.UNCHECKED
        tree = self._squashed.tree
        originals = [node for path in made.copies if (node := tree.get(root + path)) is not None]
        contents = [_contents(node, tree) for node in originals]
        is_same = any(one is not None and one.entry.sha256 == entry.sha256 for one in contents)
        return State.VERIFIED if is_same else State.UNCHECKED

    def _state(self, node: Node, entry: Entry | None) -> State:
        """What the checksums of the claims on `node` say; who claims without one says nothing.

        Where an OS package has a checksum, no other counts: nobody else can say that a file of the
        system is as it should be, and what a distribution changed in a language's package is so.
        """
        claims = self._claims.owners.get(node.path, ())
        sums = [(self._kinds[one] in OS_KINDS, claim) for one, claim in claims if claim.checksum]
        known = _checksums(node, entry) if sums else {}
        if any(is_os for is_os, _ in sums):
            sums = [one for one in sums if one[0]]
        is_checked = False
        for _, claim in sums:
            algorithm, _, value = claim.checksum.partition(":")
            found = known.get(algorithm)
            if found == value:
                return State.VERIFIED
            is_checked |= found is not None
        if not is_checked:
            return State.UNCHECKED
        is_configuration = any(claim.is_configuration for _, claim in claims)
        may_change = is_configuration and self._may_be_configuration(node, entry)
        return State.CONFIGURED if may_change else State.MODIFIED

    def _may_be_configuration(self, node: Node, entry: Entry | None) -> bool:
        """Whether `node` can be something that users change: programs only below ``/etc``."""
        etc = f"{self._root_of(node.path)}/etc/"
        return node.path.startswith(etc) or (entry is not None and not entry.is_program)


def _without_links(told: Told) -> frozenset[int]:
    """The packages by position of which there are checksums alone, which links have none of."""
    return frozenset(
        position
        for position, joined in enumerate(told.components)
        if joined.component.kind == "deb"
        and all("/status.d/" in place.path for place in joined.places)
    )


def _resolved(tree: Tree, path: str) -> Node | None:
    try:
        return tree.resolve(path)
    except LinkLoop:
        return None


def _has_one(contents: tuple[str, ...], entry: Entry | None) -> bool:
    return entry is not None and entry.sha256.hex() in contents


def _roots(told: Told) -> frozenset[str]:
    """Directories that hold a system of their own, with a package database."""
    found = set()
    for joined in told.components:
        end = f":{joined.component.name}"
        for key in joined.keys if joined.component.kind in OS_KINDS else ():
            manager, _, rest = key.partition(":")
            if manager in _MANAGERS and rest.endswith(end):
                found.add(rest.removesuffix(end))
    return frozenset(found - {ROOT})


def _contents(node: Node, tree: Tree) -> RecordedFile | None:
    if node.kind is Kind.HARDLINK:
        target = tree.get(node.target)
        blob = target.blob if target is not None else None
    else:
        blob = node.blob
    return blob if isinstance(blob, RecordedFile) else None


def _checksums(node: Node, entry: Entry | None) -> dict[str, str]:
    """By the algorithms that claims have them in: of contents, or of a symbolic link's target."""
    if node.kind is Kind.SYMLINK:
        target = node.target.encode("utf-8", "surrogateescape")
        sha1 = hashlib.sha1(target, usedforsecurity=False).hexdigest()
        # A file that became a link is not what it was, whatever it leads to.
        return {"link": node.target, "sha1": sha1, "sha256": "", "md5": ""}
    if entry is None or not entry.sha256:
        return {}
    sums = {"sha256": entry.sha256.hex(), "sha1": entry.sha1.hex(), "md5": entry.md5.hex()}
    return {"link": "", **sums}
