"""Running distil on input that wants to do harm, and what has to hold whatever the input is.

For ``tests/hostile/test_*.py``, one file for each kind of input (images, packages, scripts,
patterns, …), with tables of cases. A case makes its input below the test's own directory; then

    ended = place.distil("check", f"oci:{layout}")   # `place`: no servers; or
    ended = hostile(world, "build", app)             # a World, with a mirror and an index
    ended.refused("has 14 bytes, its descriptor says 15")

`refused` wants exit code 2 and one error with that in it; `answered(0)` any other end. Both hold
for every end: at most `MEMORY` bytes in the largest process, at most `SECONDS` of processor time
(a hang is stopped after `PATIENCE`), no traceback, nothing on the terminal that moves its
cursor, no file called `ESCAPED` outside. So a case that wants to write outside calls the file
`ESCAPED`, wherever it wants to have it. What has no command of its own runs in-process:

    assert in_child(lambda: parse(data)) == "MalformedArchive: …"   # "" when nothing was raised
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.command import DISTIL, Done, World

MEMORY = 512 << 20
"""Bytes of memory that the largest process of a command may have in use."""

SECONDS = 20
"""Seconds of processor time, which other work on the machine does not change."""

PATIENCE = 90
"""Seconds after which a command hangs."""

STOP = 1536 << 20
"""Bytes of data after which a process gets no more, so that a bomb does no harm here."""

ESCAPED = "distil-was-here"
"""The file name of everything that wants to be written outside."""

_CAPPED = str(Path(__file__).with_name("capped.py"))
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]")
_SHARED = ("/", "/tmp", "/var/tmp", "/etc", "/root", "/dev/shm")


@dataclass(frozen=True)
class Ended(Done):
    """What a command came to, the bytes its largest process had, and its processor seconds."""

    peak: int
    seconds: float
    root: Path
    """The directory that is the command's own."""

    def bounded(self) -> None:
        """What holds for each end, however it came."""
        said = self.stdout + self.stderr
        assert "Traceback" not in said, said[-3000:]
        assert "MemoryError" not in said, said[-3000:]
        assert "distil has a defect" not in said, said[-3000:]
        assert self.code in (0, 1, 2, 3), (self.code, said[-3000:])
        assert not _UNSAFE.search(said), ascii(said[:3000])
        assert len(said) < 100_000, f"{len(said)} characters were said: {said[:2000]}"
        assert self.peak <= MEMORY, f"{self.peak >> 20} MB"
        assert self.seconds <= SECONDS, f"{self.seconds:.1f} s"
        assert (found := escaped(self.root)) == [], found

    def answered(self, *codes: int) -> None:
        """It came to an end of its own, with one of `codes`."""
        self.bounded()
        assert self.code in codes, (self.code, self.stdout[-2000:], self.stderr[-2000:])

    def refused(self, pattern: str = "") -> None:
        """It could not be done, and one error says why (`pattern` is a regular expression)."""
        self.answered(2)
        assert self.stdout == ""
        assert re.search(pattern, self.error), self.stderr


@dataclass(frozen=True)
class Place:
    """Directories of one test, for commands that need no server."""

    root: Path

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "LANG": "C.UTF-8",
            "DISTIL_CACHE_DIR": str(self.cache),
            "HTTP_PROXY": "http://127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }

    def distil(self, *arguments: str | Path, cwd: Path | None = None) -> Ended:
        """Run the command within the limits."""
        return run(self.root, self.environment(), arguments, cwd)

    def many(self, commands: Mapping[str, Sequence[str]]) -> dict[str, Ended]:
        """Run each of `commands` within the limits, all in one process, which is cheap."""
        jobs = self.root / "commands.json"
        jobs.write_text(json.dumps(commands))
        program = (sys.executable, str(Path(__file__).with_name("many_commands.py")))
        together = run(self.root, self.environment(), (jobs, str(SECONDS)), program=program)
        lines = [json.loads(line) for line in together.stdout.splitlines()]
        assert len(lines) == len(commands), together.stderr[-3000:]
        return {
            name: Ended(code, stdout, stderr, together.peak, seconds, self.root)
            for name, code, stdout, stderr, seconds in lines
        }


def hostile(world: World, *arguments: str | Path, cwd: Path | None = None) -> Ended:
    """Run the command within the limits in a world with servers."""
    return run(world.root, world.environment(), arguments, cwd)


def run(
    root: Path,
    environment: Mapping[str, str],
    arguments: tuple[str | Path, ...],
    cwd: Path | None = None,
    program: tuple[str, ...] = (DISTIL,),
) -> Ended:
    """Run distil within the limits; `root` is its own. A command that hangs fails the test."""
    for name in ("home", "tmp"):
        with contextlib.suppress(FileExistsError):
            (root / name).mkdir()
    reading, writing = os.pipe()
    with open(reading, "rb") as report:
        try:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", _CAPPED),
                    *(str(writing), str(STOP), *program, *map(str, arguments)),
                ],
                cwd=cwd or root,
                env=dict(environment),
                pass_fds=[writing],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="surrogateescape",
                start_new_session=True,
            )
        finally:
            os.close(writing)
        try:
            stdout, stderr = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise AssertionError(f"hangs: distil {' '.join(map(str, arguments))}") from error
        spent = json.loads(report.read())
    return Ended(process.returncode, stdout, stderr, spent["peak"], spent["seconds"], root)


def escaped(root: Path) -> list[Path]:
    """The files called `ESCAPED` in `root` itself, above it, and where everybody may write."""
    own = (root, root / "home", root / "tmp", root / "cache")
    places = [*own, *root.parents, *map(Path, _SHARED)]
    return [path for place in places if os.path.lexists(path := place / ESCAPED)]


def in_child(function: Callable[[], object]) -> str:
    """What `function` raises in a process of its own, within the limits; "" for nothing.

    The name of the class, a colon, and the message.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        # What the tests before left in memory is not the function's.
        most = STOP + _data()
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        try:
            function()
            said = ""
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode("utf-8", "backslashreplace")[:60_000])
        os._exit(0)
    os.close(writing)
    before = _resident()
    started = time.monotonic()
    while (ended := os.wait4(child, os.WNOHANG))[0] == 0:
        if time.monotonic() - started > PATIENCE:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reading)
            raise AssertionError("hangs")
        time.sleep(0.01)
    with open(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status, usage = ended
    assert status == 0, (status, said)
    grown = (usage.ru_maxrss << 10) - before
    assert grown <= MEMORY, f"{grown >> 20} MB"
    assert usage.ru_utime + usage.ru_stime <= SECONDS, usage
    return said


def _resident() -> int:
    """Bytes that this process has in memory, which a child begins with."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _data() -> int:
    """Bytes of data that this process has, as the limit on them counts."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    return pages * resource.getpagesize()
