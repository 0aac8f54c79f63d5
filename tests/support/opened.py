"""Which paths a program opened or looked for, by strace, and how two runs of it differ.

The question that needs no assertions about the program: which path failed to open in the
minimal run, though the full run has it?
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.support.tools import tool

_CALL = re.compile(r"^(?:(?P<pid>\d+)\s+)?(?P<name>\w+)\((?P<arguments>.*)\)\s+=\s+(?P<result>.*)$")
_UNFINISHED = re.compile(r"^(?P<pid>\d+)\s+(?P<begin>.*)\s+<unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(?P<pid>\d+)\s+<\.\.\. \w+ resumed>(?P<rest>.*)$")
_DIRECTORY = re.compile(r"^(?:AT_FDCWD|\d+)<(?P<directory>[^>]*)>, ")
_STRING = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))", re.DOTALL)
_NAMED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}
_NOT_LOOKED_UP = frozenset({"getcwd", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "statfs"})
_TWO_PATHS = frozenset(
    {"rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"}
)


class Opened(msgspec.Struct, frozen=True):
    """The paths of one run, as the program's root directory has them.

    `found` were opened, executed, read as links or looked at; `failed` were not there.
    """

    found: frozenset[str]
    failed: frozenset[str]

    def missed_by(self, minimal: Opened) -> list[str]:
        """Paths that this run found and that failed in `minimal`: what was left out by mistake."""
        return sorted((self.found & minimal.failed) - minimal.found)


def trace(command: Sequence[str], *, timeout: float = 120, **options: Any) -> Opened:
    """Run `command` under strace, children included, and say what it opened.

    With a `chroot` in `command` paths are those inside it.
    """
    log = Path(str(options.pop("log")))
    words = [
        tool("strace"),
        "-f",
        "-y",
        "--seccomp-bpf",
        "-s",
        "4096",
        "-e",
        "trace=file,chdir,fchdir",
    ]
    subprocess.run([*words, "-o", str(log), *command], timeout=timeout, check=False, **options)
    return read_trace(log.read_text("utf-8", "surrogateescape").splitlines())


def read_trace(lines: Iterable[str]) -> Opened:
    """The paths in the output of ``strace -f -y -e trace=file``."""
    reader = _Reader()
    for line in lines:
        reader.line(line)
    return Opened(frozenset(reader.found), frozenset(reader.failed))


class _Reader:
    def __init__(self) -> None:
        self.found: set[str] = set()
        self.failed: set[str] = set()
        self._pending: dict[str, str] = {}
        self._directories: dict[str, str] = {}

    def line(self, line: str) -> None:
        unfinished = _UNFINISHED.match(line)
        if unfinished is not None:
            self._pending[unfinished["pid"]] = unfinished["begin"]
            return
        resumed = _RESUMED.match(line)
        if resumed is not None:
            begin = self._pending.pop(resumed["pid"], "")
            line = f"{resumed['pid']} {begin}{resumed['rest']}"
        call = _CALL.match(line)
        if call is not None and call["name"] not in _NOT_LOOKED_UP | _TWO_PATHS:
            self._call(call["pid"] or "", call["name"], call["arguments"], call["result"])

    def _call(self, pid: str, name: str, arguments: str, result: str) -> None:
        at = _DIRECTORY.match(arguments)
        string = _STRING.search(arguments, at.end() if at else 0)
        if string is None or not string["text"]:
            return
        start = at["directory"] if at else self._directories.get(pid, "/")
        path = posixpath.normpath(posixpath.join(start, _text(string["text"])))
        if result.startswith("-1"):
            if "ENOENT" in result or "ENOTDIR" in result:
                self.failed.add(path)
        else:
            self.found.add(path)
            if name == "chdir":
                self._directories[pid] = path


def _text(quoted: str) -> str:
    raw = _ESCAPE.sub(_unescaped, quoted.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 8)])
    if match[2]:
        return bytes([int(match[2], 16)])
    return _NAMED.get(match[3], match[3])
