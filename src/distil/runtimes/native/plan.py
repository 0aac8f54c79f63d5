"""What a compiled program needs on one platform: packages, and what its files tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.fetch.packs import Pack
from distil.model.application import Application
from distil.model.component import Component, SystemNeed
from distil.model.lock import LockPart
from distil.model.mention import Mention
from distil.model.node import Node
from distil.model.tree import Tree
from distil.reach.documents import Documents
from distil.reach.evidence import EvidenceProvider
from distil.reach.known import EvidenceSource
from distil.reach.policies import shipped_policies
from distil.reach.soundness import Fault
from distil.runtimes.protocol import Computed, Elf, FinishedTree, LaidOut, Mending, SystemOf


class NativePlan(msgspec.Struct, frozen=True):
    """See `distil.runtimes.protocol.RuntimePlan`; `named` are the packages that the user names."""

    application: Application
    name: str
    named: tuple[str, ...] = ()
    version: str = ""
    ecosystem: str = "generic"
    components: Sequence[Component] = ()
    own: frozenset[str] = frozenset()
    piecemeal: frozenset[str] = frozenset()
    program: str = ""
    environment: Mapping[str, str] = {}
    placed: tuple[Node, ...] = ()
    """What takes the place of a service manager."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Those of which policies know what their programs open.

        Evidence decides about each of their files, but for the programs, which the user names.
        """
        known = shipped_policies().knows_program
        return tuple(name for name in self.named if known(name.partition("=")[0]))

    def needs_by_name(self) -> tuple[SystemNeed, ...]:
        """None that would be known before the files are."""
        return ()

    def fetch(self, client: Client, system_of: SystemOf) -> NativeContents:
        """Nothing is to be fetched."""
        return NativeContents(placed=self.placed)

    def mending(self, fault: Fault) -> Mending:
        """Nothing more than the base knows."""
        return Mending()

    def lock(self, client: Client, before: LockPart | None) -> LockPart:
        """The compiler's version, if there is one: the base pins the packages."""
        return {"version": self.version} if self.version else {}


class NativeContents(msgspec.Struct, frozen=True):
    """See `distil.runtimes.protocol.RuntimeContents`: all files are the base's or copied."""

    packs: Sequence[Pack] = ()
    placed: tuple[Node, ...] = ()

    def needs(self, own: Tree) -> tuple[SystemNeed, ...]:
        """None."""
        return ()

    def linked(self) -> Iterator[tuple[str, Sequence[str]]]:
        """Nothing: there are no archives."""
        return iter(())

    def lay_out(self) -> LaidOut:
        """What takes the place of a service manager."""
        return LaidOut(Tree(self.placed), ())

    def searchable(self, tree: Tree) -> list[Node]:
        """Nothing."""
        return []

    def describe(self, tree: Tree, cache: Cache) -> list[Node]:
        """Nothing: programs tell of themselves."""
        return []

    def evidence(self, documents: Documents) -> EvidenceSource:
        """Nothing beyond what is linked, named and opened by convention."""
        return lambda _: EvidenceProvider()

    def loaded(self) -> frozenset[str] | None:
        """Not known."""
        return None

    def computed(self) -> Computed | None:
        """Nothing is guessed."""
        return None

    def mentions(self, node: Node) -> Iterable[Mention]:
        """None."""
        return ()

    def starters(self) -> Iterator[tuple[str, str]]:
        """None."""
        return iter(())

    def faults(self, tree: Tree, elf: Elf, around: FinishedTree, cache: Cache) -> list[Fault]:
        """None beyond those of every image."""
        return []
