"""What the processes of a container open, and what they fail to open: runc under strace.

    runner = TracingRunner()
    ...the same work on two images...
    lacking(runner, full, small)      # what `small` lacks, each path with who wanted it

strace follows runc and, with a seccomp filter, stops only at system calls with a file name, so
the container hardly notices. Names are those that the processes see: the trace counts from the
moment when the container's own program replaces runc's.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from distil.formats.elf import parse_elf
from tests.support.runners import BuiltImage, RuncRunner
from tests.support.tools import tool

STRACE = ("-f", "--seccomp-bpf", "-y", "--pidns-translation", "-s4096", "-e", "signal=none")
CALLS = "trace=%file,clone,clone3,fork,vfork,fchdir"

_LINE = re.compile(r"(?P<pid>\d+) +(?P<text>.*)")
_UNFINISHED = re.compile(r"(?P<start>.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)")
_CALL = re.compile(
    r"""(?P<call>\w+)\(
        (?:(?P<fd>AT_FDCWD|-?\d+)(?:<(?P<base>.*?)>)?(?:,\ |(?=\))))?
        (?:"(?P<path>(?:[^"\\]|\\.)*)"(?:\.\.\.)?)?
        (?P<rest>.*)\)\s*=\ (?P<result>-?\d+|\?)(?:<[^>]*>)?
        (?:\ (?P<error>E[A-Z0-9]+)|\ /\*\ (?P<outside>\d+)\ in\ strace)?""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))")
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f"}
_FORKS = {"clone", "clone3", "fork", "vfork"}
_OPENS = {"open", "openat", "openat2", "execve", "execveat"}
_ABSENT = {"ENOENT", "ENOTDIR"}
_OUTSIDE = ("/proc", "/sys", "/dev")
MAX_LINKS = 40


@dataclass(frozen=True)
class Access:
    """One path that a process asked for: how, what came of it, and who it was."""

    path: str
    call: str
    error: str
    """As in errno.h; empty where the call succeeded."""
    program: str
    """The process's command line."""
    before: str
    """The file that the process had opened last: often the module whose code asks."""

    @property
    def opened(self) -> bool:
        return not self.error and self.call in _OPENS

    @property
    def absent(self) -> bool:
        return self.error in _ABSENT

    def __str__(self) -> str:
        failed = f" ({self.error})" if self.error else ""
        return f"{self.call}{failed} by `{self.program}` after {self.before or 'nothing'}"


@dataclass
class _Process:
    directory: str = "/"
    program: str = ""
    last: str = ""


class TracingRunner(RuncRunner):
    """runc as always, each container traced; see `accesses`."""

    def __init__(self) -> None:
        super().__init__()
        self._strace = tool("strace")
        self._traced: dict[BuiltImage, list[Path]] = {}

    def wrapped(
        self, command: list[str | Path], bundle: Path, image: BuiltImage
    ) -> list[str | Path]:
        self._traced.setdefault(image, []).append(bundle)
        return [self._strace, *STRACE, "-e", CALLS, "-o", bundle / "trace", *command]

    def accesses(self, image: BuiltImage) -> list[Access]:
        """Everything that the containers of `image`, which have ended, asked for."""
        return [
            access
            for bundle in self._traced.get(image, ())
            for access in read_trace(
                (bundle / "trace").read_text("utf-8", "surrogateescape"),
                int((bundle / "pid").read_text()),
            )
        ]

    def root(self, image: BuiltImage) -> Root:
        """The image's root file system."""
        return Root(self.unpacked(image) / "rootfs")


@dataclass(frozen=True)
class Root:
    """A root file system in a directory; absolute links in it stay in it."""

    directory: Path
    _known: dict[str, str | None] = field(default_factory=dict, compare=False)

    def find(self, path: str) -> str | None:
        """The name without links of what `path` leads to; None where nothing is."""
        if path not in self._known:
            self._known[path] = self._resolved(path, [])
        return self._known[path]

    def file(self, path: str) -> Path | None:
        """The regular file that `path` leads to."""
        found = self.find(path)
        if found is None:
            return None
        place = self.directory / found[1:]
        return place if stat.S_ISREG(place.lstat().st_mode) else None

    def links(self, path: str) -> list[str]:
        """The symbolic links on the way to what `path` leads to."""
        links: list[str] = []
        self._resolved(path, links)
        return links

    def interpreters(self, path: str) -> list[str]:
        """What starts the program `path`: of a script its interpreter, then the loader."""
        place = self.file(path)
        if place is None or not place.stat().st_mode & 0o111:
            return []
        data = place.read_bytes()
        if data.startswith(b"#!"):
            name = data[2:256].split(maxsplit=1)[0].decode()
            return [name, *self.interpreters(name)]
        elf = parse_elf(data)
        return [elf.interpreter] if elf is not None and elf.interpreter else []

    def _resolved(self, path: str, links: list[str]) -> str | None:
        parts = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        done: list[str] = []
        while parts:
            part = parts.pop()
            if part == "..":
                done = done[:-1]
                continue
            place = self.directory.joinpath(*done, part)
            try:
                mode = place.lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                return None
            if not stat.S_ISLNK(mode):
                done.append(part)
                continue
            links.append("/" + "/".join([*done, part]))
            if len(links) > MAX_LINKS:
                return None
            target = str(place.readlink())
            done = [] if target.startswith("/") else done
            parts += [p for p in reversed(target.split("/")) if p not in ("", ".")]
        return "/" + "/".join(done)


@dataclass(frozen=True)
class Lacking:
    """A path that one image lacks and another has, with the accesses that showed it."""

    path: str
    accesses: tuple[Access, ...]

    def __str__(self) -> str:
        return "\n    ".join([self.path, *map(str, self.accesses[:3])])


def lacking(runner: TracingRunner, full: BuiltImage, small: BuiltImage) -> list[Lacking]:
    """What is needed and not in `small`, after the same work on both images.

    These are paths that were looked for in vain in `small` and that `full` has, and files that
    were opened in `full` and are not in `small`: who lists a directory first, as Python's
    imports do, never asks for what is not in it.
    """
    whole, part = runner.root(full), runner.root(small)
    wanted = [access for access in runner.accesses(small) if access.absent]
    wanted += [access for access in runner.accesses(full) if access.opened]
    found: dict[str, list[Access]] = {}
    for access in wanted:
        real = None if access.path.startswith(_OUTSIDE) else whole.find(access.path)
        if real is not None and part.find(access.path) is None:
            found.setdefault(real, []).append(access)
    return [Lacking(path, tuple(accesses)) for path, accesses in sorted(found.items())]


def opened_files(runner: TracingRunner, image: BuiltImage) -> set[str]:
    """The files of `image` that were opened, and the links on the way to them.

    To them belong the interpreters and loaders that the kernel opens for a program.
    """
    root = runner.root(image)
    result: set[str] = set()
    paths = {access.path for access in runner.accesses(image) if access.opened}
    paths |= {p for path in paths for p in root.interpreters(path)}
    for path in paths:
        found = root.find(path)
        if found is not None and root.file(path) is not None:
            result.update(root.links(path))
            result.add(found)
    return result


def read_trace(text: str, first: int) -> list[Access]:
    """The accesses in strace's output, of process `first` and all that came of it.

    They count from the first program that it executes after ``pivot_root``: until then it is
    runc, which prepares the container.
    """
    calls = list(_calls(text))
    start = _start(calls, first)
    processes = {first: _Process()}
    parents = _parents(calls[start:])
    result = []
    for index, (pid, match) in enumerate(calls):
        process = _process(pid, processes, parents)
        if process is None:
            continue
        if index >= start:
            access = _access(match, process)
            if access is not None:
                result.append(access)
        elif match["call"] == "chdir" and not match["error"]:
            process.directory = _unescaped(match["path"] or "/")
    return result


def _calls(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Each system call with its process; one that was interrupted where it ends."""
    begun: dict[int, str] = {}
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        pid, rest = int(found["pid"]), found["text"]
        unfinished = _UNFINISHED.match(rest)
        if unfinished:
            begun[pid] = unfinished["start"]
            continue
        resumed = _RESUMED.match(rest)
        if resumed:
            rest = begun.pop(pid, "") + resumed["rest"]
        call = _CALL.match(rest)
        if call is not None:
            yield pid, call


def _start(calls: list[tuple[int, re.Match[str]]], first: int) -> int:
    """Where the container's own program begins."""
    inside = False
    for index, (pid, match) in enumerate(calls):
        if pid != first:
            continue
        if match["call"] == "pivot_root":
            inside = True
        elif inside and match["call"] == "execve":
            return index
    raise AssertionError("the container's program was never executed")


def _parents(calls: list[tuple[int, re.Match[str]]]) -> dict[int, int]:
    """Which process made which; a child's first calls may stand before its parent's.

    A number that `clone` returns is the container's, so strace adds its own.
    """
    return {
        int(match["outside"] or match["result"]): pid
        for pid, match in calls
        if match["call"] in _FORKS and match["result"] not in ("?", "-1", "0")
    }


def _process(pid: int, known: dict[int, _Process], parents: dict[int, int]) -> _Process | None:
    """What is known of a process; None for one that is not the container's."""
    if pid not in known:
        parent = _process(parents[pid], known, parents) if pid in parents else None
        if parent is None:
            return None
        known[pid] = _Process(parent.directory, parent.program, parent.last)
    return known[pid]


def _access(match: re.Match[str], process: _Process) -> Access | None:
    """What the call asked for; None where it names no path."""
    call, error = match["call"], match["error"] or ""
    if call == "fchdir" and not error:
        process.directory = match["base"] or process.directory
    name = _unescaped(match["path"] or "")
    if not name or call in _FORKS or match["result"] == "?":
        return None  # an empty one is that of a file that is open already
    base = match["base"] if match["fd"] and match["base"] else process.directory
    path = str(PurePosixPath(base, name))
    access = Access(path, call, error, process.program, process.last)
    if not error:
        _remember(access, match["rest"], process)
    return access


def _remember(access: Access, rest: str, process: _Process) -> None:
    if access.call == "chdir":
        process.directory = access.path
    elif access.call.startswith("execve"):
        process.program = _command(rest) or access.path
    if access.opened:
        process.last = access.path


def _command(rest: str) -> str:
    """The words of an argument list as strace writes it."""
    words = re.match(r', \[((?:"(?:[^"\\]|\\.)*"(?:, )?)*)', rest)
    return " ".join(re.findall(r'"((?:[^"\\]|\\.)*)"', words[1]))[:200] if words else ""


def _unescaped(text: str) -> str:
    def replaced(match: re.Match[str]) -> str:
        octal, hexadecimal, other = match.groups()
        if octal or hexadecimal:
            return chr(int(octal, 8) if octal else int(hexadecimal, 16))
        return _NAMED.get(other, other)

    if "\\" not in text:
        return text
    return _ESCAPE.sub(replaced, text).encode("latin-1", "replace").decode(errors="surrogateescape")
