"""A small program that runs a command within limits and says what it took, as JSON on a pipe.

Not imported: it is a process between the tests and the command, since the kernel counts the
memory of whoever starts a program as that program's own. ``capped.py FD LIMIT COMMAND…`` runs
COMMAND with at most LIMIT bytes of data in each process, and writes to the descriptor FD.
"""

from __future__ import annotations

import json
import os
import resource
import sys

LARGEST_FILE = 2 << 30
"""Bytes of one file, so that a bomb cannot fill the disk."""

CPU_SECONDS = 120


def main() -> None:
    descriptor, limit, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    for kind, most in (
        (resource.RLIMIT_DATA, limit),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    child = os.fork()
    if not child:
        os.close(descriptor)
        os.execve(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    # Of the largest process: the command itself, or one that it waited for.
    spent = {"peak": usage.ru_maxrss << 10, "seconds": usage.ru_utime + usage.ru_stime}
    os.write(descriptor, json.dumps(spent).encode())
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


main()
