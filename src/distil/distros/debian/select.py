"""Level ``packages``: which files of the dependency closure an image takes.

Every file of every package is either taken or recorded as removed, with the rule and reason.
Paths are those of the merged /usr throughout: what an older package ships as ``/lib/x`` is taken
as ``/usr/lib/x``, with the link ``/lib`` to lead there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.cuts import Cuts
from distil.distros.debian.errors import MissingCopyright
from distil.distros.debian.merged_usr import MERGED, MERGED_PATHS, merged_path
from distil.formats.globs import Globs
from distil.formats.patterns import path_globs
from distil.model.node import Kind, Node, directory, parent_of, symlink
from distil.model.origin import GeneratedOrigin, PackageOrigin
from distil.model.tree import Tree, resolve_path

_NOTHING: Final = Tree()
_ALWAYS_MERGED: Final = ("bin", "sbin", "lib")
USR_MERGE: Final = GeneratedOrigin("merged /usr")
_DOC: Final = "/usr/share/doc/"
_LISTED, _SHIPPED, _CUT = "listed", "shipped", "cut"
_BOILERPLATE: Final = re.compile(
    r"/usr/share/doc/[^/]+/[^/]+|/usr/share/(?:lintian|bug|doc-base)/.*"
)
"""What any package has beside what it is about: its changelog, its notes, its overrides."""


_Cut = tuple[str, str]
"""The rule that cuts a file, and its reason."""


class CutFile(msgspec.Struct, frozen=True, gc=False):
    """A file of a package that the image does without; `size` in bytes."""

    path: str
    package: str
    size: int
    rule: str
    reason: str


class Selection(msgspec.Struct, frozen=True):
    """The files taken, as a tree, and the files left out, sorted by path."""

    tree: Tree
    removed: tuple[CutFile, ...]


class Wanted(msgspec.Struct, frozen=True):
    """What the user asked for: packages by name, taken whole, and optional features of cuts.

    `keep` are patterns of paths that no cut takes away.
    """

    packages: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    keep: tuple[str, ...] = ()

    @property
    def kept(self) -> Globs:
        """What stands for the paths that no cut takes away."""
        return path_globs(self.keep)


def select(
    packs: Sequence[DebPack], cuts: Cuts, wanted: Wanted | None = None, before: Tree = _NOTHING
) -> Selection:
    """The files of `packs` that an image takes, and a record of the others.

    Copyright files stay and become real files where a package links to another's, which may be in
    `before`, the image that is built on. A directory
    stays when something in it does, or when its package ships it empty. Raises `FileConflict`
    when two packages have different files at one path, `MissingCopyright`.
    """
    wanted = wanted or Wanted()
    choice = _Choice()
    for pack in packs:
        _choose(pack, cuts, wanted, choice)
    documents = _Documents(packs, before)
    for pack in packs:
        if pack.origin in choice.contributing:
            choice.taken += documents.copyright_of(pack)
    in_part = {
        pack.origin for pack in packs if cuts.partial(pack.name, asked=pack.name in wanted.packages)
    }
    taken = _with_whole_links(choice.taken, packs, in_part)
    links = _usr_merge(taken)
    # A directory that a link leads to is there even when everything in it was cut.
    targets = [directory(f"/usr{link.path}", USR_MERGE) for link in links]
    nodes = [*links, *choice.directories(), *targets, *sorted(taken, key=_kind_order)]
    removed = sorted(choice.removed, key=lambda entry: (entry.path, entry.package))
    return Selection(Tree(nodes), tuple(removed))


class _Choice:
    """What has been decided so far."""

    def __init__(self) -> None:
        self.taken: list[Node] = []
        self.removed: list[CutFile] = []
        self.contributing: set[PackageOrigin] = set()
        self._directories: list[tuple[Node, str]] = []

    def take(self, node: Node, origin: PackageOrigin) -> None:
        self.taken.append(node)
        self.contributing.add(origin)

    def offer(self, node: Node, claim: str) -> None:
        """A directory, to be taken when something in it is.

        By its `claim` it may also stand for itself: `_LISTED` ones always do, `_SHIPPED` ones
        unless they are only empty because of cuts.
        """
        self._directories.append((node, claim))

    def directories(self) -> list[Node]:
        """The directories that hold something, or were shipped empty on purpose."""
        needed = _ancestors(node.path for node in self.taken)
        emptied = _ancestors(entry.path for entry in self.removed)
        own = [
            node
            for node, claim in self._directories
            if claim == _LISTED or (claim == _SHIPPED and node.path not in emptied)
        ]
        needed |= _ancestors(node.path for node in own)
        return own + [node for node, _ in self._directories if node.path in needed]


def _choose(pack: DebPack, cuts: Cuts, wanted: Wanted, choice: _Choice) -> None:
    """Decide on every member of `pack`."""
    cut_of = _cutter(pack, cuts, wanted)
    partial = cuts.partial(pack.name, asked=pack.name in wanted.packages)
    origin = pack.origin
    own_doc = _DOC + pack.name
    own_copyright = own_doc + "/copyright"
    for member, node in zip(pack.members, pack.pack.nodes(origin), strict=True):
        path = merged_path(node.path, node.kind)
        if path != node.path or node.kind is Kind.HARDLINK:
            target = (
                merged_path(node.target, Kind.FILE) if node.kind is Kind.HARDLINK else node.target
            )
            node = msgspec.structs.replace(node, path=path, target=target)  # noqa: PLW2901
        if path == own_copyright or (path == own_doc and node.kind is Kind.SYMLINK):
            continue  # `_Documents` sees to them.
        cut = cut_of(path)
        if node.kind is Kind.DIRECTORY:
            choice.offer(node, _CUT if cut else _SHIPPED if partial is None else _LISTED)
        elif cut is None:
            choice.take(node, origin)
        else:
            choice.removed.append(CutFile(path, pack.name, member.size, *cut))
    if partial is None:
        choice.contributing.add(origin)


def _cutter(pack: DebPack, cuts: Cuts, wanted: Wanted) -> Callable[[str], _Cut | None]:
    """What says of a path of `pack` by which rule it is cut, and why; None: it is not."""
    asked = pack.name in wanted.packages
    partial = cuts.partial(pack.name, asked=asked)
    kept = wanted.kept
    if partial is not None:
        part, reason = cuts.kept_of(partial, wanted.features), (partial.rule, partial.reason)
        return lambda path: None if part.fullmatch(path) or path in kept else reason
    rules = cuts.file_rules(asked=asked)

    def cut_of(path: str) -> _Cut | None:
        rule = None if path in kept else rules.of(path)
        return None if rule is None else (rule.rule, rule.reason)

    if asked:
        paths = [
            path
            for member in pack.members
            if member.kind is not Kind.DIRECTORY
            and not _BOILERPLATE.fullmatch(path := merged_path(member.path, member.kind))
        ]
        if paths and all(cut_of(path) for path in paths):
            # It is about what is cut from others: manual pages, translations.
            return lambda path: cut_of(path) if _BOILERPLATE.fullmatch(path) else None
    return cut_of


class _Documents:
    """Finds every package's copyright file, through links into other packages.

    Debian Policy 12.5 allows ``/usr/share/doc/PACKAGE`` to be a link to another package of the
    same source. That package may not be in the image, and a scanner may not follow links.
    """

    def __init__(self, packs: Sequence[DebPack], before: Tree) -> None:
        self._before = before
        self._found = {
            member.path: (pack, member)
            for pack in packs
            for member in pack.members
            if member.path.startswith(_DOC)
        }

    def copyright_of(self, pack: DebPack) -> list[Node]:
        """The copyright file of `pack` as a real file, with its directory."""
        home = _DOC + pack.name
        path = home + "/copyright"
        real = resolve_path(self._node, path)
        owner, member = self._found.get(real, (pack, None))
        if member is None or member.kind is not Kind.FILE:
            there = self._before.resolve(real)
            if there is not None and there.blob is not None:
                whole = Node(path, Kind.FILE, 0o644, blob=there.blob, origin=pack.origin)
                return [directory(home, pack.origin), whole]
            if real != path:
                raise MissingCopyright(str(pack.package), path, real)
            return []
        contents = owner.pack.blob(member)
        return [
            directory(home, pack.origin),
            Node(path, Kind.FILE, 0o644, 0, 0, member.mtime, blob=contents, origin=pack.origin),
        ]

    def _node(self, path: str) -> Node | None:
        _, member = self._found.get(path, (None, None))
        if member is None:
            return None
        return Node(path, member.kind, member.mode, target=member.target)


def _with_whole_links(
    taken: list[Node], packs: Sequence[DebPack], in_part: Collection[PackageOrigin]
) -> list[Node]:
    """`taken`, with a hard link to a file that was cut turned into a file of its own.

    So is a symbolic link of a package that is taken `in_part`, such as those between locales.
    """
    links = {
        node.path: target for node in taken if (target := _linked_file(node, in_part)) is not None
    }
    lost = set(links.values()) - {node.path for node in taken}
    if not lost:
        return taken
    blobs = {
        merged_path(member.path, member.kind): (member, pack.pack.blob(member))
        for pack in packs
        for member in pack.members
        if member.kind is Kind.FILE and merged_path(member.path, member.kind) in lost
    }
    whole = []
    for node in taken:
        target = links.get(node.path, "")
        if target in blobs:
            member, blob = blobs[target]
            changes = {"kind": Kind.FILE, "target": "", "blob": blob, "mode": member.mode}
            node = msgspec.structs.replace(node, **changes)  # noqa: PLW2901
        whole.append(node)
    return whole


def _linked_file(node: Node, in_part: Collection[PackageOrigin]) -> str | None:
    """The path that a link names which becomes a file when that is cut; None for other nodes."""
    if node.kind is Kind.HARDLINK:
        return node.target
    if node.kind is Kind.SYMLINK and node.origin in in_part:
        return posixpath.normpath(posixpath.join(node.parent, node.target))
    return None


def _usr_merge(taken: Iterable[Node]) -> list[Node]:
    """The links at the root that lead into /usr: the packages' own, and those they leave out."""
    links = {
        node.path: node for node in taken if node.path in MERGED_PATHS and node.kind is Kind.SYMLINK
    }
    used = {node.path.split("/")[2] for node in taken if node.path.startswith("/usr/")}
    for name in MERGED:
        if name in used or name in _ALWAYS_MERGED:
            links.setdefault(f"/{name}", symlink(f"/{name}", f"usr/{name}", USR_MERGE))
    return list(links.values())


def _ancestors(paths: Iterable[str]) -> set[str]:
    """Every directory above one of `paths`."""
    found: set[str] = set()
    for path in paths:
        parent = parent_of(path)
        while parent not in found:
            found.add(parent)
            parent = parent_of(parent)
    return found


def _kind_order(node: Node) -> int:
    """Links to directories before what may lie behind them, hard links after their targets."""
    if node.kind in (Kind.DIRECTORY, Kind.SYMLINK):
        return int(node.kind)
    return int(Kind.HARDLINK) + 1 if node.kind is Kind.HARDLINK else int(Kind.HARDLINK)
