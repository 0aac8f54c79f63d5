"""Where a ``[[copy]]`` puts things, and with which modes and owner, wherever they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from distil.model.blob import Blob
from distil.model.node import Kind, Node
from distil.model.origin import Origin
from distil.model.spec import CopySpec

_SEARCHABLE: Final = ((0o400, 0o100), (0o040, 0o010), (0o004, 0o001))
"""Who may read a directory may search it."""


class Modes(NamedTuple):
    """The mode and the owner that everything of one ``[[copy]]`` gets; no mode: the usual."""

    mode: int | None
    uid: int
    gid: int

    def file(self, mode: int) -> int:
        """Of a file that has `mode`: as said, or else by whether its owner may execute it."""
        if self.mode is not None:
            return self.mode
        return 0o755 if mode & 0o100 else 0o644

    @property
    def directory(self) -> int:
        """Of a directory: as for files, but that who may read it may search it."""
        if self.mode is None:
            return 0o755
        search = sum(execute for read, execute in _SEARCHABLE if self.mode & read)
        return (self.mode & 0o666) | search


class Goal:
    """What one ``[[copy]]`` says about its place in the image.

    `target` is relative to the root. With `into` it is a directory that things are put into.
    """

    def __init__(self, copy: CopySpec) -> None:
        self.into = copy.target.endswith("/")
        self.target = "/".join(part for part in copy.target.split("/") if part not in ("", "."))
        uid, _, gid = copy.owner.partition(":")
        mode = int(copy.mode, 8) if copy.mode else None
        self.modes = Modes(mode, int(uid), int(gid or uid))

    def below(self, path: str) -> str:
        """The place of the relative `path` in the directory that things are put into."""
        return "/".join(part for part in (self.target, path) if part)

    def directory(self, target: str, origin: Origin) -> Node:
        """A directory at the relative `target`."""
        _, uid, gid = self.modes
        return Node(f"/{target}", Kind.DIRECTORY, self.modes.directory, uid, gid, origin=origin)

    def file(self, target: str, mode: int, blob: Blob, origin: Origin) -> Node:
        """A file with the contents `blob`, which has `mode` where it comes from."""
        own, (_, uid, gid) = self.modes.file(mode), self.modes
        return Node(f"/{target}", Kind.FILE, own, uid, gid, blob=blob, origin=origin)

    def link(self, target: str, text: str, origin: Origin) -> Node:
        """A symbolic link that says `text`."""
        _, uid, gid = self.modes
        return Node(f"/{target}", Kind.SYMLINK, 0o777, uid, gid, target=text, origin=origin)


def parents_of(path: str) -> Sequence[str]:
    """The directories above the relative `path`, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def stays_below(path: str, text: str, top: str) -> bool:
    """Whether a link at `path` that says `text` leads on from there without leaving `top`.

    Then it does so wherever `top` is put.
    """
    if text.startswith("/"):
        return False
    depth = len(_names(path)) - 1 - len(_names(top))
    for name in _names(text):
        depth += -1 if name == ".." else 1
        if depth < 0:
            return False
    return True


def _names(path: str) -> Sequence[str]:
    return [name for name in path.split("/") if name not in ("", ".")]
