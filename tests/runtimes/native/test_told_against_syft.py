"""Components of finished programs: as Syft finds them in the same files."""

from __future__ import annotations

import json
import subprocess
import zlib
from pathlib import Path

import msgspec
import pytest

from distil.formats.elf import parse_elf
from distil.model.component import ToldProgram
from distil.runtimes.native.go import GO
from distil.runtimes.native.rust import RUST
from distil.runtimes.protocol import Runtime
from tests.support.elf_builder import Elf
from tests.support.go_program import GoProgram
from tests.support.scanners import in_syfts_words, seen_by_syft
from tests.support.tools import needs, tool

CRATES = [
    {"name": "cli", "version": "1.0.0", "source": "local", "root": True, "dependencies": [1]},
    {"name": "serde", "version": "1.0.219", "source": "crates.io"},
    {"name": "cc", "version": "1.2.0", "source": "crates.io", "kind": "build"},
]


def told(runtime: Runtime, path: Path) -> ToldProgram:
    data = path.read_bytes()
    elf = parse_elf(data)
    assert elf is not None
    found = runtime.told("/program", data, elf)
    assert found is not None
    return found


def agreed(runtime: Runtime, path: Path) -> set[tuple[str, str, str]]:
    """What both see."""
    said = msgspec.to_builtins(told(runtime, path).components)
    assert {in_syfts_words(one) for one in said} == seen_by_syft(f"file:{path}")
    return {in_syfts_words(one) for one in said}


def test_go(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(GoProgram().build())
    assert ("go-module", "example.org/fork", "v2.0.1") in agreed(GO, path)


@needs("go")
def test_a_program_that_go_built(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.org/app/v2\n\ngo 1.19\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() { println(1) }\n")
    path = tmp_path / "program"
    command = [tool("go"), "build", "-buildvcs=false", "-ldflags=-s -w", "-o", str(path), "."]
    environment = {"GOCACHE": f"{tmp_path}/cache", "GOPATH": f"{tmp_path}/path", "PATH": "/usr/bin"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
    assert ("go-module", "example.org/app/v2", "(devel)") in agreed(GO, path)


@pytest.mark.parametrize("crates", [CRATES, CRATES[:1]])
def test_crates(crates: list[dict[str, object]], tmp_path: Path) -> None:
    path = tmp_path / "program"
    listed = zlib.compress(json.dumps({"packages": crates}).encode())
    path.write_bytes(Elf(kind=2, dynamic=False, sections={".dep-v0": listed}).build())
    assert ("rust-crate", "cli", "1.0.0") in agreed(RUST, path)
