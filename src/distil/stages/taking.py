"""``[[copy]] stage = …``: files, directories and patterns taken out of what a stage has made.

Everything is looked up in the stage's Tree, so a link that a command planted leads to a path of
the stage and never to one of the machine.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from distil.errors import did_you_mean
from distil.events import Warned, emit
from distil.formats.errors import InvalidSpec
from distil.model.errors import LinkLoop
from distil.model.node import ROOT, Kind, Node, parent_of, unusable
from distil.model.origin import Origin, PackageOrigin, StageOrigin
from distil.model.spec import CopySpec
from distil.model.tree import Tree
from distil.source.scan import DEEPEST
from distil.source.specification import SpecPlace
from distil.userfiles.goals import Goal, parents_of, stays_below

_WILDCARD: Final = re.compile(r"[*?\[]")
_ANY_DEPTH: Final = "**"
_MOST: Final = 300_000
"""Paths that a pattern is compared with."""

_SHOWN: Final = 8
"""Names that an error tells of a directory."""

_SET_ID: Final = 0o6000
_CAPABILITIES: Final = "security.capability"


class _Found(NamedTuple):
    """Something that was named: its path in the stage, and the part that a pattern found."""

    path: str
    below: str


class Taker:
    """Makes the nodes of one ``[[copy]]`` out of the finished `tree` of its stage."""

    def __init__(self, tree: Tree, copy: CopySpec, place: SpecPlace) -> None:
        self._tree = tree
        self._copy = copy
        self._place = place
        self._goal = Goal(copy)

    def nodes(self) -> Iterator[Node]:
        """The nodes, directories before what is in them; they bear the date of the stage's files.

        Raises `InvalidSpec` for what is not there, or is nothing that an image can have.
        """
        goal, found = self._goal, self._find()
        into = goal.into or len(found) > 1
        if into and goal.target:
            yield goal.directory(goal.target, StageOrigin(self._copy.stage, self._copy.source))
        for one in found:
            node = self._resolved(one.path)
            if node.kind is Kind.DIRECTORY:
                target = goal.below(one.below) if into else goal.target
                yield from self._directory_tree(node, target)
                continue
            target = goal.target
            if into:
                target = goal.below(one.below or one.path.rpartition("/")[2])
            if not target:
                why = f"{one.path!r} is a file, and the root of the image is a directory"
                raise self._place.error(why, hint="name the file that it becomes")
            for parent in parents_of(one.below) if into else ():
                yield goal.directory(goal.below(parent), self._origin(node))
            yield self._file(node, target)

    # --- finding ---------------------------------------------------------------------------

    def _find(self) -> Sequence[_Found]:
        names = [part for part in self._copy.source.split("/") if part not in ("", ".")]
        plain = "/" + "/".join(names)
        if plain in self._tree or not _WILDCARD.search(plain):
            return [_Found(plain, "")]
        fixed = next(number for number, name in enumerate(names) if _WILDCARD.search(name))
        top = self._resolved("/" + "/".join(names[:fixed]))
        if top.kind is not Kind.DIRECTORY:
            raise self._place.error(f"{top.path} of stage {self._copy.stage} is no directory")
        steps = [0]
        below = dict.fromkeys(sorted(self._matching(top.path, "", names[fixed:], steps)))
        if not below:
            raise self._lacking(plain, f"nothing in stage {self._copy.stage} matches {plain!r}")
        prefix = top.path.rstrip("/")
        return [_Found(f"{prefix}/{path}", path) for path in below]

    def _matching(
        self, directory: str, below: str, names: Sequence[str], steps: list[int]
    ) -> Iterator[str]:
        """What is below `directory` and matches `names`; ``**`` follows no links."""
        name, *rest = names
        if name == _ANY_DEPTH and rest:
            yield from self._matching(directory, below, rest, steps)
        for child in self._tree.children(directory):
            steps[0] += 1
            if steps[0] > _MOST or below.count("/") > DEEPEST:
                raise self._place.error(f"{self._copy.source!r} matches too much to be looked at")
            path = f"{below}/{child.name}" if below else child.name
            if name == _ANY_DEPTH:
                if child.kind is Kind.DIRECTORY:
                    yield from self._matching(child.path, path, names, steps)
                elif not rest:
                    yield path
            elif fnmatch.fnmatchcase(child.name, name):
                if not rest:
                    yield path
                elif child.kind is Kind.DIRECTORY:
                    yield from self._matching(child.path, path, rest, steps)

    def _resolved(self, path: str) -> Node:
        """What is at `path`, links followed inside the stage alone."""
        try:
            node = self._tree.resolve(path)
        except LinkLoop:
            raise self._place.error(f"{path!r} of the stage leads round in circles") from None
        if node is None:
            raise self._lacking(path, f"there is no {path!r} in stage {self._copy.stage}")
        return node

    def _lacking(self, path: str, why: str) -> InvalidSpec:
        """The error for what is not there, with what is there instead."""
        above = parent_of(path)
        while (node := self._there(above)) is None:
            above = parent_of(above)
        names = [child.name for child in self._tree.children(node.path)]
        similar = did_you_mean(path.rpartition("/")[2], names) if above == parent_of(path) else ""
        more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        listed = f"{above} has {', '.join(names[:_SHOWN])}{more}" if names else f"{above} is empty"
        return self._place.error(why, hint=similar or listed)

    def _there(self, path: str) -> Node | None:
        if path == ROOT:
            return self._tree[ROOT]
        try:
            node = self._tree.resolve(path)
        except LinkLoop:
            return None
        return node if node is not None and node.kind is Kind.DIRECTORY else None

    # --- taking ----------------------------------------------------------------------------

    def _directory_tree(self, top: Node, target: str) -> Iterator[Node]:
        """The directory `top` as `target`, with all that is in it."""
        length = len(top.path.rstrip("/")) + 1
        for node in self._tree.under(top.path):
            inner = node.path[length:]
            place = "/".join(part for part in (target, inner) if part)
            if reason := unusable(f"/{place}"):
                raise self._place.error(f"{node.path} of the stage cannot be copied: {reason}")
            if node.kind is Kind.DIRECTORY:
                if place:
                    yield self._goal.directory(place, self._origin(node))
            elif node.kind is Kind.SYMLINK:
                yield self._link(node, top.path, place)
            else:
                yield self._file(node, place)

    def _link(self, node: Node, top: str, target: str) -> Node:
        """A link inside the copied directory `top`.

        It stays a link as long as it leads to something in that directory when it is where the
        directory goes; otherwise it would lead to nothing in the image, and what it leads to
        takes its place.
        """
        real = self._resolved(node.path)
        inside = top in (ROOT, real.path) or real.path.startswith(f"{top}/")
        same_place = f"/{self._goal.target}" == top
        if inside and (same_place or stays_below(node.path, node.target, top)):
            return self._goal.link(target, node.target, self._origin(node))
        if real.kind is Kind.DIRECTORY:
            why = f"{node.path} of the stage leads to a directory that is not copied with it"
            raise self._place.error(why, hint="copy that directory by its own name")
        return self._file(real, target)

    def _file(self, node: Node, target: str) -> Node:
        if node.kind not in (Kind.FILE, Kind.HARDLINK) or node.blob is None:
            kind = node.kind.name.lower()
            raise self._place.error(f"{node.path} of the stage is a {kind}, and no file")
        self._tell_rights(node)
        made = self._goal.file(target, node.mode, node.blob, self._origin(node))
        return msgspec.structs.replace(made, mtime=node.mtime)

    def _tell_rights(self, node: Node) -> None:
        """Warn of rights that a file of the stage gives and its copy does not."""
        lost = ["setuid"] * bool(node.mode & 0o4000) + ["setgid"] * bool(node.mode & 0o2000)
        lost += ["capabilities"] * any(name == _CAPABILITIES for name, _ in node.xattrs)
        if lost and not (self._goal.modes.mode or 0) & _SET_ID:
            what = f"{node.path} of stage {self._copy.stage} is copied without {', '.join(lost)}"
            emit(Warned(what, hint='mode = "4755" in its [[copy]] sets it'))

    def _origin(self, node: Node) -> Origin:
        """A file that a package of the stage brought stays that package's."""
        if isinstance(node.origin, PackageOrigin) and node.kind is not Kind.DIRECTORY:
            return node.origin
        return StageOrigin(self._copy.stage, node.path)
