"""Who a process of an image is: names and numbers looked up in the image's own files.

As engines do it: a user may be a name or a number, a group too; what ``/etc/passwd`` and
``/etc/group`` of the image say is looked up in its tree, never on this machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from distil.model.errors import CorruptContent, LinkLoop
from distil.model.node import Kind
from distil.model.tree import Tree
from distil.run.errors import UnknownUser

LARGEST: Final = 2**31 - 2
"""Engines refuse larger numbers, or take them for root (CVE-2024-40635)."""
LARGEST_FILE: Final = 4 << 20
"""Bytes of a file of users or groups; a larger one counts as none."""
_NUMBER: Final = 10
"""Digits of a user's number at most."""


class Identity(msgspec.Struct, frozen=True):
    """The numbers that a process runs with, and where its user is at home."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


class _Entry(msgspec.Struct, frozen=True):
    """One line of ``/etc/passwd``."""

    name: str
    uid: int
    gid: int
    home: str


def find_identity(tree: Tree, text: str) -> Identity:
    """Who ``USER``, or ``USER:GROUP``, is in the image of `tree`; root for an empty text.

    A number need not be in ``/etc/passwd``; its group is then root's, as with engines. Groups that
    list the user are given as well, unless a group is named. Raises `UnknownUser`.
    """
    user, _, group = text.partition(":")
    entry = _user(tree, user or "0")
    gid, groups = entry.gid, _supplementary(tree, entry.name)
    if group:
        gid, groups = _group(tree, group), ()
    return Identity(entry.uid, gid, groups, entry.home or "/")


def _user(tree: Tree, text: str) -> _Entry:
    number = _number(text)
    for entry in _users(tree):
        if entry.name == text or entry.uid == number:
            return entry
    if number is None:
        raise UnknownUser(text, "/etc/passwd")
    return _Entry("", number, 0, "/")


def _group(tree: Tree, text: str) -> int:
    number = _number(text)
    for name, gid, _ in _groups(tree):
        if name == text:
            return gid
    if number is None:
        raise UnknownUser(text, "/etc/group")
    return number


def _supplementary(tree: Tree, name: str) -> tuple[int, ...]:
    return tuple(sorted({gid for _, gid, members in _groups(tree) if name and name in members}))


def _users(tree: Tree) -> Iterator[_Entry]:
    for fields in _lines(tree, "/etc/passwd", 6):
        uid, gid = _number(fields[2]), _number(fields[3])
        if uid is not None and gid is not None:
            yield _Entry(fields[0], uid, gid, fields[5])


def _groups(tree: Tree) -> Iterator[tuple[str, int, list[str]]]:
    for fields in _lines(tree, "/etc/group", 4):
        gid = _number(fields[2])
        if gid is not None:
            yield fields[0], gid, fields[3].split(",")


def _lines(tree: Tree, path: str, fields: int) -> Iterator[list[str]]:
    """The fields of each line that has as many; none where no sensible file is."""
    try:
        node = tree.resolve(path)
        if node is not None and node.kind is Kind.HARDLINK:
            node = tree.get(node.target)
        if node is None or node.blob is None or node.blob.size > LARGEST_FILE:
            return
        text = node.blob.read().decode("utf-8", "replace")
    except (LinkLoop, CorruptContent):
        return
    for line in text.splitlines():
        parts = line.strip().split(":")
        if len(parts) >= fields:
            yield parts


def _number(text: str) -> int | None:
    """The user's or group's number that `text` is; None for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= _NUMBER):
        return None
    return int(text) if int(text) <= LARGEST else None
