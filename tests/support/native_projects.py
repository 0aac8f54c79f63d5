"""Projects to be detected, and a base that says which compilers it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from distil.fetch.http import Client
from distil.fetch.packs import NamedPack
from distil.model.platform import AMD64, Platform
from distil.model.spec import Spec
from distil.model.tree import Tree
from distil.runtimes.native.compiled import CompiledProject
from distil.runtimes.protocol import Runtime
from distil.source.place import Place
from distil.source.scan import scan

MAIN = "package main\n\nfunc main() {}\n"
RUST_MAIN = "fn main() {}\n"


def project(
    runtime: Runtime, directory: Path, files: Mapping[str, str], spec: Spec | None = None
) -> CompiledProject | None:
    """What `runtime` makes of `files`, written to `directory`."""
    spec = spec or Spec()
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = runtime.detect(Place(directory), spec, scan(directory, spec))
    assert found is None or isinstance(found, CompiledProject)
    return found


class Compilers(msgspec.Struct, frozen=True):
    """A suite by what it has of compilers, beside others."""

    name: str
    versions: dict[str, str]
    others: dict[str, dict[str, str]] = {}
    platform: Platform = AMD64
    present: Tree = Tree()

    def version(self, package: str) -> str | None:
        return self.versions.get(package)

    def releases_with(self, package: str, fits: Callable[[str], bool]) -> list[str]:
        return [name for name, has in self.others.items() if fits(has.get(package, "0"))]

    def archives(self, packages: Sequence[str], client: Client) -> Sequence[NamedPack]:
        return []
