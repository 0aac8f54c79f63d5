"""A worker whose commands are functions on files: stages without a sandbox."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from distil.fetch.cache import Cache
from distil.model.blob import InlineBlob
from distil.model.node import Kind, Node
from distil.model.tree import WHITEOUT, Tree
from distil.run.task import Ended
from distil.stages.work import Work


class Desk:
    """What a command sees and changes."""

    def __init__(self, tree: Tree, work: Work) -> None:
        self.tree = tree
        self.work = work
        self.changed: dict[str, Node] = {}

    def read(self, path: str) -> bytes:
        node = self.changed.get(path) or self.tree[path]
        assert node.blob is not None
        return node.blob.read()

    def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        parts = path.split("/")[1:-1]
        for end in range(1, len(parts) + 1):
            above = "/" + "/".join(parts[:end])
            if above not in self.tree:
                self.changed.setdefault(above, Node(above, Kind.DIRECTORY, 0o755))
        self.changed[path] = Node(
            path, Kind.FILE, mode, 1000, 1000, 2_000_000_000, blob=InlineBlob.of(data)
        )

    def link(self, path: str, target: str) -> None:
        self.changed[path] = Node(path, Kind.SYMLINK, 0o777, target=target)

    def remove(self, path: str) -> None:
        directory, _, name = path.rpartition("/")
        self.changed.pop(path, None)
        hidden = f"{directory}/{WHITEOUT}{name}"
        self.changed[hidden] = Node(hidden, Kind.FILE, 0o644, blob=InlineBlob.of(b""))


Command = Callable[[Desk], int | None]


class Worked(msgspec.Struct):
    ended: Ended
    command: int
    seconds: float
    found: list[Node]

    def changes(self) -> Iterator[Node]:
        return iter(self.found)


@dataclass
class FakeWorker:
    """Runs the commands of stages by their texts; a command returns its status."""

    commands: dict[str, Command]
    ran: list[str] = field(default_factory=list)
    saw: list[Work] = field(default_factory=list)
    ends: dict[str, Ended] = field(default_factory=dict)

    @contextlib.contextmanager
    def work(self, work: Work, cache: Cache, output: Callable[[bytes], None]) -> Iterator[Worked]:
        self.saw.append(work)
        root = work.tree()
        desk = Desk(root.overlay(work.files), work)
        ended, last = Ended(0), 0
        for number, command in enumerate(work.stage.run):
            text = command if isinstance(command, str) else " ".join(command)
            self.ran.append(text)
            output(f"running {text}\n".encode())
            status = self.commands[text](desk) or 0
            ended, last = self.ends.get(text, Ended(status)), number
            if ended.status or ended.exceeded:
                break
        found = {node.path: node for node in work.files if node.path in desk.tree}
        found |= desk.changed
        gone = {
            f"{n.parent.rstrip('/')}/{n.name.removeprefix(WHITEOUT)}"
            for n in found.values()
            if n.name.startswith(WHITEOUT)
        }
        yield Worked(ended, last, 1.5, [n for n in found.values() if n.path not in gone])
