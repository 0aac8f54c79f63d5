"""What it costs to start a process in distil's sandbox, beside bubblewrap and runc."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measure import middle, table, timed
from bench.peers.context import Example
from bench.results import write_section
from distil.fetch.cache import Cache
from distil.run import layers, sandbox
from distil.run.task import Root, Task

ROUNDS = 30
PROGRAM = "/bin/true"
BUSYBOX = Path("/bin/busybox")


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Start a program that ends at once in every sandbox, in turn, and write the table."""
    root, bundle = made_root(work / "root"), made_bundle(work / "bundle")
    cache = Cache(work / "cache")
    task = Task(Root(root), (PROGRAM,), read_only=True)

    def in_distil() -> None:
        assert sandbox.run(task, lambda _: None).status == 0

    def in_distil_on_a_layer() -> None:
        with layers.layer(cache) as layer:
            on_layer = Task(Root(root, layer), (PROGRAM,))
            assert sandbox.run(on_layer, lambda _: None).status == 0

    ways: dict[str, Callable[[], None]] = {
        "distil, nothing written": in_distil,
        "distil, on a layer that is kept": in_distil_on_a_layer,
        "bubblewrap": lambda: call(bubblewrap(root)),
        "runc": lambda: call(["runc", "run", "--bundle", bundle, f"bench-{os.getpid()}"]),
        "no sandbox": lambda: call([root / "bin/busybox", "true"]),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            taken[name].append(timed(way) * 1000)
    rows = [
        [name, f"{min(each):.0f}", f"{middle(each):.0f}", f"{max(each):.0f}"]
        for name, each in taken.items()
    ]
    text = f"{table(['', 'least', 'median', 'most'], rows)}\n\n{NOTE}"
    write_section("Sandboxes", "scripts/bench sandboxes", text)


NOTE = f"""Milliseconds from the call to the end of a program that does nothing (busybox's `true` on
a root that is unpacked already), {ROUNDS} rounds in turn. distil's are calls in one process, with
limits watched and a system call filter; bubblewrap has the same namespaces, runc what Debian's
`runc spec --rootless` asks for. None of them has a network."""


def made_root(root: Path) -> Path:
    """A root with busybox in it, which is static."""
    for name in ("bin", "dev", "proc", "sys", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin/busybox")
    (root / "bin/true").symlink_to("busybox")
    return root


def made_bundle(bundle: Path) -> Path:
    """The bundle that ``runc spec`` proposes, of the same root."""
    made_root(bundle / "rootfs")
    subprocess.run(["runc", "spec", "--rootless", "--bundle", bundle], check=True)
    config = json.loads((bundle / "config.json").read_text())
    config["process"] |= {"terminal": False, "args": [PROGRAM]}
    (bundle / "config.json").write_text(json.dumps(config))
    return bundle


def bubblewrap(root: Path) -> list[str | Path]:
    """A sandbox with every namespace, a /proc and a /dev of its own."""
    options = ["--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc"]
    return ["bwrap", *options, "--ro-bind", root, "/", "--dev", "/dev", PROGRAM]


def call(command: Sequence[str | Path]) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)
