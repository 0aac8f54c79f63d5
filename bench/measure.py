"""Measuring: sizes with one compressor for everything, times and memory of commands."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from distil.image.compress import codec_of
from distil.model.image import Compression


@dataclass(frozen=True)
class Size:
    """Of a root file system, in bytes: as one tar, and that tar compressed."""

    uncompressed: int
    compressed: int
    files: int


@dataclass(frozen=True)
class Usage:
    """One run of a command: seconds, and the most memory one of its processes had, in bytes.

    `processor` are the seconds that it and its children had a processor for.
    """

    seconds: float
    memory: int
    processor: float


def image_size(layout: Path, tag: str) -> Size:
    """The size of what a container of the image sees, whatever its layers repeat or delete."""
    with tempfile.TemporaryDirectory(prefix="distil-bench-") as directory:
        root = Path(directory) / "root"
        command = ["umoci", "raw", "unpack", "--image", f"{layout}:{tag}", str(root)]
        subprocess.run(command, check=True, capture_output=True)
        return tree_size(root)


def tree_size(root: Path, only: Iterable[str] | None = None) -> Size:
    """The size of a directory, written by GNU tar and compressed as distil compresses layers.

    `only` are the paths in it that count, with the directories around them.
    """
    codec = codec_of(Compression.GZIP)
    uncompressed = compressed = 0
    command = ["tar", "--create", "--sort=name", "--numeric-owner", f"--directory={root}"]
    with tempfile.NamedTemporaryFile("w", prefix="distil-bench-") as names:
        command.append(".")
        if only is not None:
            parents = {str(p) for path in only for p in PurePosixPath(f".{path}").parents}
            names.write("\0".join(sorted({*parents, *(f".{path}" for path in only)})))
            names.flush()
            command[-1:] = ["--no-recursion", "--null", f"--files-from={names.name}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:
            assert tar.stdout is not None
            while block := tar.stdout.read(codec.block):
                uncompressed += len(block)
                compressed += len(codec.compress(block))
    if tar.returncode != 0:
        raise RuntimeError(f"{command} exited {tar.returncode}")
    paths = (root / f".{path}" for path in only) if only is not None else root.rglob("*")
    files = sum(1 for path in paths if path.is_file() and not path.is_symlink())
    return Size(uncompressed, compressed, files)


_RUNNER = """
import json, os, resource, sys, time
start = time.perf_counter()
child = os.fork()
if not child:
    os.close(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
spent = [seconds, usage.ru_maxrss << 10, usage.ru_utime + usage.ru_stime]
os.write(int(sys.argv[1]), json.dumps([os.waitstatus_to_exitcode(status), spent]).encode())
"""
"""Starts a command and says what it took.

A small process of its own: the kernel counts the memory of whoever starts a program as that
program's.
"""


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Usage:
    """Run a command that must succeed."""
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as log, os.fdopen(reader, "rb") as said:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", _RUNNER, str(writer), *command],
            stdout=log,
            stderr=log,
            env=os.environ | dict(environment or {}),
            pass_fds=[writer],
            check=True,
        )
        os.close(writer)
        code, spent = json.loads(said.read())
        if code != 0:
            log.seek(0)
            raise RuntimeError(f"{command} exited {code}: {log.read().decode()}")
    return Usage(*spent)


def timed(action: Callable[[], object]) -> float:
    """The seconds that `action` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def middle(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def megabytes(size: float) -> str:
    return f"{size / 1e6:.1f}"


def kilobytes(size: float) -> str:
    return f"{size / 1e3:,.0f}"


def seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every column but the first is of numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
