"""Users and groups: Debian's own, those that packages create, and the image's.

There are no passwords, so there is no shadow file; an account whose shell is not in the image
has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from distil.distros.debian.archive import DebPack
from distil.distros.debian.effects.system_files import packaged
from distil.distros.foundation import small_file
from distil.model.account import ImageUser
from distil.model.node import Node, directory, generated_file
from distil.model.origin import GeneratedOrigin
from distil.model.tree import Tree

RULE: Final = "users and groups"
IMAGE_USER: Final = "nonroot"
IMAGE_HOME: Final = "/home/nonroot"
_NO_SHELL: Final = "/usr/sbin/nologin"

_FIRST_SYSTEM, _LAST_SYSTEM = 100, 999
_NOGROUP: Final = 65534
_USERS: Final = f"""\
root:*:0:0:root:/root:{_NO_SHELL}
nobody:*:65534:65534:nobody:/nonexistent:{_NO_SHELL}
"""
_GROUPS: Final = "root:*:0:\nnogroup:*:65534:\n"
"""For an image without base-passwd."""

_PASSWD, _GROUP = "/etc/passwd", "/etc/group"
_NOTHING: Final = Tree()


class Account(msgspec.Struct, frozen=True):
    """A system user that a package creates; `uid` and `gid` are found when they are None.

    `group` is the name of the primary group: the user's own name, or one that exists.
    """

    name: str
    group: str
    home: str = "/nonexistent"
    comment: str = ""
    uid: int | None = None
    gid: int | None = None


class Group(msgspec.Struct, frozen=True):
    """A system group that a package creates."""

    name: str
    gid: int | None = None


class Accounts:
    """The tables of users and groups while they are put together.

    Those of the image that is built on, whose tree is `before`, are gone on with; what of its
    lines is no entry stays as it is.
    """

    def __init__(self, packs: Sequence[DebPack], before: Tree = _NOTHING) -> None:
        self._before = {path: _lines(before, path) for path in (_PASSWD, _GROUP)}
        users, groups = self._before[_PASSWD], self._before[_GROUP]
        self.users = _table(packs, "passwd.master", _USERS) if users is None else _read(users, 7)
        self.groups = _table(packs, "group.master", _GROUPS) if groups is None else _read(groups, 4)
        self._known = {path: _written(table) for path, table in self._tables().items()}

    def uid(self, name: str) -> int | None:
        """The number of user `name`."""
        return _number(self.users, name)

    def gid(self, name: str) -> int | None:
        """The number of group `name`."""
        return _number(self.groups, name)

    def add(self, accounts: Iterable[Account], groups: Iterable[Group]) -> None:
        """Create what packages ask for; free numbers go up from 100, in the order of names."""
        users = {account.name: account for account in accounts if self.uid(account.name) is None}
        wanted = {group.name: group for group in groups}
        for account in users.values():
            if account.group == account.name and not self._has_group(account.gid):
                wanted.setdefault(account.name, Group(account.name, account.gid))
        for name in sorted(wanted):
            if self.gid(name) is None:
                number = _free(self.groups, wanted[name].gid)
                self.groups.append([name, "*", str(number), ""])
        for name in sorted(users):
            self._add_user(users[name])

    def _has_group(self, gid: int | None) -> bool:
        return gid is not None and _named(self.groups, gid) is not None

    def _add_user(self, account: Account) -> None:
        gid = account.gid if self._has_group(account.gid) else self.gid(account.group)
        uid = _free(self.users, account.uid if account.uid is not None else gid)
        numbers = [str(uid), str(_NOGROUP if gid is None else gid)]
        home = [account.comment, account.home, _NO_SHELL]
        self.users.append([account.name, "*", *numbers, *home])

    def join(self, memberships: Iterable[tuple[str, str]]) -> None:
        """Make users members of groups; pairs of names, unknown groups ignored."""
        for user, group in sorted(set(memberships)):
            for entry in self.groups:
                if entry[0] == group:
                    entry[3] = ",".join(filter(None, (entry[3], user)))

    def add_image_user(self, user: ImageUser) -> str:
        """Make sure that `user` has entries; returns its home directory."""
        if _named(self.groups, user.gid) is None:
            self.groups.append([IMAGE_USER, "*", str(user.gid), ""])
        entry = _named(self.users, user.uid)
        if entry is None:
            numbers = [str(user.uid), str(user.gid)]
            entry = [IMAGE_USER, "*", *numbers, IMAGE_USER, IMAGE_HOME, _NO_SHELL]
            self.users.append(entry)
        return entry[5]

    def nodes(self, tree: Tree) -> list[Node]:
        """``/etc/passwd`` and ``/etc/group``; a shell that `tree` lacks is no shell."""
        known = {entry[0] for entry in _read(self._before[_PASSWD] or [], 7)}
        for entry in self.users:
            if entry[0] not in known and tree.resolve(entry[6]) is None:
                entry[6] = _NO_SHELL
        found = []
        for path, table in self._tables().items():
            text = _written(table)
            before = self._before[path]
            if before is not None and text == self._known[path]:
                continue  # It stays, down to its comments.
            if before is not None:
                odd = [line for line in before if not _is_entry(line, len(table[0]))]
                text += "".join(f"{line}\n" for line in odd).encode("utf-8", "surrogateescape")
            found.append(generated_file(path, text, RULE))
        return found

    def _tables(self) -> dict[str, list[list[str]]]:
        return {_PASSWD: self.users, _GROUP: self.groups}


def image_home(user: ImageUser, home: str) -> list[Node]:
    """The image user's home directory, its own and closed to others, when it is the usual one."""
    if home != IMAGE_HOME:
        return []
    return [directory(home, GeneratedOrigin(RULE), 0o700, user.uid, user.gid)]


def _table(packs: Sequence[DebPack], name: str, fallback: str) -> list[list[str]]:
    data = packaged(packs, "base-passwd", f"/usr/share/base-passwd/{name}")
    text = fallback if data is None else data.decode("utf-8", "surrogateescape")
    return [line.split(":") for line in text.splitlines() if line]


def _lines(tree: Tree, path: str) -> list[str] | None:
    """The lines of a table that is there; None where it is not."""
    data = small_file(tree, path)
    return None if data is None else data.decode("utf-8", "surrogateescape").splitlines()


def _is_entry(line: str, fields: int) -> bool:
    parts = line.split(":")
    return len(parts) == fields and parts[2].isascii() and parts[2].isdigit()


def _read(lines: Sequence[str], fields: int) -> list[list[str]]:
    return [line.split(":") for line in lines if _is_entry(line, fields)]


def _written(table: list[list[str]]) -> bytes:
    return "".join(":".join(entry) + "\n" for entry in table).encode("utf-8", "surrogateescape")


def _number(table: list[list[str]], name: str) -> int | None:
    return next((int(entry[2]) for entry in table if entry[0] == name), None)


def _named(table: list[list[str]], number: int) -> list[str] | None:
    return next((entry for entry in table if int(entry[2]) == number), None)


def _free(table: list[list[str]], wished: int | None) -> int:
    taken = {int(entry[2]) for entry in table}
    if wished is not None and wished not in taken:
        return wished
    return next(number for number in range(_FIRST_SYSTEM, _LAST_SYSTEM) if number not in taken)
