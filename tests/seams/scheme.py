"""A toy language: ``main.scm`` is the program, and ``(load "x.scm")`` is all that it can do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.fetch.packs import Pack
from distil.formats.elf import ElfFile
from distil.formats.spec_template import Entry, KeyPath
from distil.model.application import Application
from distil.model.component import Component, SystemNeed, ToldProgram
from distil.model.digest import Digest
from distil.model.ledger import Reason
from distil.model.lock import LockPart, Pinned
from distil.model.mention import Mention
from distil.model.node import Node
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.model.tree import Tree
from distil.reach.documents import Documents
from distil.reach.evidence import EvidenceProvider
from distil.reach.keeping import Keeping
from distil.reach.known import EvidenceSource, Known
from distil.reach.soundness import Fault
from distil.runtimes.protocol import (
    Asking,
    Checked,
    CheckedImage,
    Computed,
    Elf,
    FetchedFile,
    FinishedTree,
    LaidOut,
    Mending,
    System,
    SystemOf,
)
from distil.source.place import Place
from distil.source.scan import Sources
from distil.source.specification import Overrides

MAIN = "main.scm"
PROGRAM = "/usr/bin/scheme"
_LOAD = re.compile(rb'\(load "([^"]+)"\)')


def loads(node: Node) -> list[str]:
    """The paths of the files that a program loads, which lie beside it."""
    data = b"" if node.blob is None else node.blob.read()
    return [f"{node.parent}/{name.decode()}" for name in _LOAD.findall(data)]


class SchemeEvidence(EvidenceProvider):
    """A program needs what it loads."""

    def __init__(self, known: Known) -> None:
        self._main = f"{known.command.workdir}/{MAIN}"

    def begin(self, keeping: Keeping) -> None:
        keeping.keep(self._main, Reason("program", "", MAIN))

    def follow(self, node: Node, keeping: Keeping) -> None:
        for path in loads(node) if node.name.endswith(".scm") else ():
            keeping.keep(path, Reason("load", node.path, path))


class SchemeContents:
    packs: Sequence[Pack] = ()

    def needs(self, own: Tree) -> tuple[SystemNeed, ...]:
        return ()

    def linked(self) -> Iterator[tuple[str, Sequence[str]]]:
        return iter(())

    def lay_out(self) -> LaidOut:
        return LaidOut(Tree(), ())

    def searchable(self, tree: Tree) -> list[Node]:
        return []

    def describe(self, tree: Tree, cache: Cache) -> list[Node]:
        return []

    def evidence(self, documents: Documents) -> EvidenceSource:
        return SchemeEvidence

    def loaded(self) -> frozenset[str] | None:
        return None

    def computed(self) -> Computed | None:
        return None

    def mentions(self, node: Node) -> Iterable[Mention]:
        return ()

    def starters(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def faults(self, tree: Tree, elf: Elf, around: FinishedTree, cache: Cache) -> list[Fault]:
        programs = [node for node in tree if node.name.endswith(".scm")]
        missing = [(node, path) for node in programs for path in loads(node) if path not in tree]
        return [Fault("loads", node.path, f"{path} is not there") for node, path in missing]


class SchemePlan(msgspec.Struct, frozen=True):
    application: Application
    version: str
    name: str = "scheme"
    ecosystem: str = "scheme"
    components: Sequence[Component] = ()
    own: frozenset[str] = frozenset()
    packages: tuple[str, ...] = ("scheme",)
    piecemeal: frozenset[str] = frozenset()
    program: str = PROGRAM

    @property
    def environment(self) -> Mapping[str, str]:
        return {"SCHEME_HOME": "/app"}

    def needs_by_name(self) -> tuple[SystemNeed, ...]:
        return ()

    def fetch(self, client: Client, system_of: SystemOf) -> SchemeContents:
        return SchemeContents()

    def mending(self, fault: Fault) -> Mending:
        return Mending()

    def lock(self, client: Client, before: LockPart | None) -> LockPart:
        return {"version": self.version}


class SchemeProject(msgspec.Struct, frozen=True):
    application: Application
    runtime: str = "scheme"
    settings: tuple[Any, ...] = ()
    completed_later: str = ""

    def completed(self, spec: Spec) -> Spec:
        return spec.completed(base="tin:1", workdir="/app")

    def inputs(self) -> dict[str, Digest]:
        return {}

    def proposal(self) -> Mapping[KeyPath, Entry]:
        return {}

    def resolve(self, system: System, asking: Asking) -> SchemePlan:
        return SchemePlan(self.application, system.version("scheme") or "")

    def locked(self, part: LockPart, platform: Platform, client: Client) -> SchemePlan:
        return SchemePlan(self.application, part["version"])

    def is_built(self, part: LockPart) -> bool:
        return True


class Scheme(msgspec.Struct, frozen=True):
    name: str = "scheme"
    title: str = "Scheme"
    looked_for: tuple[str, ...] = (MAIN,)
    variants: tuple[Overrides, ...] = ()

    def is_script(self, path: Path) -> bool:
        return path.name.endswith(".scm")

    def detect(self, place: Place, spec: Spec, sources: Sources) -> SchemeProject | None:
        if not sources.named(MAIN):
            return None
        command = (PROGRAM, f"/app/{MAIN}")
        return SchemeProject(Application(str(place.directory), "tune", "2", entrypoint=command))

    def check(self, image: CheckedImage, cache: Cache) -> Checked:
        return Checked((), None, ())

    def told(self, path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:
        return None

    def pinned(self, part: LockPart) -> Pinned:
        return Pinned(part["version"], {})

    def locked_name(self, name: str) -> str:
        return name

    def locked_files(self, part: LockPart, source: Path, client: Client) -> Sequence[FetchedFile]:
        return []
