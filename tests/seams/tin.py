"""A toy distribution: packages are values in memory, one version each, with files."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path

import msgspec

from distil.distros.errors import UnknownPackage
from distil.distros.foundation import NOTHING_THERE, Foundation
from distil.distros.protocol import (
    Base,
    Edge,
    Elf,
    LockedArchive,
    Offered,
    Opening,
    Remedy,
    Request,
    Setting,
)
from distil.fetch.cache import Cache, Check
from distil.fetch.http import Client
from distil.fetch.packs import Pack, PackMember, write_pack
from distil.model.account import ImageUser
from distil.model.digest import Digest
from distil.model.ledger import Reason, Removed
from distil.model.lock import LockPart, Pinned
from distil.model.mention import Listed
from distil.model.node import Kind, Node, generated_file
from distil.model.origin import PackageOrigin
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.model.tree import Tree


class TinPackage(msgspec.Struct, frozen=True):
    """Programs are what lies below /usr/bin; `cut` are files that images do without."""

    name: str
    version: str
    depends: tuple[str, ...]
    files: dict[str, bytes]
    cut: tuple[str, ...] = ()

    @property
    def purl(self) -> str:
        return f"pkg:tin/{self.name}@{self.version}"

    @property
    def url(self) -> str:
        return f"tin:{self.name}"

    @property
    def digest(self) -> Digest:
        return Digest.of(msgspec.msgpack.encode(self))

    def pack(self, cache: Cache) -> Pack:
        mode = {path: 0o755 if path.startswith("/usr/bin/") else 0o644 for path in self.files}
        members = [(PackMember(p, Kind.FILE, mode[p]), [data]) for p, data in self.files.items()]
        return write_pack(cache, self.digest, "tin", members, {})


class TinContents:
    """Everything of every package but the cuts; what is there is listed in one file."""

    def __init__(self, packages: Sequence[TinPackage], cache: Cache) -> None:
        self._packages = {package.purl: package for package in packages}
        self._packs = {package.purl: package.pack(cache) for package in packages}

    @property
    def packs(self) -> Sequence[Pack]:
        return list(self._packs.values())

    def configure(self, setting: Setting, elf: Elf, cache: Cache) -> TinConfigured:
        taken, removed = [], []
        for purl, pack in self._packs.items():
            for node in pack.nodes(PackageOrigin(purl, pack.archive)):
                if node.path in self._packages[purl].cut:
                    removed.append(Removed(node.path, purl, node.size, "tin", "cut for the test"))
                else:
                    taken.append(node)
        return TinConfigured(Tree(taken), tuple(removed))

    def searchable(self, tree: Tree, elf: Elf) -> list[Node]:
        return []

    def describe(self, tree: Tree, elf: Elf) -> list[Node]:
        purls = {node.origin.purl for node in tree if isinstance(node.origin, PackageOrigin)}
        there = sorted(purls & self._packages.keys())
        return [generated_file("/var/lib/tin", "\n".join(there).encode(), "tin database")]


class TinConfigured(msgspec.Struct, frozen=True):
    tree: Tree
    removed: tuple[Removed, ...]
    unhandled: tuple[str, ...] = ()

    def remedies(self, tree: Tree) -> tuple[Remedy, ...]:
        return ()

    def check(self, tree: Tree, elf: Elf) -> None:
        """Nothing of what is cut is ever needed."""


class TinTools(msgspec.Struct, frozen=True):
    packs: tuple[Pack, ...]

    def install(self, production: Tree, elf: Elf) -> Tree:
        tool = generated_file("/tools/tin", b"a debug tool", "tin tools", 0o755)
        return production.with_nodes([tool])


class TinPlan(msgspec.Struct, frozen=True):
    wanted: tuple[str, ...]
    packages: tuple[TinPackage, ...]
    reasons: dict[str, tuple[Edge, ...]]
    asked: frozenset[str] = frozenset()
    partial: dict[str, str] = {}
    tools: tuple[TinPackage, ...] = ()
    cut: tuple[Edge, ...] = ()

    @property
    def whole(self) -> frozenset[str]:
        return self.asked

    @property
    def asked_closure(self) -> frozenset[str]:
        return self.asked

    def keeps(self, path: str) -> bool:
        return False

    def named(self, tree: Tree) -> Mapping[str, Reason]:
        return {}

    def fetch(self, client: Client) -> TinContents:
        return TinContents(self.packages, client.cache)

    def fetch_tools(self, client: Client) -> TinTools:
        return TinTools(())

    def lock(self, libraries: Mapping[str, str]) -> LockPart:
        return {"package": [{"name": p.name, "version": p.version} for p in self.packages]}

    def differences(self, other: object) -> list[str]:
        same = isinstance(other, TinPlan) and self.packages == other.packages
        return [] if same else ["packages"]


class TinBase(msgspec.Struct, frozen=True):
    name: str
    platform: Platform
    packages: dict[str, TinPackage]
    release: str = "1.0"
    date: int = 1_700_000_000
    ecosystem: str = "tin"
    foundation: Foundation = NOTHING_THERE
    present: Tree = Tree()

    def version(self, package: str) -> str | None:
        found = self.packages.get(package)
        return None if found is None else found.version

    def offered(self, package: str) -> Offered | None:
        found = self.packages.get(package)
        return None if found is None else Offered(found.version, found.name, found.version)

    def with_library(self, soname: str) -> tuple[str, ...]:
        return ()

    def called_after(self, soname: str) -> tuple[str, ...]:
        return ()

    def offering(self, kind: str, name: str) -> Listed:
        return Listed((), complete=True)

    def in_every_image(self, package: str) -> bool:
        return False

    def releases_with(self, package: str, fits: Callable[[str], bool]) -> list[str]:
        return []

    def archives(self, packages: Sequence[str], client: Client) -> Sequence[TinArchive]:
        plan = self.plan(Request(runtime=tuple(packages)))
        return [TinArchive(p.name, p.digest, p.pack(client.cache)) for p in plan.packages]

    def toolchain(self, packages: Sequence[str]) -> TinToolchain:
        return TinToolchain(self.plan(Request(asked=tuple(packages))), self.date)

    def plan(self, request: Request) -> TinPlan:
        reasons: dict[str, tuple[Edge, ...]] = {}
        wanted = (*request.runtime, *request.asked)
        pending = [(name, Edge("", "Requested", name)) for name in wanted]
        while pending:
            name, edge = pending.pop()
            if name not in self.packages:
                raise UnknownPackage(name, self.name)
            if name not in reasons:
                pending += [(d, Edge(name, "Depends", d)) for d in self.packages[name].depends]
            reasons[name] = (*reasons.get(name, ()), edge)
        packages = tuple(self.packages[name] for name in sorted(reasons))
        return TinPlan(wanted, packages, reasons, frozenset(request.asked))


class TinToolchain(msgspec.Struct, frozen=True):
    plan: TinPlan
    date: int
    environment: dict[str, str] = {}

    @property
    def packages(self) -> Sequence[TinPackage]:
        return self.plan.packages

    @property
    def identity(self) -> str:
        return " ".join(package.digest for package in self.packages)

    def tree(self, client: Client) -> Tree:
        contents = self.plan.fetch(client)
        return contents.configure(Setting(Path(), ImageUser(0, 0)), {}, client.cache).tree

    def records(self, tree: Tree, known: Container[str], client: Client) -> list[Node]:
        purls = [package.purl for package in self.packages if package.purl not in known]
        there = {node.origin.purl for node in tree if isinstance(node.origin, PackageOrigin)}
        text = "\n".join(purl for purl in purls if purl in there)
        return [generated_file("/var/lib/tin.copied", text.encode(), "tin database")] * bool(text)

    def lock(self) -> LockPart:
        return self.plan.lock({})


class TinArchive(msgspec.Struct, frozen=True):
    name: str
    archive_digest: Digest
    pack: Pack


class Tin(msgspec.Struct, frozen=True):
    """The distribution with `packages`, in every release."""

    packages: dict[str, TinPackage]
    name: str = "tin"

    @property
    def bases(self) -> tuple[str, ...]:
        return ()

    def owns(self, base: str) -> bool:
        return base.startswith("tin:")

    def locked(self, base: Base, packages: LockPart) -> LockPart:
        return packages

    @property
    def cache_checks(self) -> Mapping[str, Check]:
        return {}

    def open(self, opening: Opening, platform: Platform) -> TinBase:
        return TinBase(opening.spec.base.source, platform, self.packages)

    def open_locked(self, part: LockPart, opening: Opening, platform: Platform) -> TinBase:
        names = {entry["name"] for entry in part["package"]}
        locked = {name: package for name, package in self.packages.items() if name in names}
        return TinBase(opening.spec.base.source, platform, locked)

    def is_locked(self, part: LockPart, source: Path, spec: Spec, platform: Platform) -> bool:
        return True

    def pinned(self, part: LockPart) -> Pinned:
        versions = {("tin", entry["name"]): entry["version"] for entry in part["package"]}
        return Pinned("1.0", versions)

    def locked_files(
        self, part: LockPart, opening: Opening, platform: Platform
    ) -> Sequence[LockedArchive]:
        return []
