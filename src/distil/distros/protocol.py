"""Worlds of packages: what any distribution has to be able to do, and nothing about one.

A distribution is a folder here and a line in `table`. It opens releases, solves what is wanted
of them, unpacks and configures that into a Tree, and describes in the image, where scanners
look, what is there. The rest of distil speaks to the protocols of this module alone.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from distil.distros.foundation import Foundation
from distil.fetch.cache import Cache, Check
from distil.fetch.http import Client
from distil.fetch.packs import NamedPack, Pack
from distil.formats.elf import ElfFile
from distil.model.account import ImageUser
from distil.model.component import Component, SystemNeed
from distil.model.digest import Digest
from distil.model.ledger import Reason, Removed
from distil.model.lock import LockPart, Pinned
from distil.model.mention import Listed
from distil.model.node import Node
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.model.tree import Tree

Elf = Mapping[Digest, ElfFile | None]
"""What each file is as ELF, by the digest of its contents; None for what is not."""


# --- values ------------------------------------------------------------------------------------


class Edge(msgspec.Struct, frozen=True):
    """Why a package is there: `package` names it in `field`, with the words `relation`.

    For a package that was asked for, `package` is empty.
    """

    package: str
    field: str
    relation: str


class Request(msgspec.Struct, frozen=True):
    """What an image needs of the base, by name.

    `runtime` are packages of the language, `asked` what the user names, which is taken whole,
    `needs` what components load without saying so. `tools` are for the debug twin, None where
    there is none. What the patterns `keep` match, by path or by name, is never cut; `locales` are
    those beside the C library's own.
    """

    runtime: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    needs: tuple[SystemNeed, ...] = ()
    tools: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()


class Setting(msgspec.Struct, frozen=True):
    """What configuring packages depends on beside the packages.

    `source` is the application's directory. `certificates` are authorities of the user's own, in
    the directory for local ones. With `searched`, what a search for what is reachable can decide
    about is not cut before.
    """

    source: Path
    user: ImageUser
    certificates: tuple[Node, ...] = ()
    searched: bool = False


class Offered(msgspec.Struct, frozen=True):
    """The version of a package that would be installed, and what it is built from."""

    version: str
    source: str
    source_version: str


class Remedy(msgspec.Struct, frozen=True):
    """What to do about the `packages`, as lines to be shown as they are."""

    packages: tuple[str, ...]
    lines: tuple[str, ...]


class LockedArchive(msgspec.Struct, frozen=True):
    """An archive that a lock names, to be kept beside it, and how it is fetched.

    `title` is how people call it, `size` is in bytes.
    """

    title: str
    url: str
    size: int
    digest: Digest
    filename: str
    media_type: str


# --- protocols ---------------------------------------------------------------------------------


class Configured(Protocol):
    """A system with its packages configured, and what was left out on the way.

    `unhandled` is what the packages' own scripts would have done and the tree lacks.
    """

    @property
    def tree(self) -> Tree:
        """The system."""

    @property
    def removed(self) -> tuple[Removed, ...]:
        """What of the packages was cut, by their purls."""

    @property
    def unhandled(self) -> tuple[str, ...]:
        """A line each."""

    def remedies(self, tree: Tree) -> tuple[Remedy, ...]:
        """What the user can do about `unhandled` in an image of `tree`, as far as is known."""

    def check(self, tree: Tree, elf: Elf) -> None:
        """Refuse a finished `tree` that needs what was cut. Raises `CutReached`."""


class PackageContents(Protocol):
    """The packages of a plan, decoded."""

    @property
    def packs(self) -> Sequence[Pack]:
        """All of them."""

    def configure(self, setting: Setting, elf: Elf, cache: Cache) -> Configured:
        """The system as installing the packages would leave it, less the cuts.

        Raises `FileConflict`, `MissingCopyright`, `MalformedCertificate`, `CutReached`, and
        `InvalidSpec` for a locale that there is not.
        """

    def searchable(self, tree: Tree, elf: Elf) -> list[Node]:
        """What of the metadata the search for what is reachable looks things up in."""

    def describe(self, tree: Tree, elf: Elf) -> list[Node]:
        """What has to be true to every file of `tree`: loader caches, the package database."""


class PackagePlan(Protocol):
    """Which packages an image is made of, and why each is among them.

    `wanted` are the names that were asked for, in order. `packages` are sorted by name and
    include those of which only some files are taken, which `partial` tells with the reason.
    `asked` are the names of those that the user names, `asked_closure` with what these depend
    on, `whole` of all that stay whole. `tools` are what the debug twin's tools need. `cut` are
    dependencies that are not followed.
    """

    @property
    def wanted(self) -> tuple[str, ...]: ...
    @property
    def packages(self) -> Sequence[Component]: ...
    @property
    def partial(self) -> Mapping[str, str]: ...
    @property
    def reasons(self) -> Mapping[str, tuple[Edge, ...]]: ...
    @property
    def whole(self) -> frozenset[str]: ...
    @property
    def asked(self) -> frozenset[str]: ...
    @property
    def asked_closure(self) -> frozenset[str]: ...
    @property
    def tools(self) -> Sequence[Component]: ...
    @property
    def cut(self) -> tuple[Edge, ...]: ...

    def keeps(self, path: str) -> bool:
        """Whether the user says that no cut takes `path` away."""

    def named(self, tree: Tree) -> Mapping[str, Reason]:
        """The paths of `tree` that are there because the user chose them of a package."""

    def fetch(self, client: Client) -> PackageContents:
        """The packages with their contents. Raises what fetching raises."""

    def fetch_tools(self, client: Client) -> Tools:
        """Those of the debug twin. Raises what fetching raises."""

    def lock(self, libraries: Mapping[str, str]) -> LockPart:
        """What pins all of it; `libraries` says which package was taken for each soname."""

    def differences(self, other: PackagePlan) -> list[str]:
        """In what the two differ, by name; empty when they come to the same."""


class Tools(Protocol):
    """The packages of the debug twin, decoded."""

    @property
    def packs(self) -> Sequence[Pack]:
        """All of them."""

    def install(self, production: Tree, elf: Elf) -> Tree:
        """`production` with the tools, as the twin has it. Raises `FileConflict`."""


class Toolchain(Protocol):
    """A whole system that commands of a build run in; nothing of it is left out.

    `identity` stands for all that it is made of, `date` (seconds since 1970) tells how old that
    is: both stay as long as the same goes in. `environment` is what its commands shall see.
    """

    @property
    def packages(self) -> Sequence[Component]: ...
    @property
    def environment(self) -> Mapping[str, str]: ...
    @property
    def identity(self) -> str: ...
    @property
    def date(self) -> int: ...

    def tree(self, client: Client) -> Tree:
        """The system. Raises what fetching and configuring raise."""

    def records(self, tree: Tree, known: Container[str], client: Client) -> list[Node]:
        """What the image of `tree` has to say of files of these packages that were copied to it.

        Packages whose purl is `known` are told of already. Raises what fetching raises.
        """

    def lock(self) -> LockPart:
        """What pins all of it; `Distro.open_locked` opens a base that comes to the same."""


class Base(Protocol):
    """One release of a distribution for one platform, opened and verified.

    `name` is what the user wrote, `release` the point release or codename, `date` that of the
    newest index in seconds since 1970. `ecosystem` is the type of its packages' purls.
    `foundation` is the image that it is built on, if it is one, and `present` what that holds.
    """

    @property
    def name(self) -> str: ...
    @property
    def release(self) -> str: ...
    @property
    def date(self) -> int: ...
    @property
    def platform(self) -> Platform: ...
    @property
    def ecosystem(self) -> str: ...
    @property
    def foundation(self) -> Foundation: ...
    @property
    def present(self) -> Tree: ...

    def version(self, package: str) -> str | None:
        """The upstream version of `package` that would be installed; None when there is none."""

    def offered(self, package: str) -> Offered | None:
        """What would be installed of `package`; None when there is none."""

    def with_library(self, soname: str) -> tuple[str, ...]:
        """The packages that have the library `soname`, the best first; maybe none."""

    def called_after(self, soname: str) -> tuple[str, ...]:
        """As `with_library`, but only packages that are called after the library."""

    def offering(self, kind: str, name: str) -> Listed:
        """The packages with what a `Mention` of `kind` names, the best first; maybe none."""

    def in_every_image(self, package: str) -> bool:
        """Whether an image has `package` whatever is asked for."""

    def releases_with(self, package: str, fits: Callable[[str], bool]) -> list[str]:
        """The bases of this distribution whose upstream version of `package` fits.

        For hints: what cannot be opened is passed over.
        """

    def archives(self, packages: Sequence[str], client: Client) -> Sequence[NamedPack]:
        """`packages` and all that they depend on, fetched; raises what that raises."""

    def toolchain(self, packages: Sequence[str]) -> Toolchain:
        """A whole system with `packages`, for what is run while an image is built.

        Raises what `plan` raises.
        """

    def plan(self, request: Request) -> PackagePlan:
        """Solve `request`.

        Raises `UnknownPackage`, `VirtualPackage`, `UnsatisfiableDependencies`.
        """


class Opening(msgspec.Struct, frozen=True):
    """What opening a base depends on beside the platform.

    That is the application's directory and specification, and whom to ask. `refresh` asks
    however fresh the answers are. `held` is the part of an earlier lock whose versions stay, but
    for the `upgraded` packages (None: none stays).
    """

    source: Path
    spec: Spec
    client: Client
    refresh: bool = False
    held: LockPart | None = None
    upgraded: frozenset[str] | None = frozenset()


class Distro(Protocol):
    """A distribution: one folder, one line in the table.

    `name` is how locks call it.
    """

    @property
    def name(self) -> str: ...

    @property
    def bases(self) -> tuple[str, ...]:
        """Its bases that may suit an application which names none, as users write them."""

    def owns(self, base: str) -> bool:
        """Whether `base`, as users write it, is one of its own: ``debian:trixie``."""

    @property
    def cache_checks(self) -> Mapping[str, Check]:
        """Whether a file of the distribution's own areas of the cache is sound, by area."""

    def open(self, opening: Opening, platform: Platform) -> Base:
        """The base that the specification names. Raises what verifying its indexes raises."""

    def open_locked(self, part: LockPart, opening: Opening, platform: Platform) -> Base:
        """The same with nothing in it but the packages of a lock's `part`."""

    def is_locked(self, part: LockPart, source: Path, spec: Spec, platform: Platform) -> bool:
        """Whether the user's own package files are those that `part` holds."""

    def locked(self, base: Base, packages: LockPart) -> LockPart:
        """What a lock holds of `base`, of which `packages` are pinned by their plan."""

    def pinned(self, part: LockPart) -> Pinned:
        """What `part` holds. Raises `InvalidLock`."""

    def locked_files(
        self, part: LockPart, opening: Opening, platform: Platform
    ) -> Sequence[LockedArchive]:
        """Every archive of `part`."""
