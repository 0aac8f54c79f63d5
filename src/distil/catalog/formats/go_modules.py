"""The modules of a Go program, by what Go's linker wrote into it.

Names, versions and package URLs are those that Syft writes: the first two parts of a module's
path are the namespace, the third is the name, the rest is a subpath.
"""

from __future__ import annotations

import datetime
import re
from typing import Final

from distil.catalog.facts import Claim, Facts, Stated
from distil.catalog.formats.version_strings import version_strings
from distil.catalog.package_url import package_url
from distil.formats.elf_image import ElfImage
from distil.formats.go_build import GoBuild, GoModule, read_go_build
from distil.model.inventory import InventoryComponent

_DEVELOPED: Final = "(devel)"
"""What Go writes for a main module that was built from a directory."""
_LIST_OF_FILES: Final = "command-line-arguments"
_GO_SECTIONS: Final = (".gopclntab", ".note.go.buildid")
_LONGEST_FLAG: Final = 1024
_LONGEST_FLAGS: Final = 64 << 10
"""Characters of one flag of the linker, and of all of them, that a version is looked for in."""
_FLAGS: Final = tuple(
    rf"\.[a-zA-Z0-9]{{0,64}}?{name}=(?:\S+/)?(v?\d+.\d+.\d+[-\w]*)"
    for name in ("[vV]er(?:sion)?", "[tT]ag")
)
"""Flags that give a program a version, behind the name of a package."""
_IN_DATA: Final = re.compile(rb"[\0\x80-\xff](?:.L)?(v?\d+\.\d+\.\d+[-\w]*[+\w]*)\0", re.DOTALL)
_DATA: Final = (".rodata", ".data", ".noptrdata")
_STAMP: Final = "%Y%m%d%H%M%S"
_NEVER: Final = "00010101000000"
_REVISION: Final = 12
"""Characters of a revision that a pseudo-version has (Go modules reference)."""
_SETTINGS: Final = (
    "GOOS",
    "GOARCH",
    "CGO_ENABLED",
    "-tags",
    "vcs",
    "vcs.revision",
    "vcs.time",
    "vcs.modified",
)


def go_modules(path: str, image: ElfImage) -> Facts:
    """The main module of the program at `path`, what it depends on, and Go's standard library.

    Nothing for what Go did not make. Raises `MalformedElf` for build information that cannot be
    read.
    """
    build = read_go_build(image)
    if build is None:
        if any(name in image.sections for name in _GO_SECTIONS):
            return Facts(
                remarks=(
                    "it is a Go program without build information: its modules cannot be told",
                )
            )
        return Facts()
    key = f"go:{path}"
    stated = []
    main, dependencies = _modules(build)
    if main is not None:
        stated.append(Stated(_main(build, main, image), (key,), (Claim(path),)))
    stated += [
        Stated(_dependency(module), (f"{key}:{module.path}",), inside=key)
        for module in dependencies
        if module.path
    ]
    if build.release:
        claims = () if stated else (Claim(path),)
        stated.append(Stated(_standard_library(build), (f"{key}:stdlib",), claims, inside=key))
    return Facts(stated=tuple(stated))


def module_url(path: str, version: str) -> str:
    """The package URL of the module `path`."""
    parts = path.split("/")
    if len(parts) < 3:
        return package_url("golang", parts[-1], version, namespace="/".join(parts[:-1]))
    namespace, subpath = "/".join(parts[:2]), "/".join(parts[3:])
    return package_url("golang", parts[2], version, namespace=namespace, subpath=subpath)


def _modules(build: GoBuild) -> tuple[GoModule | None, tuple[GoModule, ...]]:
    """The main module and the others.

    A program that was built from a list of files has its main module among the others.
    """
    main, others = build.main, build.dependencies
    if main is not None and main.path != _LIST_OF_FILES:
        return main, others
    if main is None and not build.path:
        return None, others
    developed = [module for module in others if module.version == _DEVELOPED]
    if len(developed) == 1:
        return developed[0], tuple(module for module in others if module is not developed[0])
    return GoModule(build.path, _DEVELOPED), others


def _main(build: GoBuild, main: GoModule, image: ElfImage) -> InventoryComponent:
    used = main.used
    version, origin = used.version, ""
    if version == _DEVELOPED:
        version, origin = _told_version(build, used.path, image)
    told = [("go", build.version), ("path", build.path), ("h1", used.sum)]
    told.append(("version-from", origin))
    told += [(name, build.settings.get(name, "")) for name in _SETTINGS]
    return _component(used.path, version, told)


def _dependency(module: GoModule) -> InventoryComponent:
    used = module.used
    told = [("h1", used.sum)]
    if used is not module:
        if used.path.startswith((".", "/")):
            # A directory of the machine that built it is not a name of a module.
            told.append(("replaced-by", used.path))
            used = module
        else:
            told.append(("replaces", f"{module.path}@{module.version}"))
    return _component(used.path, used.version, told)


def _component(path: str, version: str, told: list[tuple[str, str]]) -> InventoryComponent:
    return InventoryComponent(
        name=path,
        version=version,
        kind="go",
        purl=module_url(path, version),
        properties=tuple(sorted((name, value) for name, value in told if value)),
    )


def _standard_library(build: GoBuild) -> InventoryComponent:
    written = build.version.partition(" ")[0]
    digits = re.match(r"go(\d+(?:\.\d+){0,2})(\w*)", written)
    candidate = digits[2] if digits is not None else ""
    release = digits[1] if digits is not None else build.release
    return InventoryComponent(
        name="stdlib",
        version=written,
        kind="go",
        purl=package_url("golang", "stdlib", written.removeprefix("go")),
        licenses=("BSD-3-Clause",),
        cpes=(f"cpe:2.3:a:golang:go:{release}:{candidate or '-'}:*:*:*:*:*:*",),
    )


def _told_version(build: GoBuild, main: str, image: ElfImage) -> tuple[str, str]:
    """The version of a main module that has none of its own, and where it is from."""
    for version, origin in (
        (_version_of_flags(build, main), "flags of the linker"),
        (_version_in_data(image), "text in the program"),
        (_version_of_revision(build), "revision"),
    ):
        if version:
            return "v" + version.removeprefix("v"), origin
    return _DEVELOPED, ""


def _version_of_flags(build: GoBuild, main: str) -> str:
    """The version that flags like ``-X main.version=1.2.3`` gave the program, or nothing."""
    flags = build.settings.get("-ldflags", "")[:_LONGEST_FLAGS].split()
    for pattern in _FLAGS:
        expression = re.compile(rf"(?:main|{re.escape(main)}/\S*){pattern}")
        for flag in flags:
            match = expression.search(flag[:_LONGEST_FLAG])
            if match is not None:
                return match[1]
    return ""


def _version_in_data(image: ElfImage) -> str:
    """The first thing in the program's data that is written like a version, or nothing.

    It is a guess, which Syft makes, too; a property says so.
    """
    for name in _DATA:
        section = image.sections.get(name)
        if section is not None:
            end = section.offset + section.size
            for match in version_strings(image.data, _IN_DATA, section.offset, end):
                return match[1].decode("ascii")
    return ""


def _version_of_revision(build: GoBuild) -> str:
    """The pseudo-version of the revision that it was built from, or nothing."""
    revision, time = (build.settings.get(f"vcs.{name}", "") for name in ("revision", "time"))
    if not revision or not time:
        return ""
    try:
        moment = datetime.datetime.fromisoformat(time).astimezone(datetime.UTC).strftime(_STAMP)
    except (ValueError, OverflowError):
        moment = _NEVER
    return f"v0.0.0-{moment.rjust(14, '0')}-{revision[:_REVISION]}"
