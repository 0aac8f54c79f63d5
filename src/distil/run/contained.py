"""The sandbox as a way to run images: no engine, no runtime, no root, nothing installed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from distil.fetch.cache import Cache
from distil.model.node import Kind
from distil.model.tree import Tree
from distil.run.container import Container, Launch, Network, Started, container_of
from distil.run.errors import WayUnable
from distil.run.layers import layer
from distil.run.ports import handed_on, listening
from distil.run.roots import unpacked
from distil.run.sandbox import able, run_attached
from distil.run.subject import Subject
from distil.run.task import Ended, Root, Task, Unable


class _Sandbox(msgspec.Struct, frozen=True):
    """Linux namespaces and an overlay, from distil itself."""

    name: str = "sandbox"

    def check(self, _launch: Launch) -> None:
        """Raise `WayUnable` when the kernel, or what is around distil, refuses namespaces."""
        found = able()
        if isinstance(found, Unable):
            raise WayUnable(self.name, found.reason, found.hint)

    def run(self, subject: Subject, launch: Launch, started: Started) -> Ended:
        """Run the image in the foreground. Raises what reading it and starting it raise."""
        cache = Cache.default()
        with cache.guarding():
            opened = subject.opened(cache)
            container = container_of(opened.config, opened.tree, launch)
            with (
                unpacked(opened.tree, cache) as lower,
                layer(cache) as upper,
                listening(launch.published) as listeners,
                # The layer goes when this is over, and if distil is killed, when it starts again.
                handed_on(listeners, upper / _PID),
            ):
                task = task_of(Root(lower, upper), opened.tree, container, launch)
                started(tuple(listener.port for listener in listeners))
                return run_attached(task, partial(_note, upper / _PID))


SANDBOX: Final = _Sandbox()
_PID: Final = "pid"


def _note(file: Path, process: int) -> None:
    file.write_text(str(process), "ascii")


def task_of(root: Root, tree: Tree, container: Container, launch: Launch) -> Task:
    """What the sandbox is told."""
    return Task(
        root=root,
        words=container.words,
        environment=container.environment,
        workdir=container.workdir,
        user=(container.identity.uid, container.identity.gid),
        groups=container.identity.groups,
        binds=launch.binds,
        tmpfs=launch.tmpfs,
        volumes=container.volumes,
        network=launch.network is Network.HOST,
        read_only=launch.read_only,
        limits=launch.limits,
        owners_kept=True,
        owners=tuple(
            (node.path, node.uid, node.gid)
            for node in tree
            if (node.uid or node.gid) and node.kind is not Kind.HARDLINK
        ),
    )
