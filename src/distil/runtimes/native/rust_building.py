"""The stage that a program of a Rust project is built in."""

from __future__ import annotations

import shlex
from typing import Final

import msgspec

from distil.model.spec import Spec, StageSpec
from distil.runtimes.native.building import (
    ONLY_HERE,
    Building,
    Compiler,
    cache,
    program_path,
    suite_of,
)
from distil.runtimes.native.cargo_manifest import CargoBinary, crate_directory, read_dependencies
from distil.source.scan import Sources

RUST_STAGE: Final = "rust"
"""Of the stage, and of the runtime."""
DEBIAN_CRATES: Final = "/usr/share/cargo/registry"
"""Where Debian's librust-*-dev packages put crates, as a directory that cargo reads."""

_WITHOUT_AUDITABLE: Final = frozenset({"debian:bullseye", "debian:bookworm"})
"""Suites that have no cargo-auditable, so programs built on them do not tell their crates."""

_FLAGS: Final = (
    # glibc's own static library, since Debian's compiler has no other.
    "-C target-feature=+crt-static",
    "-C strip=symbols",
    "--remap-path-prefix=/src=src",
    "--remap-path-prefix=/root/.cargo=cargo",
    f"--remap-path-prefix={DEBIAN_CRATES}=cargo",
)

# Cargo goes by dates, which all sources have alike in a stage; dependencies go by version.
_TOUCH: Final = "find . -name '*.rs' -exec touch {} +"


class Crates(msgspec.Struct, frozen=True):
    """Where the crates of others come from: vendored, of Debian's packages, or fetched."""

    names: tuple[str, ...]
    directory: str = ""

    @property
    def packages(self) -> tuple[str, ...]:
        """Debian's packages of them, if that is where they come from."""
        if self.directory != DEBIAN_CRATES:
            return ()
        return tuple(f"librust-{name.lower().replace('_', '-')}-dev" for name in self.names)

    @property
    def fetched(self) -> bool:
        """Whether they are fetched to build."""
        return bool(self.names) and not self.directory


def crates_of(sources: Sources) -> Crates:
    """Raises `InvalidProjectFile`, `UnreadableSource`."""
    return Crates(read_dependencies(sources), crate_directory(sources))


def compiler_of(version: str) -> Compiler:
    """The Rust that a package with that ``rust-version`` needs."""
    return Compiler("Rust", "rustc", version)


def rust_building(binary: CargoBinary, crates: Crates, spec: Spec) -> Building:
    """How `binary` is built: static, and telling of its crates where the suite has the means."""
    suite = suite_of(spec)
    auditable = suite not in _WITHOUT_AUDITABLE
    mounts = [cache(f"cargo-target-{binary.package}", "/target")]
    packages = ["cargo", "rustc", *(["cargo-auditable"] if auditable else []), *crates.packages]
    if crates.fetched:
        mounts.append(cache("cargo-registry", "/root/.cargo/registry"))
        packages.append("ca-certificates")
    options = f"--release --locked{'' if crates.fetched else ' --offline'}"
    where = '--target-dir /target --target "$(uname -m)-unknown-linux-gnu"'
    name = shlex.quote(binary.name)
    which = f"--package {shlex.quote(binary.package)} --bin {name}"
    stage = StageSpec(
        name=RUST_STAGE,
        source=suite,
        packages=tuple(packages),
        run=(
            ONLY_HERE,
            _TOUCH,
            f"cargo {'auditable ' if auditable else ''}build {options} {where} {which}",
            f'install -D -t /out "/target/$(uname -m)-unknown-linux-gnu/release"/{name}',
        ),
        environment={"RUSTFLAGS": " ".join(_FLAGS)},
        mounts=tuple(mounts),
        network=crates.fetched,
    )
    return Building(stage, f"/out/{binary.name}", program_path(spec, binary.name))
