"""The system a maintainer script believes to run on: every package unpacked, nothing configured.

Files are looked up among all members of all packages, the cut ones too, as the script would find
them. What scripts make is kept apart and becomes nodes at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from distil.distros.debian.effects.accounts import Account, Accounts, Group
from distil.distros.debian.effects.glob import Pattern
from distil.distros.debian.effects.outcome import (
    ACCOUNT,
    STEP,
    WORD,
    Budget,
    Refused,
    Status,
    Text,
    Unclear,
)
from distil.model.blob import InlineBlob
from distil.model.errors import LinkLoop
from distil.model.node import PATH_MAX, ROOT, Kind, Node, parent_of
from distil.model.tree import resolve_path

SEARCH_PATH: Final = ("/usr/sbin", "/usr/bin")
_ROOT_NODE: Final = Node(ROOT, Kind.DIRECTORY, 0o755)
_NAME_MAX: Final = 255
_LARGEST_FILE: Final = 1 << 20
"""Bytes of a file that scripts can read or copy."""

_SETUID, _SETGID, _GROUP_EXECUTES = 0o4000, 0o2000, 0o010


class Alternative(msgspec.Struct, frozen=True):
    """One choice for a generic name (update-alternatives(1)); `slaves`: link, name, path."""

    link: str
    name: str
    path: str
    priority: int
    slaves: tuple[tuple[str, str, str], ...] = ()


class Ownership(msgspec.Struct):
    """A change of owner or mode that a script made; None leaves it as it is.

    Owners are names, or numbers in decimal. `capabilities_lost`: as by every change of owner.
    """

    user: str | None = None
    group: str | None = None
    mode: int | None = None
    capabilities_lost: bool = False


class System(msgspec.Struct, frozen=True):
    """What there is when the first script starts: unpacked packages by name, and their files.

    `owners` are the packages that ship what is at a path, `accounts` the users and groups of a
    system without any other, `architecture` is Debian's name.
    """

    packages: Collection[str]
    nodes: Mapping[str, Node]
    owners: Mapping[str, str]
    accounts: Accounts
    architecture: str


class Machine:
    """What all scripts of one image see and change; `directory` is the current one."""

    def __init__(self, system: System) -> None:
        self.architecture = system.architecture
        self.packages = system.packages
        self.base = system.accounts
        self.budget = Budget()
        self.directory: Text = ROOT
        self.created: dict[str, Node] = {}
        self.makers: dict[str, str] = {}
        self.removed: set[str] = set()
        self.unknown: set[str] = set()
        """Files below ``/tmp`` and its like that something was written to that is not known."""
        self.ownership: dict[str, Ownership] = {}
        self.alternatives: list[Alternative] = []
        self.accounts: dict[str, Account] = {}
        self.groups: dict[str, Group] = {}
        self.members: list[tuple[str, str]] = []
        self._shipped = system.nodes
        self._owners = system.owners
        self._children: dict[str, dict[str, None]] = {}
        for path in self._shipped:
            self._note(path)

    # --- looking ---------------------------------------------------------------------------

    def get(self, path: str) -> Node | None:
        """The node at exactly `path`, whose directories are no links."""
        if path == ROOT:
            return _ROOT_NODE
        found = self.created.get(path)
        if found is None and path not in self.removed:
            found = self._shipped.get(path)
        if found is None and path in self._children:
            return Node(path, Kind.DIRECTORY, 0o755)
        return found

    def absolute(self, path: str) -> str:
        """`path` from the root. Raises `Unclear` when the current directory is not known."""
        if path.startswith("/"):
            return path
        if self.directory is None:
            raise Unclear
        return f"{self.directory.rstrip('/')}/{path}"

    def real(self, path: str, *, follow: bool = True) -> str:
        """Where `path` is, its last component followed or not. Raises `Refused`, `Unclear`."""
        absolute = self.absolute(path)
        if not path or "\0" in path or len(path) > PATH_MAX:
            raise Refused
        try:
            name = absolute.rstrip("/").rsplit("/", 1)[-1]
            if follow or name in ("", ".", ".."):
                return resolve_path(self.get, absolute)
            parent = resolve_path(self.get, parent_of(absolute.rstrip("/")))
        except LinkLoop:
            raise Refused from None
        return f"{parent.rstrip('/')}/{name}"

    def find(self, path: str, *, follow: bool = True) -> Node | None:
        """The node that `path` reaches; directories that are only implied count."""
        try:
            node = self.get(self.real(path, follow=follow))
        except Refused:
            return None
        return None if node is None or (path.endswith("/") and not is_directory(node)) else node

    def executable(self, name: str) -> str:
        """Where command `name` is found, or nothing."""
        places = [name] if "/" in name else [f"{directory}/{name}" for directory in SEARCH_PATH]
        for place in places:
            node = self.find(place)
            if node is not None and node.kind is Kind.FILE and node.mode & 0o111:
                return place
        return ""

    def matching(self, pattern: Pattern) -> list[str]:
        """The paths that a pattern of the shell stands for, sorted."""
        first, *parts = pattern.components()
        found = [""]
        if first.empty and parts:
            found = ["/"]
        else:
            parts = [first, *parts]
        for part in parts:
            found = [path for top in found for path in self._step(top, part)]
        return sorted(path for path in found if self.find(path, follow=False) is not None)

    def _step(self, top: str, part: Pattern) -> Iterator[str]:
        base = top if top in ("", "/") else f"{top}/"
        if not part.special:
            yield base + part.literal
            return
        node = self.find(top or ".")
        for name in self.names_in(node.path) if node is not None else ():
            self.budget.spend(STEP + 4 * len(base) + part.work(name))
            if part.matches(name) and (not name.startswith(".") or part.literal.startswith(".")):
                yield base + name

    def names_in(self, directory: str) -> list[str]:
        """The names in a directory, which is given by its real path."""
        return [*self._children.get(directory, ())]

    def below(self, path: str) -> list[str]:
        """All paths below a directory, which is given by its real path."""
        found = []
        pending = [path]
        while pending:
            top = pending.pop()
            inside = [f"{top.rstrip('/')}/{name}" for name in self._children.get(top, ())]
            self.budget.spend(sum(WORD + len(found) for found in inside))
            found += inside
            pending += inside
        return sorted(found)

    def contents(self, path: str) -> bytes | None:
        """What a file holds, if there is one. Raises `Unclear` when it is large or not known."""
        node = self.find(path)
        if node is not None and node.path in self.unknown:
            raise Unclear
        if node is not None and node.path == "/dev/null":
            return b""
        if node is None or node.blob is None:
            return None
        if node.size > _LARGEST_FILE:
            raise Unclear
        self.budget.spend(node.size)
        return node.blob.read()

    def mode(self, path: str) -> int:
        """The mode of what is at real path `path`, as changed."""
        change = self.ownership.get(path)
        node = self.get(path)
        if change is not None and change.mode is not None:
            return change.mode
        return 0 if node is None else node.mode

    # --- changing: `package` is the one whose script does it ---------------------------------

    def place(self, path: str, *, follow: bool = True) -> str:
        """The real path where something can be made. Raises `Refused`, `Unclear`."""
        real = self.real(path, follow=follow)
        parent = self.get(parent_of(real))
        if parent is None or not is_directory(parent):
            raise Refused
        if len(real.encode("utf-8", "surrogateescape")) > PATH_MAX:
            raise Refused
        if len(real.rsplit("/", 1)[1].encode("utf-8", "surrogateescape")) > _NAME_MAX:
            raise Refused
        return real

    def make_directory(self, path: str, package: str, mode: int) -> None:
        """A directory. Raises `Refused`, also when there is something."""
        real = self.place(path, follow=False)
        if self.get(real) is not None:
            raise Refused
        self._make(Node(real, Kind.DIRECTORY, mode), package)

    def write(self, path: str, data: bytes, package: str, mode: int) -> None:
        """A file with contents; `mode` is for a new one. Raises `Refused`."""
        real = self.place(path)
        before = self.get(real)
        if before is not None and before.kind is not Kind.FILE:
            raise Refused
        mode = mode if before is None else before.mode
        self.budget.spend(len(data))
        self.unknown.discard(real)
        self._make(Node(real, Kind.FILE, mode, blob=InlineBlob.of(data)), package)

    def copy(self, source: Node, path: str, package: str, mode: int) -> None:
        """A copy of `source`, a file or a link, in place of what is there. Raises `Refused`."""
        real = self.place(path, follow=source.kind is not Kind.SYMLINK)
        before = self.get(real)
        if before is not None and is_directory(before):
            raise Refused
        if source.size > _LARGEST_FILE or source.path in self.unknown:
            raise Unclear
        self.budget.spend(source.size)
        if source.path == "/dev/null":
            source = Node(real, Kind.FILE, mode, blob=InlineBlob.of(b""))
        if source.kind not in (Kind.FILE, Kind.SYMLINK):
            raise Unclear
        if real in self.ownership:
            self.ownership[real].mode = None
        if source.kind is Kind.SYMLINK:
            self.ownership.pop(real, None)
        node = Node(real, source.kind, mode, target=source.target, blob=source.blob)
        self._make(node, package)

    def link(self, path: str, target: str, package: str) -> None:
        """A symbolic link. Raises `Refused` when there is something."""
        real = self.place(path, follow=False)
        if self.get(real) is not None or not target or len(target) >= PATH_MAX:
            raise Refused
        self._make(Node(real, Kind.SYMLINK, 0o777, target=target), package)

    def _make(self, node: Node, package: str) -> None:
        self.budget.spend(len(node.path) + len(node.target))
        self.created[node.path] = node
        self.makers[node.path] = package
        self._note(node.path)

    def _note(self, path: str) -> None:
        """Enter `path` into the directories that lead to it."""
        while path != ROOT:
            parent, _, name = path.rpartition("/")
            siblings = self._children.setdefault(parent or ROOT, {})
            if name in siblings:
                return
            siblings[name] = None
            path = parent or ROOT

    def remove(self, path: str) -> None:
        """Take away what scripts made or packages ship, with everything below it."""
        real = self.real(path, follow=False)
        for found in (*self.below(real), real):
            self.created.pop(found, None)
            self.ownership.pop(found, None)
            self._children.pop(found, None)
            if found in self._shipped:
                self.removed.add(found)
        self._children.get(parent_of(real), {}).pop(real.rsplit("/", 1)[1], None)

    def own(self, real: str, user: str, group: str) -> None:
        """Change the owner of what is at real path `real`; empty: not this one.

        As Linux has it (chown(2)), what is no directory loses setuid, setgid if its group may
        execute it, and its capabilities.
        """
        node, mode = self.get(real), self.mode(real)
        change = self.ownership.setdefault(real, Ownership())
        change.user = user or change.user
        change.group = group or change.group
        if node is not None and node.kind is not Kind.DIRECTORY:
            lost = _SETUID | (_SETGID if mode & _GROUP_EXECUTES else 0)
            if mode & lost and node.kind is not Kind.SYMLINK:
                change.mode = mode & ~lost
            change.capabilities_lost = True

    def owner(self, node: Node) -> str:
        """The package that ships or made `node`, or nothing."""
        return self.makers.get(node.path) or self._owners.get(node.path, "")

    def belongs(self, node: Node, user: str, *, group: bool) -> Status:
        """Whether `user`, or its own group, owns `node`; None where the group is not known."""
        change = self.ownership.get(node.path, Ownership())
        if group:
            account = self.accounts.get(user)
            names = {"root", "0"} if user == "root" else {account.group} if account else None
            owner = change.group or str(node.gid)
            return None if names is None else owner in names
        names = {user, str(self.base.uid(user))} if self.base.uid(user) is not None else {user}
        return (change.user or str(node.uid)) in names

    def others_have(self, package: str, directory: str) -> bool:
        """Whether a package other than `package` ships something below `directory`."""
        prefix = directory + "/"
        return any(
            path.startswith(prefix) and owner != package for path, owner in self._owners.items()
        )

    def add(self, accounts: Iterable[Account] = (), groups: Iterable[Group] = ()) -> None:
        """Create users and groups; the first of a name counts."""
        for account in accounts:
            self.budget.spend(ACCOUNT)
            self.accounts.setdefault(account.name, account)
        for group in groups:
            self.budget.spend(ACCOUNT)
            self.groups.setdefault(group.name, group)

    def keep_owner(self, source: str, copy: str) -> None:
        """Give `copy` the owner of `source`; both are real paths."""
        node = self.get(source)
        change = self.ownership.get(source, Ownership())
        if node is not None:
            user, group = change.user or str(node.uid), change.group or str(node.gid)
            if copy in self.ownership or (user, group) != ("0", "0"):
                self.ownership[copy] = Ownership(user, group)

    def has_user(self, name: str) -> bool:
        """Whether there is a user `name`."""
        return self.base.uid(name) is not None or name in self.accounts

    def has_group(self, name: str) -> bool:
        """Whether there is a group `name`."""
        if self.base.gid(name) is not None or name in self.groups:
            return True
        account = self.accounts.get(name)
        return account is not None and account.group == name

    def set_mode(self, real: str, mode: int) -> None:
        """Change the mode of what is at real path `real`."""
        self.ownership.setdefault(real, Ownership()).mode = mode


def is_directory(node: Node) -> bool:
    """Whether `node` is a directory, not a link to one."""
    return node.kind is Kind.DIRECTORY
