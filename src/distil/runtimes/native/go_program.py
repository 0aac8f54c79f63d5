"""What a finished Go program tells of itself: its modules, and why it is not static."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from packageurl import PackageURL

from distil.formats.elf import ElfFile
from distil.formats.elf_image import ElfImage
from distil.formats.errors import MalformedElf
from distil.formats.go_build import GoBuild, GoModule, read_go_build
from distil.formats.go_functions import GoFunctions, read_go_functions
from distil.model.component import BuiltIn, ToldProgram
from distil.runtimes.native.linkage import Linkage, link_warnings, linkage_of

_DEVELOPMENT: Final = "(devel)"
"""The version of a module that was built from a directory."""
_LIBRARY: Final = "stdlib"
"""What scanners call Go's own library."""
_GLIBC: Final = ("libc.so.", "libpthread.so.", "libdl.so.", "librt.so.", "libresolv.so.", "ld-")
_OWN: Final = frozenset({"net", "os/user", "runtime/cgo"})
"""Packages of Go's own library that call C where they may."""
_SHOWN: Final = 3
_WITHOUT_C: Final = "CGO_ENABLED=0, or -tags netgo,osusergo, builds without"
_STATIC_C: Final = "-ldflags '-linkmode external -extldflags -static' links all of it in"
_PLAIN: Final = "-buildmode=exe builds one that starts alone"


def told_by_go(path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:
    """What the program `data` at `path` tells; None for one that Go's linker did not write."""
    try:
        image = ElfImage(data)
        build, functions = read_go_build(image), read_go_functions(image)
    except MalformedElf as error:
        warning = f"{path}: {error.why}; what it is made from is not known"
        return ToldProgram(path, "Go", warnings=(warning,))
    if build is None and functions is None:
        return None
    linkage = linkage_of(elf)
    warnings = [*link_warnings(path, data, linkage), *_unknown(path, build)]
    version = build.version.removeprefix("go") if build is not None else "of an unknown version"
    return ToldProgram(
        path=path,
        what=f"Go {version}, {linkage}",
        components=() if build is None else built_in(build),
        remarks=tuple(_why_dynamic(path, elf, functions)) if linkage is Linkage.DYNAMIC else (),
        warnings=tuple(warnings),
    )


def built_in(build: GoBuild) -> tuple[BuiltIn, ...]:
    """The modules whose code is in the program, the main one first, and Go's own library."""
    found = [_component(build.main, build.main)] if build.main is not None else []
    for module in build.dependencies:
        used = module.used
        # What replaces a module from a directory has no name of its own.
        found.append(_component(module if used.path.startswith((".", "/")) else used, used))
    if build.release:
        purl = PackageURL("golang", None, _LIBRARY, build.release)
        found.append(BuiltIn(_LIBRARY, build.release, purl.to_string()))
    return tuple(found)


def _component(named: GoModule, used: GoModule) -> BuiltIn:
    version = "" if used.version == _DEVELOPMENT else used.version
    namespace, _, name = named.path.rpartition("/")
    purl = PackageURL("golang", namespace or None, name, version or None)
    return BuiltIn(named.path, version, purl.to_string())


def _unknown(path: str, build: GoBuild | None) -> Iterator[str]:
    if build is None:
        yield f"{path} is a Go program without build information: what it is made from is not known"
    elif build.main is None and not build.dependencies:
        yield f"{path} was not built as a Go module: what it is made from is not known"


def _why_dynamic(path: str, elf: ElfFile, functions: GoFunctions | None) -> Iterator[str]:
    """Why the program needs a loader, and how it would not."""
    calling = () if functions is None else functions.calling_c()
    others = [package for package in calling if package not in _OWN]
    libraries = [name for name in elf.needed if not name.startswith(_GLIBC)]
    if others or libraries:
        shown = ", ".join(others[:_SHOWN]) or "it"
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        linked = f", linked with {', '.join(libraries)}" if libraries else ""
        calls = "call" if len(others) > 1 else "calls"
        yield f"{path} is not static: {shown}{more} {calls} C{linked}; {_STATIC_C}"
    elif calling or elf.needed:
        who = " and ".join(package for package in calling if package != "runtime/cgo") or "it"
        asks = "ask" if " and " in who else "asks"
        yield f"{path} is not static: {who} {asks} the C library; {_WITHOUT_C}"
    else:
        yield f"{path} is not static: it is position-independent by way of the loader; {_PLAIN}"
