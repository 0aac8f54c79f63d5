"""What is found out about a Rust project, and the stage that is made for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.formats.errors import InvalidProjectFile
from distil.formats.spec_toml import parse_spec
from distil.model.spec import AppSpec, BaseSpec, Spec, StageSpec
from distil.pipeline import init
from distil.runtimes.errors import NoEntrypoint
from distil.runtimes.native.compiled import CompiledProject
from distil.runtimes.native.errors import CompilerTooOld
from distil.runtimes.native.rust import RUST
from distil.runtimes.protocol import Asking
from tests.support.native_projects import RUST_MAIN, Compilers, project

TALLY = '[package]\nname = "tally"\nversion = "0.4.0"\n'
NO_CRATES = {"Cargo.lock": 'version = 3\n[[package]]\nname = "tally"\nversion = "0.4.0"\n'}
CRATES = {
    "Cargo.lock": 'version = 3\n[[package]]\nname = "tally"\ndependencies = ["flate2", '
    '"miniz_oxide 0.7.1", "own"]\n'
    '[[package]]\nname = "own"\n[[package]]\nname = "flate2"\nsource = "registry"\n'
    'dependencies = ["adler"]\n[[package]]\nname = "miniz_oxide"\nsource = "registry"\n'
}
SOURCES = '[source.crates-io]\nreplace-with = "a"\n[source.a]\nreplace-with = "b"\n'


def found(tmp_path: Path, files: dict[str, str], spec: Spec | None = None) -> CompiledProject:
    made = project(RUST, tmp_path, files, spec)
    assert made is not None
    return made


def stage_of(made: CompiledProject) -> StageSpec:
    (stage,) = made.completed(made.spec).stage
    return stage


PROGRAMS = {
    "src/main.rs": ({"src/main.rs": RUST_MAIN}, TALLY, "tally", "tally"),
    "a name of its own": (
        {"src/main.rs": RUST_MAIN},
        f'{TALLY}autobins = false\n[[bin]]\nname = "count"\npath = "src/main.rs"\n',
        "tally",
        "count",
    ),
    "below src/bin": ({"src/bin/one.rs": RUST_MAIN}, TALLY, "tally", "one"),
    "a directory below src/bin": ({"src/bin/one/main.rs": RUST_MAIN}, TALLY, "tally", "one"),
    "the one that runs by default": (
        {"src/main.rs": RUST_MAIN, "src/bin/one.rs": RUST_MAIN},
        f'{TALLY}default-run = "one"\n',
        "tally",
        "one",
    ),
    "a member of a workspace": (
        {
            "crates/cli/Cargo.toml": '[package]\nname = "cli"\nversion.workspace = true\n',
            "crates/cli/src/main.rs": RUST_MAIN,
            "crates/lib/Cargo.toml": '[package]\nname = "lib"\n',
            "crates/old/Cargo.toml": '[package]\nname = "old"\n',
            "crates/old/src/main.rs": RUST_MAIN,
            "elsewhere/Cargo.toml": '[package]\nname = "elsewhere"\n',
            "elsewhere/src/main.rs": RUST_MAIN,
        },
        (
            '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]\n'
            '[workspace.package]\nversion = "7.1.0"\n'
        ),
        "cli",
        "cli",
    ),
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_the_program_that_is_started(case: str, tmp_path: Path) -> None:
    files, manifest, package, program = PROGRAMS[case]
    made = found(tmp_path, {**NO_CRATES, "Cargo.toml": manifest, **files})
    assert made.application.entrypoint == (f"/{program}",)
    assert made.application.name == package
    assert made.application.version == ("7.1.0" if package == "cli" else "0.4.0")
    build, install = stage_of(made).run[-2:]
    assert str(build).endswith(f"--package {package} --bin {program}")
    assert str(install).endswith(f"/{program}")
    (copy,) = made.completed(made.spec).copy
    assert (copy.stage, copy.source, copy.target) == ("rust", f"/out/{program}", f"/{program}")


TWO = {
    **NO_CRATES,
    "Cargo.toml": TALLY,
    "src/bin/one.rs": RUST_MAIN,
    "src/bin/two.rs": RUST_MAIN,
}


def test_several_programs(tmp_path: Path) -> None:
    with pytest.raises(NoEntrypoint, match="are one, two"):
        project(RUST, tmp_path, TWO)
    made = found(tmp_path, TWO, Spec(app=AppSpec(entrypoint=("/usr/bin/two",))))
    (copy,) = made.completed(made.spec).copy
    assert (copy.source, copy.target) == ("/out/two", "/usr/bin/two")


def test_no_program(tmp_path: Path) -> None:
    with pytest.raises(NoEntrypoint, match="only libraries"):
        project(RUST, tmp_path, {"Cargo.toml": TALLY, "src/lib.rs": "", **NO_CRATES})


def test_nothing_locked(tmp_path: Path) -> None:
    with pytest.raises(InvalidProjectFile, match=r"no Cargo\.lock") as raised:
        project(RUST, tmp_path, {"Cargo.toml": TALLY, "src/main.rs": RUST_MAIN})
    assert raised.value.hint == "run `cargo generate-lockfile`"


@pytest.mark.parametrize("manifest", ["[package]\n", "[package", "[package]\nname = 1\n"])
def test_a_manifest_that_is_none(manifest: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidProjectFile, match=r"Cargo\.toml: "):
        project(RUST, tmp_path, {"Cargo.toml": manifest, "src/main.rs": RUST_MAIN})


def test_what_no_honest_manifest_holds(tmp_path: Path) -> None:
    strange = (
        f'bin = [1, {{name = 2}}]\n{TALLY}autobins = 3\n[workspace]\nmembers = 4\nexclude = "a"\n'
    )
    lock = 'package = [1, {name = 2, dependencies = [3, "a"]}, {dependencies = 4}]\n'
    files = {"Cargo.toml": strange, "Cargo.lock": lock, "src/main.rs": RUST_MAIN}
    config = "[source]\ncrates-io = 1\n"
    spec = Spec(app=AppSpec(entrypoint=("/tally",)))
    made = found(tmp_path, {**files, ".cargo/config.toml": config}, spec)
    assert made.application.entrypoint == ("/tally",)


def test_other_projects(tmp_path: Path) -> None:
    files = {"Cargo.toml": TALLY, "src/main.rs": RUST_MAIN, "pyproject.toml": "", **NO_CRATES}
    assert project(RUST, tmp_path, files) is None
    assert project(RUST, tmp_path, files, Spec(app=AppSpec(runtime="rust"))) is not None


CONFIGS = {
    "vendored": (f'{SOURCES}[source.b]\ndirectory = "vendor"\n', (), False),
    "Debian's": (
        f'{SOURCES}[source.b]\ndirectory = "/usr/share/cargo/registry/"\n',
        ("librust-flate2-dev", "librust-miniz-oxide-dev"),
        False,
    ),
    "another registry": (
        f'{SOURCES}[source.b]\nregistry = "sparse+https://crates.example.org/"\n',
        ("ca-certificates",),
        True,
    ),
    "round in circles": (f'{SOURCES}[source.b]\nreplace-with = "a"\n', ("ca-certificates",), True),
    "nothing": ("", ("ca-certificates",), True),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_where_crates_come_from(case: str, tmp_path: Path) -> None:
    config, packages, network = CONFIGS[case]
    files = {"Cargo.toml": TALLY, "src/main.rs": RUST_MAIN, **CRATES}
    stage = stage_of(found(tmp_path, {**files, ".cargo/config.toml": config}))
    assert stage.packages == ("cargo", "rustc", "cargo-auditable", *packages)
    assert stage.network is network
    assert ("--offline" in str(stage.run)) is not network
    assert stage.environment["RUSTFLAGS"].startswith("-C target-feature=+crt-static ")


def test_no_crates_need_no_network(tmp_path: Path) -> None:
    stage = stage_of(found(tmp_path, {"Cargo.toml": TALLY, "src/main.rs": RUST_MAIN, **NO_CRATES}))
    assert not stage.network


def test_a_suite_without_cargo_auditable(tmp_path: Path) -> None:
    spec = Spec(base=BaseSpec(source="debian:bookworm"))
    files = {"Cargo.toml": TALLY, "src/main.rs": RUST_MAIN, **NO_CRATES}
    stage = stage_of(found(tmp_path, files, spec))
    assert stage.source == "debian:bookworm"
    assert stage.packages == ("cargo", "rustc")
    assert "auditable" not in str(stage.run)


def test_a_compiler_that_is_too_old(tmp_path: Path, asking: Asking) -> None:
    manifest = f'{TALLY}rust-version = "1.90"\n'
    made = found(
        tmp_path, {"Cargo.toml": manifest, "src/main.rs": RUST_MAIN, **NO_CRATES, **CRATES}
    )
    with pytest.raises(CompilerTooOld, match=r"needs Rust 1\.90, .* is 1\.85\.1") as raised:
        made.resolve(Compilers("scratch", {"rustc": "1.85.1+dfsg1"}), asking)
    assert "whose base can be an image" in raised.value.hint


def test_stages_of_the_users_own(tmp_path: Path) -> None:
    spec = Spec(stage=(StageSpec(name="mine"),), app=AppSpec(entrypoint=("/tally",)))
    made = found(tmp_path, {"Cargo.toml": TALLY, "src/main.rs": RUST_MAIN}, spec)
    assert made.completed(spec).stage == spec.stage
    assert made.completed(spec).copy == ()


def test_what_is_written_out_builds_the_same(tmp_path: Path) -> None:
    project(RUST, tmp_path, {"Cargo.toml": TALLY, "src/main.rs": RUST_MAIN, **CRATES})
    spec = parse_spec(init(tmp_path, write=False, force=False).text, "distil.toml")
    again, made = found(tmp_path, {}, spec), found(tmp_path, {})
    for part in ("stage", "copy", "base", "image"):
        assert getattr(again.completed(spec), part) == getattr(made.completed(Spec()), part)
    assert again.application.entrypoint == made.application.entrypoint
