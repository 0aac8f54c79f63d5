"""Stages in the sandbox of `distil.run`: a root, a layer over it, and one command after another."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from distil.events import Warned, emit
from distil.fetch.cache import Cache
from distil.image.unpack import unpack
from distil.model.node import Node
from distil.model.tree import Tree
from distil.run.changes import changes
from distil.run.layers import layer, place
from distil.run.roots import unpacked_as
from distil.run.sandbox import run
from distil.run.task import Bind, Ended, Limits, Root, Task
from distil.stages.checks import memory_bytes
from distil.stages.mounts import cache_mounts
from distil.stages.surroundings import shown, words_of
from distil.stages.work import Work

_PROCESSES: Final = 2048
_MOST_DISK: Final = 64 << 30
"""What the commands of a stage may use at most; of the disk, no more than half of what is free."""


class Done(msgspec.Struct, frozen=True):
    """See `distil.stages.work.Worked`."""

    ended: Ended
    command: int
    seconds: float
    layer: Path
    root: Path
    files: Tree

    def changes(self) -> Iterator[Node]:
        """What is in the layer."""
        return changes(self.layer, self.root, self.files)


class Sandboxed:
    """See `distil.stages.work.Worker`."""

    @contextlib.contextmanager
    def work(self, work: Work, cache: Cache, output: Callable[[bytes], None]) -> Iterator[Done]:
        """Run the commands in a sandbox.

        Raises `SandboxUnavailable`, `SandboxFailed`, and what unpacking the root raises.
        """
        with (
            unpacked_as(work.root, work.tree, cache) as root,
            layer(cache) as upper,
            cache_mounts(work.stage.mounts, cache, fresh=work.fresh) as caches,
        ):
            _put_files(work, place(upper))
            started = time.monotonic()
            ended, number = _run(work, Root(root, upper), caches, output)
            yield Done(ended, number, time.monotonic() - started, upper, root, work.files)


def _put_files(work: Work, top: Path) -> None:
    """Write the application's files below `top`, with a date that tools go by.

    What a cache holds of an earlier build may be newer than a file that has changed since; where
    there is one, all files are newer than anything in it.
    """
    dated = Tree(msgspec.structs.replace(node, mtime=work.epoch) for node in work.files)
    unpack(dated, top, owners=False)
    if any(mount.cache for mount in work.stage.mounts):
        now = time.time_ns()
        for node in dated:
            os.utime(f"{top}{node.path}", ns=(now, now), follow_symlinks=False)


def _run(
    work: Work, root: Root, binds: tuple[Bind, ...], output: Callable[[bytes], None]
) -> tuple[Ended, int]:
    stage = work.stage
    until = time.monotonic() + stage.seconds
    ended, last = Ended(0), 0
    for number, command in enumerate(stage.run):
        last = number
        ended = run(
            Task(
                root=root,
                words=words_of(command),
                environment=work.environment | work.proxies,
                workdir=stage.workdir or "/",
                binds=binds,
                secrets=tuple(work.secrets.items()),
                network=stage.network,
                limits=Limits(
                    seconds=max(until - time.monotonic(), 0.001),
                    memory=memory_bytes(stage.memory),
                    processes=_PROCESSES,
                    disk=_disk(root),
                ),
            ),
            output,
        )
        if ended.outlived:
            what = f"stage {stage.name}: {', '.join(ended.outlived)} outlived `{shown(command)}`"
            emit(Warned(f"{what} and was ended", minor=True))
        if ended.status or ended.exceeded:
            break
    return ended, last


def _disk(root: Root) -> int:
    return min(_MOST_DISK, shutil.disk_usage(root.lower).free // 2)
