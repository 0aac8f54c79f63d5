"""What a stage asks of the room that runs things, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from distil.fetch.cache import Cache
from distil.model.node import Node
from distil.model.spec import StageSpec
from distil.model.tree import Tree
from distil.run.task import Ended


class Work(msgspec.Struct, frozen=True):
    """The commands of a stage, and the world that they find.

    `root` stands for the system that they begin with, which `tree` makes if it is not there yet.
    `files` are the application's, laid over it, with the date `epoch`. `secrets` are mounted by
    their paths, `proxies` are variables of this machine that are no input. With `fresh`, caches
    are empty ones.
    """

    stage: StageSpec
    root: str
    tree: Callable[[], Tree]
    files: Tree
    environment: dict[str, str]
    epoch: int
    proxies: dict[str, str] = {}
    secrets: dict[str, bytes] = {}
    fresh: bool = False


class Worked(Protocol):
    """How a stage ended, and what its commands left.

    `changes` may be called while the context of `Worker.work` is open; its nodes are entries of a
    layer, whiteouts among them.
    """

    @property
    def ended(self) -> Ended:
        """How the last command that ran ended."""

    @property
    def command(self) -> int:
        """Its number, from 0."""

    @property
    def seconds(self) -> float:
        """What all commands took together."""

    def changes(self) -> Iterator[Node]:
        """Everything that differs from the root."""


class Worker(Protocol):
    """Runs the commands of stages."""

    def work(
        self, work: Work, cache: Cache, output: Callable[[bytes], None]
    ) -> AbstractContextManager[Worked]:
        """Run the commands one after the other, until one fails.

        Raises `SandboxUnavailable` where nothing can run.
        """
