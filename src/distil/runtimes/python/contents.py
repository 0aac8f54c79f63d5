"""The wheels of an application, decoded; see `distil.runtimes.protocol.RuntimeContents`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from distil.fetch.cache import Cache
from distil.fetch.packs import Pack
from distil.model.component import SystemNeed
from distil.model.mention import Mention
from distil.model.node import Node
from distil.model.tree import Tree
from distil.reach.documents import Documents
from distil.reach.known import EvidenceSource, Known
from distil.reach.soundness import Fault
from distil.runtimes.protocol import Computed, Elf, FinishedTree, LaidOut
from distil.runtimes.python.application import PythonApplication
from distil.runtimes.python.byte_code import byte_code_nodes
from distil.runtimes.python.evidence import PythonEvidence
from distil.runtimes.python.existing import installed_twice
from distil.runtimes.python.faults import PythonWorld, python_faults
from distil.runtimes.python.install import install, record_nodes
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.mentions import mentions_of, programs_of
from distil.runtimes.python.reach.analysis import Analyses
from distil.runtimes.python.reach.distributions import normal_name
from distil.runtimes.python.reach.imports import gone_modules
from distil.runtimes.python.reach.result import COMPUTED
from distil.runtimes.python.system_needs import system_needs
from distil.runtimes.python.wheel import Wheel

if TYPE_CHECKING:
    from distil.runtimes.python.byte_compiler import Compiler


class PythonContents:
    """Wheels with their packs, for one interpreter.

    `compiler_of` obtains what makes byte code; None where none is asked for. What the user's
    patterns `keep` match is not cut.
    """

    def __init__(
        self,
        application: PythonApplication,
        interpreter: PythonInterpreter,
        wheels: Sequence[tuple[Wheel, Pack]],
        compiler_of: Callable[[], Compiler | None],
        keep: Sequence[str] = (),
    ) -> None:
        self._application = application
        self._interpreter = interpreter
        self._wheels = wheels
        self._compiler_of = compiler_of
        self._keep = keep
        self._evidence: PythonEvidence | None = None
        self._analyses: Analyses | None = None

    @property
    def packs(self) -> list[Pack]:
        """All of them."""
        return [pack for _, pack in self._wheels]

    def needs(self, own: Tree) -> tuple[SystemNeed, ...]:
        """See `system_needs`."""
        return system_needs(self._wheels, own)

    def linked(self) -> Iterator[tuple[str, Sequence[str]]]:
        """By wheel. What any wheel brings, the interpreter's process finds for all."""
        provided: set[str] = set()
        needed: dict[str, str] = {}
        for wheel, pack in self._wheels:
            for member in pack.members:
                if member.elf is not None:
                    provided |= {member.elf.soname, member.path.rsplit("/", 1)[1]}
                    for soname in member.elf.needed:
                        needed.setdefault(soname, wheel.name)
        found: dict[str, list[str]] = {}
        for soname in sorted(needed.keys() - provided):
            found.setdefault(needed[soname], []).append(soname)
        yield from sorted(found.items())

    def lay_out(self) -> LaidOut:
        """As an installer would. Raises `InvalidWheel`, `FileConflict`."""
        return install(self._wheels, self._interpreter, self._keep)

    def searchable(self, tree: Tree) -> list[Node]:
        """Which files belong to a distribution is told by its RECORD alone."""
        return record_nodes(tree, self._interpreter)

    def describe(self, tree: Tree, cache: Cache) -> list[Node]:
        """Byte code where it is asked for, and a RECORD for each distribution."""
        compiled: list[Node] = []
        compiler = self._compiler_of()
        if compiler is not None:
            source = self._application.source
            compiled = byte_code_nodes(tree, self._interpreter, compiler, source, cache)
            tree = tree.with_nodes(compiled)
        return [*compiled, *record_nodes(tree, self._interpreter)]

    def evidence(self, documents: Documents) -> EvidenceSource:
        """See `PythonEvidence`; what it finds out is used for `faults` again."""

        def source(known: Known) -> PythonEvidence:
            requested = self._application.dependencies.names
            analyses = self._analyses = Analyses(documents)
            self._evidence = PythonEvidence(known, self._interpreter, requested, analyses)
            return self._evidence

        return source

    def loaded(self) -> frozenset[str] | None:
        """The files of the modules that were reached."""
        found = self._evidence.found if self._evidence is not None else None
        return None if found is None else frozenset(found.modules.values())

    def computed(self) -> Computed | None:
        """Dynamic imports that neither the code nor a rule explains."""
        unresolved = self._evidence.found.unresolved if self._evidence is not None else ()
        return Computed(COMPUTED, tuple(map(str, unresolved))) if unresolved else None

    def mentions(self, node: Node) -> Iterable[Mention]:
        """See `mentions_of`."""
        return mentions_of(node)

    def starters(self) -> Iterator[tuple[str, str]]:
        """See `programs_of`."""
        return programs_of(wheel.name for wheel, _ in self._wheels)

    def faults(self, tree: Tree, elf: Elf, around: FinishedTree, cache: Cache) -> list[Fault]:
        """See `python_faults`."""
        found = self._evidence.found if self._evidence is not None else None
        gone = ((one.path, f"{one.rule}: {one.reason}") for one in around.removed)
        world = PythonWorld(
            machine=around.platform.machine,
            commands=around.commands,
            modules={} if found is None else found.modules,
            held=frozenset() if found is None else found.held,
            gone=gone_modules(gone, complete=True),
            installed=frozenset(normal_name(wheel.name) for wheel, _ in self._wheels),
        )
        analyses = self._analyses or Analyses(cache)
        faults = python_faults(tree, elf, world, analyses)
        analyses.save()
        return [*faults, *installed_twice(tree, self._interpreter.site_directory)]
