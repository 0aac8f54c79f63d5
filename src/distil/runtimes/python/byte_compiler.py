"""Byte code made by the target's own version of Python, from verified files and in isolation.

The interpreter is laid out in a directory that ends with the process, and started through the
loader that came with it, so that nothing of this machine takes part. It gets sources on its
standard input and has nothing else: an empty environment, no ``site``, bounded time and memory.
The sources are compiled and never executed.
"""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from distil.events import Warned, emit
from distil.model.blob import Blob
from distil.runtimes.python.errors import CannotCompile

MEMORY: Final = 4 << 30
"""Bytes of address space that a compiler gets."""
_SECONDS_TO_START: Final = 60
_SECONDS_PER_MEGABYTE: Final = 60
"""Of processor time: some hundred times of what it takes."""

_ENVIRONMENT: Final = {"PYTHONHASHSEED": "0"}
_OPTIONS: Final = ("-s", "-S", "-B", "-W", "ignore")
_BLOCK: Final = 1 << 16


class Compiler(msgspec.Struct, frozen=True):
    """A Python interpreter as files by their relative paths, loader and libraries included.

    `libraries` is the directory the loader finds libraries in. `version` is that of the
    interpreter, `identity` changes whenever the byte code it makes may.
    """

    files: Mapping[str, Blob]
    loader: str
    libraries: str
    program: str
    version: str
    identity: str


class SourceModule(msgspec.Struct, frozen=True):
    """A source file as the image has it; tracebacks will name it by `path`."""

    path: str
    source: Blob


def program_identity() -> str:
    """Changes whenever what the interpreter is told to do does."""
    return hashlib.sha256(_program()).hexdigest()


def compile_modules(runtime: Compiler, modules: Sequence[SourceModule]) -> list[bytes]:
    """Unchecked-hash byte code (PEP 552) of each of `modules`, empty for what does not compile.

    The same bytes on every machine and in whatever company. Raises `CannotCompile` where the
    interpreter cannot be run, `CorruptContent` for a source that was changed.
    """
    with tempfile.TemporaryDirectory(prefix="distil-python-") as directory:
        place = Path(directory)
        _lay_out(runtime, place)
        done: list[bytes] = []
        while len(done) < len(modules):
            done += _compile(runtime, place, modules[len(done) :])
        return done


def _program() -> bytes:
    return resources.files(__package__).joinpath("data/compile_sources.py").read_bytes()


def _lay_out(runtime: Compiler, place: Path) -> None:
    for name, blob in runtime.files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            for piece in blob.chunks():
                stream.write(piece)
    for name in (runtime.loader, runtime.program):
        (place / name).chmod(0o700)


def _compile(runtime: Compiler, place: Path, modules: Sequence[SourceModule]) -> list[bytes]:
    """The byte code of some first ones of `modules`: all, unless one ends the compiler."""
    with (
        tempfile.TemporaryFile(dir=place) as asked,
        tempfile.TemporaryFile(dir=place) as answered,
        tempfile.TemporaryFile(dir=place) as complaints,
    ):
        size = _ask(modules, asked)
        status = _run(runtime, place, (asked, answered, complaints), size)
        answered.seek(0)
        done = list(_answers(answered))
        if status == 0 and len(done) == len(modules):
            return done
        if status >= 0 or (not done and not _starts(runtime, place)):
            complaints.seek(0)
            raise CannotCompile(runtime.version, _last_line(complaints) or _ended(status))
    path = modules[len(done)].path
    emit(Warned(f"{path} has no byte code: it makes the compiler end, {_ended(status)}"))
    return [*done, b""]


def _ended(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"


def _starts(runtime: Compiler, place: Path) -> bool:
    """Whether the interpreter runs at all, when given nothing to do."""
    with tempfile.TemporaryFile(dir=place) as nothing:
        return _run(runtime, place, (nothing, nothing, nothing), 0) == 0


def _ask(modules: Sequence[SourceModule], stream: BinaryIO) -> int:
    """Write what the program reads, see there; the length of it."""
    for module in modules:
        path = module.path.encode("utf-8", "surrogateescape")
        stream.write(len(path).to_bytes(4, "little") + module.source.size.to_bytes(4, "little"))
        stream.write(path + module.source.read())
    size = stream.tell()
    stream.seek(0)
    return size


def _answers(stream: BinaryIO) -> Iterator[bytes]:
    """The complete answers in `stream`."""
    while len(head := stream.read(4)) == 4:
        length = int.from_bytes(head, "little")
        data = stream.read(length)
        if len(data) == length:
            yield data


def _run(
    runtime: Compiler, place: Path, streams: tuple[BinaryIO, BinaryIO, BinaryIO], size: int
) -> int:
    """The exit status of the interpreter, negative for a signal."""
    command = [
        str(place / runtime.loader),
        *("--inhibit-cache", "--library-path", str(place / runtime.libraries)),
        str(place / runtime.program),
        *_OPTIONS,
        *("-c", _program().decode()),
    ]
    stdin, stdout, stderr = streams
    try:
        process = subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=stderr, cwd=place, env=_ENVIRONMENT
        )
    except OSError as error:
        raise CannotCompile(runtime.version, _why_not(error, place)) from error
    seconds = _SECONDS_TO_START + size * _SECONDS_PER_MEGABYTE // 1_000_000
    try:
        _limit(process.pid, resource.RLIMIT_CPU, seconds)
        _limit(process.pid, resource.RLIMIT_AS, MEMORY)
        _limit(process.pid, resource.RLIMIT_CORE, 0)
        return process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise


def _limit(process: int, kind: int, most: int) -> None:
    """Bound a resource of `process`, unless this machine bounds it further."""
    _, hard = resource.prlimit(process, kind)
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.prlimit(process, kind, (most, most))


def _why_not(error: OSError, place: Path) -> str:
    if isinstance(error, PermissionError) and os.access(place, os.W_OK):
        return f"programs in {tempfile.gettempdir()} may not be run; set TMPDIR to another place"
    return error.strerror or str(error)


def _last_line(stream: BinaryIO) -> str:
    lines = stream.read(_BLOCK).decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
