"""What a sandbox uses: read from its own /proc, from its file systems, from its layer."""

from __future__ import annotations

import os
import stat
import time

from distil.run.launch import kernel
from distil.run.launch.plan import Plan

_DEEPEST = 200
"""Directories within one another that are looked into. A layer deeper than that counts as too
large: it is made to be overlooked."""

_DISK_SECONDS = 1.0
_DISK_SHARE = 20
"""A layer is measured after so many seconds at the latest, and in one part in so many of the time;
else when the file system has lost as much as the task has left."""


class Usage:
    """What the sandbox whose first process is `child` uses.

    Made while the set-up is done and the task not begun: what is opened here cannot be changed.
    """

    def __init__(self, plan: Plan, child: int) -> None:
        self.most = 0
        self._plan = plan
        root = os.open(f"/proc/{child}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        flags = os.O_RDONLY | os.O_DIRECTORY
        self._proc = kernel.open_in_root(root, "/proc", flags)
        in_memory = {"/dev/shm", *plan.tmpfs}  # noqa: S108
        if not plan.upper:
            in_memory.add("/")
        self._memory = [kernel.open_in_root(root, path, flags) for path in sorted(in_memory)]
        os.close(root)
        self._written = [
            source for source, _, can, is_directory in plan.binds if can and is_directory
        ]
        if plan.upper:
            self._written.append(f"{plan.upper}/{'copy' if plan.copied else 'upper'}")
        self._before = -1
        self._free = self._left = 0
        self._measure_at = 0.0

    def names(self) -> tuple[str, ...]:
        """What the processes are called that are neither the first one nor over."""
        found = []
        for process in self._processes():
            name, _, state = self._read(process, "stat").partition(b"(")[2].rpartition(b")")
            if state.split()[:1] not in ([], [b"Z"], [b"X"]):
                found.append(name.decode("utf-8", "backslashreplace"))
        return tuple(sorted(found))

    def too_many(self) -> bool:
        """Whether there are more processes than there may be; quick to tell."""
        return bool(self._plan.processes) and len(self._processes()) > self._plan.processes

    def exceeded(self) -> str:
        """Which of the other limits is passed, or ""; it takes longer the more processes run."""
        if self._memory_exceeded(self._processes()):
            return "memory"
        return "disk" if self._plan.disk and self._disk_exceeded() else ""

    def _processes(self) -> list[str]:
        try:
            return [name for name in os.listdir(self._proc) if name.isdecimal() and name != "1"]
        except OSError:  # all are gone
            return []

    def _read(self, process: str, name: str) -> bytes:
        try:
            handle = os.open(f"{process}/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc)
        except OSError:
            return b""
        try:
            return os.read(handle, 1 << 14)
        except OSError:
            return b""
        finally:
            os.close(handle)

    # --- memory ----------------------------------------------------------------------------

    def _memory_exceeded(self, processes: list[str]) -> bool:
        files = self._in_files()
        own = shared = 0
        for process in processes:
            fields = _kilobytes(self._read(process, "status"))
            own += fields.get(b"RssAnon", 0)
            shared += fields.get(b"RssShmem", 0)
        limit = self._plan.memory
        if limit and own + shared + files > limit:
            # What processes share has been counted once for each: now in shares (proc(5)).
            own = shared = 0
            for process in processes:
                fields = _kilobytes(self._read(process, "smaps_rollup"))
                own += fields.get(b"Pss_Anon", 0)
                shared += fields.get(b"Pss_Shmem", 0)
        used = own + max(shared, files)
        self.most = max(self.most, used)
        return bool(limit) and used > limit

    def _in_files(self) -> int:
        """Bytes in the sandbox's file systems in memory."""
        used = {}
        for handle in self._memory:
            found = os.fstatvfs(handle)
            used[found.f_fsid or handle] = (found.f_blocks - found.f_bfree) * found.f_frsize
        return sum(used.values())

    # --- disk ------------------------------------------------------------------------------

    def _free_now(self) -> int:
        """Bytes that are left on the file systems that are written to."""
        free = {}
        for top in self._written:
            found = os.statvfs(top)
            free[found.f_fsid] = found.f_bfree * found.f_frsize
        return sum(free.values())

    def _disk_exceeded(self) -> bool:
        if not self._written:
            return False
        now = time.monotonic()
        if self._free - self._free_now() < self._left and now < self._measure_at:
            return False
        measured = sum(_measured(top) for top in self._written)
        if self._before < 0:
            # What was there: the task has only just begun, and does not wait for this.
            self._before = measured
        used = measured + self._unlinked() - self._before
        self._free = self._free_now()
        self._left = self._plan.disk - used
        after = time.monotonic()
        self._measure_at = after + max(_DISK_SECONDS, _DISK_SHARE * (after - now))
        return used > self._plan.disk

    def _unlinked(self) -> int:
        """Bytes of files that have no name any more, as long as somebody has them open."""
        found = {}
        for process in self._processes():
            try:
                top = f"{process}/fd"
                handle = os.open(
                    top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._proc
                )
            except OSError:
                continue
            for name in os.listdir(handle):
                try:
                    one = os.stat(name, dir_fd=handle)
                except OSError:
                    continue
                if stat.S_ISREG(one.st_mode) and one.st_nlink == 0:
                    found[one.st_dev, one.st_ino] = one.st_blocks * 512
            os.close(handle)
        return sum(found.values())


def _measured(top: str) -> int:
    """Bytes on the disk below `top`; all there can be when it is too deep to tell."""
    total = 0
    opened = [os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    pending = [os.listdir(opened[0])]
    try:
        while opened:
            if not pending[-1]:
                pending.pop()
                os.close(opened.pop())
                continue
            name = pending[-1].pop()
            try:
                found = os.stat(name, dir_fd=opened[-1], follow_symlinks=False)
                is_directory = stat.S_ISDIR(found.st_mode)
                # Of a file with several names each counts for its part.
                names = 1 if is_directory else max(1, found.st_nlink)
                total += found.st_blocks * 512 // names
                if is_directory:
                    if len(opened) > _DEEPEST:
                        return 1 << 62
                    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                    deeper = os.open(name, flags, dir_fd=opened[-1])
                    pending.append(os.listdir(deeper))
                    opened.append(deeper)
            except OSError:  # gone, or not to be read by its owner either
                continue
    finally:
        for handle in opened:
            os.close(handle)
    return total


def _kilobytes(text: bytes) -> dict[bytes, int]:
    """The fields of a file of /proc that are in kB, in bytes."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(b":")
        if value.endswith(b" kB"):
            found[name] = int(value[:-3]) * 1024
    return found
