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
    """The tables of users and groups while they are put together."""

    def __init__(self, packs: Sequence[DebPack]) -> None:
        self.users = _table(packs, "passwd.master", _USERS)
        self.groups = _table(packs, "group.master", _GROUPS)

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
        for entry in self.users:
            if tree.resolve(entry[6]) is None:
                entry[6] = _NO_SHELL
        return [
            generated_file("/etc/passwd", _written(self.users), RULE),
            generated_file("/etc/group", _written(self.groups), RULE),
        ]


def image_home(user: ImageUser, home: str) -> list[Node]:
    """The image user's home directory, its own and closed to others, when it is the usual one."""
    if home != IMAGE_HOME:
        return []
    return [directory(home, GeneratedOrigin(RULE), 0o700, user.uid, user.gid)]


def _table(packs: Sequence[DebPack], name: str, fallback: str) -> list[list[str]]:
    data = packaged(packs, "base-passwd", f"/usr/share/base-passwd/{name}")
    text = fallback if data is None else data.decode("utf-8", "surrogateescape")
    return [line.split(":") for line in text.splitlines() if line]


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
