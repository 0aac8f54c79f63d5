"""The Python that makes byte code: the target's own version, for the machine distil runs on."""

from __future__ import annotations

import hashlib
import platform as host
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from distil.fetch.http import Client
from distil.fetch.packs import NamedPack, PackMember
from distil.model.blob import Blob
from distil.model.errors import UnknownPlatform
from distil.model.node import Kind
from distil.model.platform import Platform, parse_platform
from distil.model.spec import ByteCode, Spec
from distil.runtimes.protocol import SystemOf
from distil.runtimes.python.errors import CannotCompile
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.interpreters import minimal_package

if TYPE_CHECKING:
    from distil.runtimes.python.byte_compiler import Compiler

_LIBRARIES = "libraries"
_PROGRAM = "usr/bin/python"


def obtain_compiler(
    spec: Spec, wanted: PythonInterpreter, system_of: SystemOf, client: Client
) -> Compiler | None:
    """The interpreter of the image's version line, from the same verified suites as the image.

    Byte code is the same for every processor, so an image for another one is compiled by the
    interpreter that this one can run, from what `system_of` answers for it. None where no byte
    code is asked for. Raises `CannotCompile`, what `system_of` raises and fetching packages.
    """
    if spec.python.bytecode is ByteCode.NONE:
        return None
    here = _this_platform(wanted)
    system = system_of(here)
    package = minimal_package(wanted.line)
    found = system.version(package)
    if found != wanted.version:
        why = f"{system.name} has {found or 'none'} for {here} at the moment"
        raise CannotCompile(wanted.version, why)
    return python_compiler(system.archives((package,), client), wanted)


def _this_platform(wanted: PythonInterpreter) -> Platform:
    if host.system() != "Linux":
        raise CannotCompile(wanted.version, f"this is {host.system()}, not Linux")
    try:
        return parse_platform(host.machine())
    except UnknownPlatform as error:
        why = f"there are no packages for a {host.machine()} processor"
        raise CannotCompile(wanted.version, why) from error


def python_compiler(packs: Sequence[NamedPack], interpreter: PythonInterpreter) -> Compiler:
    """What `packs` have of the interpreter: program, loader, libraries, and its basic modules.

    Raises `CannotCompile` for packages that do not have it.
    """
    from distil.runtimes.python.byte_compiler import Compiler  # only for byte code

    named = {pack.name: pack for pack in packs}
    line = interpreter.line
    own = [f"python{line}-minimal", f"libpython{line}-minimal"]
    program = f"{_PROGRAM}{line}"
    libraries = dict(_libraries(packs))
    files: dict[str, Blob] = {}
    pending = []
    for name in own:
        for member in named[name].pack.members if name in named else ():
            wanted = member.path == f"/{program}" or member.path.endswith(".py")
            if wanted and member.kind is Kind.FILE:
                files[member.path[1:]] = named[name].pack.blob(member)
            if member.path == f"/{program}" and member.elf is not None:
                pending = [member.elf.interpreter.rpartition("/")[2], *member.elf.needed]
    loader = pending[0] if pending else ""
    while pending:
        soname = pending.pop()
        if soname not in libraries:
            raise CannotCompile(interpreter.version, f"its packages lack {soname}")
        pack, member = libraries[soname]
        place = f"{_LIBRARIES}/{soname}"
        if place not in files and member.elf is not None:
            files[place] = pack.pack.blob(member)
            pending += member.elf.needed
    if not loader or program not in files:
        raise CannotCompile(interpreter.version, f"its packages lack /{program}")
    return Compiler(
        files=files,
        loader=f"{_LIBRARIES}/{loader}",
        libraries=_LIBRARIES,
        program=program,
        version=interpreter.version,
        identity=_identity(named[name] for name in own if name in named),
    )


def _libraries(packs: Sequence[NamedPack]) -> Iterator[tuple[str, tuple[NamedPack, PackMember]]]:
    """The libraries in `packs` by soname; variants for newer processors do not count."""
    for pack in packs:
        for member in pack.pack.members:
            if (
                member.kind is Kind.FILE
                and member.elf is not None
                and member.elf.soname
                and "/glibc-hwcaps/" not in member.path
            ):
                yield member.elf.soname, (pack, member)


def _identity(packs: Iterable[NamedPack]) -> str:
    from distil.runtimes.python.byte_compiler import program_identity  # only for byte code

    archives = [str(pack.archive_digest) for pack in packs]
    return hashlib.sha256("\n".join([program_identity(), *archives]).encode()).hexdigest()
