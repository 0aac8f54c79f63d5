"""Rust projects as applications: one of their programs, built in a stage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from distil.formats.elf import ElfFile
from distil.formats.errors import InvalidProjectFile
from distil.model.application import Evidence
from distil.model.component import ToldProgram
from distil.model.spec import Spec
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.native.building import Building
from distil.runtimes.native.cargo_manifest import (
    CONFIGS,
    LOCK,
    MANIFEST,
    CargoBinary,
    CargoPackage,
    read_packages,
)
from distil.runtimes.native.compiled import CompiledProject, Found, application_of, is_others
from distil.runtimes.native.runtime import Native
from distil.runtimes.native.rust_building import (
    DEBIAN_CRATES,
    RUST_STAGE,
    Crates,
    compiler_of,
    crates_of,
    rust_building,
)
from distil.runtimes.native.rust_program import told_by_rust
from distil.source.place import Place
from distil.source.scan import Sources

_SHOWN: Final = 8


class Rust(Native, frozen=True):
    """Cargo packages and workspaces."""

    name: str = RUST_STAGE
    title: str = "Rust"
    looked_for: tuple[str, ...] = (MANIFEST,)

    def detect(self, place: Place, spec: Spec, sources: Sources) -> CompiledProject | None:
        """The package or workspace at `place`; None where there is none.

        Raises `NoEntrypoint`, `InvalidProjectFile`, `UnreadableSource`.
        """
        named = sources.named(MANIFEST) and not place.script
        if not named or is_others(sources, spec, self.name):
            return None
        packages = read_packages(sources)
        wanted = PurePosixPath((spec.app.entrypoint or ("",))[0]).name
        package, binary = _chosen(packages, wanted, spec)
        building, evidence = None, [Evidence("project", package.name, MANIFEST)]
        if binary is not None:
            building, found = _built(binary, sources, spec)
            evidence += found
        found_out = Found(package.name, package.version, building, tuple(evidence))
        return CompiledProject(
            runtime=self.name,
            application=application_of(place, spec, found_out),
            spec=spec,
            compiler=compiler_of(package.rust_version),
            building=building,
            files=tuple(one for one in (MANIFEST, LOCK, *CONFIGS) if sources.named(one)),
        )

    def told(self, path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:
        """See `told_by_rust`."""
        return told_by_rust(path, data, elf)


RUST: Final = Rust()


def _chosen(
    packages: Sequence[CargoPackage], wanted: str, spec: Spec
) -> tuple[CargoPackage, CargoBinary | None]:
    """The program that is started, and its package; no program where stages are written down.

    It is the one called `wanted`, or what `cargo run` runs, or the only one. Raises
    `NoEntrypoint`, which names those that there are.
    """
    if spec.stage and packages:
        return packages[0], None
    pairs = [(package, binary) for package in packages for binary in package.binaries]
    if not pairs:
        raise NoEntrypoint(
            "the Rust project has no program, only libraries",
            "name the directory of the package that has one",
        )
    called = [pair for pair in pairs if pair[1].name == wanted]
    default = [pair for pair in pairs if pair[0].default_run == pair[1].name]
    first = [pair for pair in pairs if pair[0] is packages[0]]
    likely = called or default or first or pairs
    if len(likely) == 1:
        return likely[0]
    names = [binary.name for _, binary in pairs]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise NoEntrypoint(
        f"the programs of the Rust project are {', '.join(names[:_SHOWN])}{more}",
        f'write entrypoint = ["/{likely[0][1].name}"] below [app] in distil.toml',
    )


def _built(
    binary: CargoBinary, sources: Sources, spec: Spec
) -> tuple[Building, tuple[Evidence, ...]]:
    """How `binary` is built, and why so. Raises `InvalidProjectFile` where nothing is locked."""
    if not sources.named(LOCK):
        where = f"{sources.root}/{MANIFEST}"
        raise InvalidProjectFile(
            where, f"there is no {LOCK} beside it", hint="run `cargo generate-lockfile`"
        )
    crates = crates_of(sources)
    building = rust_building(binary, crates, spec)
    words = " ".join(spec.app.entrypoint or (building.target,))
    return building, (
        Evidence("entrypoint", words, f"a program of {binary.package}"),
        Evidence("stage", *_why(crates)),
    )


def _why(crates: Crates) -> tuple[str, str]:
    if crates.fetched:
        return "static, with the network", f"{LOCK} has crates, and {CONFIGS[0]} no directory"
    if crates.directory == DEBIAN_CRATES:
        return "static, with Debian's crates", f"{CONFIGS[0]} names {DEBIAN_CRATES}"
    if crates.names:
        return "static, without the network", f"{CONFIGS[0]} names {crates.directory}"
    return "static, without the network", f"{LOCK} has no crates of others"
