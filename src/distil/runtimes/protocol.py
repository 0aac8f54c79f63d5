"""Languages: what any runtime has to be able to do, and nothing about one.

A runtime is a folder here and a line in `table`. It says whether a directory is an application
of its language, resolves what that needs for a platform, lays the archives out, tells what of a
tree can be reached, and what would fail. Each step is an object that holds what the step before
found out, so the rest of distil speaks to the protocols of this module alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.fetch.packs import NamedPack, Pack
from distil.formats.elf import ElfFile
from distil.formats.spec_template import Entry, KeyPath
from distil.model.application import Application
from distil.model.blob import FileBlob
from distil.model.component import Component, SystemNeed, ToldProgram
from distil.model.digest import Digest
from distil.model.image import ContainerConfig
from distil.model.ledger import Ledger, Removed
from distil.model.lock import LockPart, Pinned
from distil.model.mention import Mention
from distil.model.node import Node
from distil.model.platform import Platform
from distil.model.spec import Spec
from distil.model.tree import Tree
from distil.reach.command import Command
from distil.reach.documents import Documents
from distil.reach.known import EvidenceSource
from distil.reach.soundness import Fault
from distil.source.place import Place
from distil.source.scan import Sources
from distil.source.specification import Overrides

Elf = Mapping[Digest, ElfFile | None]
"""What each file is as ELF, by the digest of its contents; None for what is not."""


# --- what a runtime may ask ---------------------------------------------------------------------


class System(Protocol):
    """The base that an application will run on; `distil.distros.protocol.Base` is one.

    `present` is what is there already, before any package is added: an image that is built on.
    """

    @property
    def name(self) -> str: ...
    @property
    def platform(self) -> Platform: ...
    @property
    def present(self) -> Tree: ...

    def version(self, package: str) -> str | None:
        """The upstream version of `package` that would be installed; None when there is none."""

    def releases_with(self, package: str, fits: Callable[[str], bool]) -> list[str]:
        """Other bases whose version of `package` fits, for hints."""

    def archives(self, packages: Sequence[str], client: Client) -> Sequence[NamedPack]:
        """`packages` and all that they depend on, fetched; raises what that raises."""


SystemOf = Callable[[Platform], System]
"""The same base for another platform."""


class Asking(msgspec.Struct, frozen=True):
    """How a project is resolved. `refresh` asks however fresh the answers are.

    Of what the part `held` of an earlier lock has, versions stay where the project leaves the
    choice, but for those `upgraded` (None: none stays).
    """

    client: Client
    refresh: bool = False
    held: LockPart | None = None
    upgraded: frozenset[str] | None = frozenset()


# --- values -------------------------------------------------------------------------------------


class LaidOut(msgspec.Struct, frozen=True):
    """What the archives put into an image, and what of them was left out."""

    tree: Tree
    removed: tuple[Removed, ...]


class Computed(msgspec.Struct, frozen=True):
    """Places whose target the code does not say, so that all is kept that could be meant.

    `rule` is that of the reasons of what is kept for them.
    """

    rule: str
    places: tuple[str, ...]


class FinishedTree(msgspec.Struct, frozen=True):
    """What is known of a finished tree: its commands, and what was left out on the way."""

    platform: Platform
    commands: tuple[Command, ...]
    removed: Sequence[Removed] = ()


class CheckedImage(msgspec.Struct, frozen=True):
    """An image of somebody's; its ledger is None where there is none."""

    tree: Tree
    elf: Elf
    config: ContainerConfig
    machine: str
    ledger: Ledger | None = None


class Mending(msgspec.Struct, frozen=True):
    """What would mend a fault: a component, a package of the base, or a file beside a script.

    What is not known is empty.
    """

    component: str = ""
    package: str = ""
    file: str = ""


class Checked(msgspec.Struct, frozen=True):
    """What a runtime says of any image: who of its language is there, and what would fail."""

    names: tuple[str, ...]
    program: str | None
    faults: tuple[Fault, ...]


class FetchedFile(msgspec.Struct, frozen=True):
    """An archive that a lock names, fetched, to be kept beside it."""

    filename: str
    media_type: str
    blob: FileBlob


# --- the steps ----------------------------------------------------------------------------------


class RuntimeContents(Protocol):
    """The archives of a plan, decoded."""

    @property
    def packs(self) -> Sequence[Pack]:
        """All of them."""

    def needs(self, own: Tree) -> tuple[SystemNeed, ...]:
        """What these and the application's `own` files load by name without saying so."""

    def linked(self) -> Iterator[tuple[str, Sequence[str]]]:
        """For each component, by name, the libraries it is linked with that none here brings."""

    def lay_out(self) -> LaidOut:
        """Where everything goes. Raises `FileConflict` and what malformed archives raise."""

    def searchable(self, tree: Tree) -> list[Node]:
        """What of the metadata the search for what is reachable looks things up in."""

    def describe(self, tree: Tree, cache: Cache) -> list[Node]:
        """What has to be true to every file of `tree`, such as the lists of installed files."""

    def evidence(self, documents: Documents) -> EvidenceSource:
        """What of a tree the application's code can reach."""

    def loaded(self) -> frozenset[str] | None:
        """The compiled modules that the application can load; None where that is not known."""

    def computed(self) -> Computed | None:
        """What of the search rests on guesses; None when nothing does, or none was made."""

    def mentions(self, node: Node) -> Iterable[Mention]:
        """What `node`, one of the application's own files, asks the system for by a literal."""

    def starters(self) -> Iterator[tuple[str, str]]:
        """Components that are of little use without a program, by name, each with it."""

    def faults(self, tree: Tree, elf: Elf, around: FinishedTree, cache: Cache) -> list[Fault]:
        """What would fail in the code of a tree that was laid out from this."""


class RuntimePlan(Protocol):
    """What an application needs on one platform.

    `name` and `version` are the runtime's. `components` are sorted by name; `own` are the purls
    of those that are the application's own. `packages` are wanted from the base; of those in
    `piecemeal` the runtime's evidence decides about each file, and they change when the runtime
    does. `program` is the process that plug-ins are loaded into.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def application(self) -> Application: ...
    @property
    def ecosystem(self) -> str: ...
    @property
    def components(self) -> Sequence[Component]: ...
    @property
    def own(self) -> frozenset[str]: ...
    @property
    def packages(self) -> tuple[str, ...]: ...
    @property
    def piecemeal(self) -> frozenset[str]: ...
    @property
    def program(self) -> str: ...
    @property
    def environment(self) -> Mapping[str, str]: ...

    def needs_by_name(self) -> tuple[SystemNeed, ...]:
        """What the components are known to load without saying so; nothing is fetched."""

    def fetch(self, client: Client, system_of: SystemOf) -> RuntimeContents:
        """The archives with their contents. Raises what fetching raises."""

    def mending(self, fault: Fault) -> Mending:
        """What would mend `fault`, as far as is known."""

    def lock(self, client: Client, before: LockPart | None) -> LockPart:
        """What pins all of it, with the tools of `before` that still do."""


class Project(Protocol):
    """An application in a directory, as far as its own files tell; `runtime` is the name of its."""

    @property
    def runtime(self) -> str: ...

    @property
    def application(self) -> Application: ...

    @property
    def settings(self) -> tuple[Any, ...]:
        """What the specification says about its dependencies, for the digest in a lock."""

    @property
    def completed_later(self) -> str:
        """What of the entrypoint only a build can tell, as a sentence; mostly nothing."""

    def completed(self, spec: Spec) -> Spec:
        """`spec` with what the application decides itself, in the words of ``distil.toml``.

        That is at least the base and the working directory; what `spec` says stays.
        """

    def inputs(self) -> dict[str, Digest]:
        """What stands for each file that decides what it needs, by its relative path."""

    def proposal(self) -> Mapping[KeyPath, Entry]:
        """What a specification could say in the runtime's own table, with where it was found."""

    def resolve(self, system: System, asking: Asking) -> RuntimePlan:
        """What it needs; indexes are asked. Raises what cannot be had or does not fit."""

    def locked(self, part: LockPart, platform: Platform, client: Client) -> RuntimePlan:
        """What it needs as a lock's `part` says; no index is asked."""

    def is_built(self, part: LockPart) -> bool:
        """Whether the application's own parts are as they were when `part` was written."""


class Runtime(Protocol):
    """A language: one folder, one line in the table.

    `name` is how locks and JSON call it, `title` how people do; `looked_for` says by what it is
    detected.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def looked_for(self) -> tuple[str, ...]: ...
    @property
    def variants(self) -> tuple[Overrides, ...]:
        """What may suit an application better than the defaults, beside its base."""

    def is_script(self, path: Path) -> bool:
        """Whether the file at `path` can be all of an application."""

    def detect(self, place: Place, spec: Spec, sources: Sources) -> Project | None:
        """The application at `place`; None when it is not of this language.

        Raises `NoEntrypoint`, `InvalidProjectFile` and their like for one that is and is not
        understood.
        """

    def check(self, image: CheckedImage, cache: Cache) -> Checked:
        """What would fail in the code of this language in any image, whoever built it."""

    def told(self, path: str, data: bytes, elf: ElfFile) -> ToldProgram | None:
        """What the finished program `data`, at `path`, tells of itself.

        None for one that is not of this language, or tells nothing.
        """

    def pinned(self, part: LockPart) -> Pinned:
        """What `part` holds. Raises `InvalidLock`."""

    def locked_name(self, name: str) -> str:
        """How a lock writes `name`, which a user may write otherwise."""

    def locked_files(self, part: LockPart, source: Path, client: Client) -> Sequence[FetchedFile]:
        """Every archive that `part` names, fetched."""
