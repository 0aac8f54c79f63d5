"""A root with busybox in it, and what is run there."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path
from typing import Any

import msgspec

from distil.run.sandbox import able, run
from distil.run.task import Able, Ended, Root, Task, Unable
from tests.support.tools import missing, tool

APPLETS = (
    "awk", "cat", "chmod", "chown", "cp", "dd", "env", "find", "grep", "hostname", "id", "ip",
    "kill", "ln", "ls", "mkdir", "mkfifo", "mknod", "mount", "mv", "nc", "ps", "pwd", "readlink",
    "rm", "rmdir", "sed", "setsid", "sh", "sleep", "stat", "sync", "tail", "touch", "true",
    "truncate", "ulimit", "umount", "uname", "unshare", "wc", "wget", "yes",
)  # fmt: skip


class SmallRoot:
    """A directory that is a root file system: ``lower`` in `place`, with what a test adds."""

    def __init__(self, place: Path) -> None:
        found = _found()
        if not isinstance(found, Able):
            missing(f"no sandbox can be made here: {found.reason}")
        self.place = place
        self.lower = place / "lower"
        (self.lower / "bin").mkdir(parents=True)
        (self.lower / "tmp").mkdir()
        shutil.copy(tool("busybox"), self.lower / "bin" / "busybox")
        for name in APPLETS:
            (self.lower / "bin" / name).symlink_to("busybox")

    def task(self, script: str, **fields: Any) -> Task:
        """A shell that runs `script` in this root."""
        task = Task(Root(self.lower), ("/bin/sh", "-c", script))
        return msgspec.structs.replace(task, **fields)

    def run(self, script: str, **fields: Any) -> tuple[Ended, str]:
        """How it ended, and what it wrote."""
        said = bytearray()
        ended = run(self.task(script, **fields), said.extend)
        return ended, said.decode("utf-8", "backslashreplace")


@functools.cache
def _found() -> Able | Unable:
    return able()
