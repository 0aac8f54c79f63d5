"""The system a maintainer script believes to run on: every package unpacked, nothing configured.

Files are looked up among all members of all packages, the cut ones too, as the script would find
them. What scripts make is kept apart and becomes nodes at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.effects.accounts import Account, Accounts, Group
from distil.distros.debian.merged_usr import MERGED, merged_path
from distil.model.blob import Blob, InlineBlob
from distil.model.node import ROOT, Kind, Node, parent_of
from distil.model.tree import resolve_path

SEARCH_PATH: Final = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
_ROOT_NODE: Final = Node(ROOT, Kind.DIRECTORY, 0o755)


class Alternative(msgspec.Struct, frozen=True):
    """One choice for a generic name (update-alternatives(1)); `slaves`: link, name, path."""

    link: str
    name: str
    path: str
    priority: int
    slaves: tuple[tuple[str, str, str], ...] = ()


class Ownership(msgspec.Struct):
    """A change of owner or mode that a script made; None leaves it as it is."""

    user: str | None = None
    group: str | None = None
    mode: int | None = None


class Machine:
    """What all scripts of one image see and change."""

    def __init__(self, packs: Sequence[DebPack], architecture: str) -> None:
        self.architecture = architecture
        self.packages = {pack.name: pack for pack in packs}
        self.created: dict[str, Node] = {}
        self.makers: dict[str, str] = {}
        self.removed: set[str] = set()
        self.ownership: dict[str, Ownership] = {}
        self.alternatives: list[Alternative] = []
        self.accounts: list[Account] = []
        self.groups: list[Group] = []
        self.members: list[tuple[str, str]] = []
        self.base = Accounts(packs)
        self._shipped: dict[str, Node] = {
            f"/{name}": Node(f"/{name}", Kind.SYMLINK, 0o777, target=f"usr/{name}")
            for name in MERGED
        }
        for pack in packs:
            for node in pack.pack.nodes(pack.origin):
                self._shipped.setdefault(merged_path(node.path, node.kind), node)
        self._names: dict[str, list[str]] | None = None

    # --- looking ---------------------------------------------------------------------------

    def get(self, path: str) -> Node | None:
        """The node at exactly `path`, whose directories are no links."""
        if path == ROOT:
            return _ROOT_NODE
        found = self.created.get(path)
        return self._shipped.get(path) if found is None and path not in self.removed else found

    def real(self, path: str, *, follow: bool = True) -> str:
        """Where `path` is, its last component followed or not."""
        absolute = "/" + path.strip("/")
        if follow:
            return resolve_path(self.get, absolute)
        parent = resolve_path(self.get, parent_of(absolute))
        return f"{parent.rstrip('/')}/{absolute.rsplit('/', 1)[1]}"

    def find(self, path: str, *, follow: bool = True) -> Node | None:
        """The node that `path` reaches. Directories that are only implied count."""
        real = self.real(path, follow=follow)
        node = self.get(real)
        if node is None and self._children(real):
            return Node(real, Kind.DIRECTORY, 0o755)
        return node

    def executable(self, name: str) -> str:
        """Where command `name` is found, or nothing."""
        if "/" in name:
            node = self.find(name)
            return name if node is not None and node.mode & 0o111 else ""
        for directory in SEARCH_PATH[:2]:
            node = self.find(f"{directory}/{name}")
            if node is not None and node.kind is not Kind.DIRECTORY:
                return f"{directory}/{name}"
        return ""

    def matching(self, pattern: str) -> list[str]:
        """The paths that a pattern of the shell stands for, sorted."""
        found = ["/"]
        for part in pattern.strip("/").split("/"):
            found = [path for top in found for path in self._step(top, part)]
        return sorted(path for path in found if self.find(path, follow=False) is not None)

    def _step(self, top: str, part: str) -> Iterator[str]:
        base = top.rstrip("/")
        if not any(char in part for char in "*?["):
            yield f"{base}/{part}"
            return
        for name in self._children(self.real(top)):
            if fnmatchcase(name, part) and (not name.startswith(".") or part.startswith(".")):
                yield f"{base}/{name}"

    def below(self, path: str) -> list[str]:
        """All paths below directory `path`."""
        prefix = path.rstrip("/") + "/"
        found = (*self._shipped, *self.created)
        return [name for name in found if name.startswith(prefix) and self.get(name) is not None]

    def _children(self, directory: str) -> list[str]:
        if self._names is None:
            self._names = {}
            for path in self._shipped:
                self._note(self._names, path)
        made = [path for path in self.created if parent_of(path) == directory]
        return self._names.get(directory, []) + [path.rsplit("/", 1)[1] for path in made]

    def _note(self, names: dict[str, list[str]], path: str) -> None:
        while path != ROOT:
            parent, _, name = path.rpartition("/")
            siblings = names.setdefault(parent or ROOT, [])
            if name in siblings[-1:]:
                return
            if name not in siblings:
                siblings.append(name)
            path = parent or ROOT

    # --- changing: `package` is the one whose script does it ---------------------------------

    def make_directory(self, path: str, package: str, mode: int = 0o755) -> None:
        """A directory with its parents, unless there is something."""
        real = self.real(path)
        if self.find(real) is None:
            if real != ROOT:
                self.make_directory(parent_of(real), package)
            self._make(Node(real, Kind.DIRECTORY, mode), package)

    def write(self, path: str, data: bytes, package: str) -> None:
        """A file with contents, in place of what is there."""
        node = Node(self.real(path), Kind.FILE, 0o644, blob=InlineBlob.of(data))
        self._make(node, package)

    def copy(self, source: Node, path: str, package: str) -> None:
        """A copy of `source`, which is a file or a link."""
        real = self.real(path, follow=False)
        self._make(msgspec.structs.replace(source, path=real, uid=0, gid=0), package)

    def link(self, path: str, target: str, package: str) -> None:
        """A symbolic link."""
        real = self.real(path, follow=False)
        self._make(Node(real, Kind.SYMLINK, 0o777, target=target), package)

    def _make(self, node: Node, package: str) -> None:
        self.created[node.path] = node
        self.makers[node.path] = package

    def remove(self, path: str) -> None:
        """Take away what scripts made or packages ship, with everything below it."""
        real = self.real(path, follow=False)
        for found in (real, *self.below(real)):
            self.created.pop(found, None)
            if found in self._shipped:
                self.removed.add(found)

    def own(self, path: str) -> Ownership:
        """The changes of owner and mode of `path`, to be added to."""
        return self.ownership.setdefault(self.real(path), Ownership())

    def contents(self, path: str) -> bytes | None:
        """What a file holds, if there is one."""
        node = self.find(path)
        blob: Blob | None = None if node is None else node.blob
        return None if blob is None else blob.read()
