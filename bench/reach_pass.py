"""The reachability pass by itself: with cold and warm analyses, by size of the tree, without rules.

Seconds are of processor time, user and system together, which other work on the machine disturbs
least; each is the least of several runs.
"""

from __future__ import annotations

import gc
import platform as host
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from bench.measure import megabytes, table
from bench.peers.context import Example
from bench.results import write_section
from distil.cli import OBJECTS
from distil.compose.gather import Gathered, Ingredients, gather
from distil.compose.narrow import roots_of, searchable
from distil.compose.needs import OwnFiles, find_needs
from distil.compose.plan import plan_image
from distil.compose.resolving import IndexResolver
from distil.compose.subject import read_subject
from distil.fetch.cache import Cache
from distil.fetch.http import Client
from distil.model.blob import InlineBlob
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, PackageOrigin
from distil.model.platform import parse_platform
from distil.model.tree import Tree
from distil.reach.documents import Documents
from distil.reach.known import EvidenceSource, Known
from distil.reach.reachable import Reached, reach
from distil.reach.roots import Roots
from distil.runtimes.protocol import RuntimeContents
from distil.runtimes.python.application import PythonApplication
from distil.runtimes.python.evidence import PythonEvidence
from distil.runtimes.python.interpreter import PythonInterpreter
from distil.runtimes.python.reach import Analyses
from distil.runtimes.python.reach.rules import STANDARD_LIBRARY, RuleSet, shipped_rules
from distil.runtimes.table import find_place
from distil.source.scan import application_tree
from distil.source.specification import Overrides, read_spec

REPEATS = 5
SIZES = (7_500, 15_000, 30_000, 60_000)
COPIED = "werkzeug"


class Store:
    """Documents in memory: an analysis cache that begins empty."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], bytes] = {}

    def document(self, area: str, key: str) -> bytes | None:
        return self._documents.get((area, key))

    def put_document(self, area: str, key: str, data: bytes) -> None:
        self._documents[area, key] = data


class Subject(msgspec.Struct, frozen=True):
    """What the pass is given for one example; `interpreter` runs it, `requested` are its own."""

    gathered: Gathered
    contents: RuntimeContents
    tree: Tree
    roots: Roots
    interpreter: PythonInterpreter
    requested: tuple[str, ...]

    def reach(self, documents: Documents, tree: Tree | None = None) -> Reached:
        """Everything that the pass does for a build."""
        return self._reach(self.contents.evidence(documents), documents, tree or self.tree)

    def reach_without_rules(self) -> Reached:
        """The pass with the rules for the standard library alone."""
        few = RuleSet(f for f in shipped_rules().files if f.distribution == STANDARD_LIBRARY)

        def evidence(known: Known) -> PythonEvidence:
            analyses = Analyses()
            return PythonEvidence(known, self.interpreter, self.requested, analyses, few)

        return self._reach(evidence, Store(), self.tree)

    def _reach(self, evidence: EvidenceSource, documents: Documents, tree: Tree) -> Reached:
        return reach(tree, self.gathered.elf, self.roots, [evidence], documents)


def measure(examples: Sequence[Example], _work: Path) -> None:
    """Measure the pass for each example, and its growth with the first of them."""
    gc.set_threshold(OBJECTS)  # as in the command itself
    rows = []
    for example in examples:
        rows.append(_row(example.name, _subject(example.source)))
        print(rows[-1])
    head = ["", "cold, s", "warm, s", "kept, MB (files)", "without rules, MB (files)"]
    text = table(head, rows)
    growth = list(_growth(_subject(examples[0].source)))
    head = ["files in the tree", "kept", "cold, s", "warm, s", "warm, ms for 1,000 files"]
    text += f"\n\nA tree of {examples[0].name} and copies of {COPIED}, each imported:\n\n"
    text += table(head, growth)
    text += (
        "\n\nProcessor time of the pass alone. Cold: no file has been analysed before. Without "
        "rules: those of `python.toml` only, so that every dynamic import is unresolved."
    )
    write_section("Reachability pass", "scripts/bench reach", text)


def _row(name: str, subject: Subject) -> list[str]:
    cold, warm, reached = _times(subject.tree, subject)
    without = subject.reach_without_rules()
    sizes = [_size(subject.gathered.tree, one) for one in (reached, without)]
    return [name, f"{cold:.2f}", f"{warm:.2f}", *sizes]


def _size(tree: Tree, reached: Reached) -> str:
    nodes = [node for node in tree if node.path in reached.kept and node.blob is not None]
    return f"{megabytes(sum(node.size for node in nodes))} ({len(nodes):,})"


def _times(tree: Tree, subject: Subject, repeats: int = REPEATS) -> tuple[float, float, Reached]:
    """Seconds with an empty store and with one that knows every file, and the answer."""
    cold = min(_seconds(lambda: subject.reach(Store(), tree)) for _ in range(repeats))
    store = Store()
    reached = subject.reach(store, tree)
    warm = min(_seconds(lambda: subject.reach(store, tree)) for _ in range(repeats))
    return cold, warm, reached


def _seconds(action: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    action()
    return time.process_time() - start


def _growth(subject: Subject) -> Iterator[list[str]]:
    template = [n for n in subject.tree if f"-packages/{COPIED}/" in n.path and n.blob is not None]
    for size in SIZES:
        copies = max(0, (size - len(subject.tree)) // len(template))
        tree = subject.tree.with_nodes(_copies(template, copies))
        cold, warm, reached = _times(tree, subject, repeats=1)
        rate = warm / len(tree) * 1e6
        row = [f"{len(tree):,}", f"{len(reached.kept):,}", f"{cold:.2f}", f"{warm:.2f}"]
        print([*row, f"{rate:.1f}"])
        yield [*row, f"{rate:.1f}"]


def _copies(template: Sequence[Node], count: int) -> Iterator[Node]:
    """`count` copies of a distribution under names of their own, and code that imports them."""
    names = [f"{COPIED}_{number}" for number in range(count)]
    for name in names:
        origin = PackageOrigin(f"pkg:pypi/{name}@1", Digest.of(name.encode()))
        copied = [
            msgspec.structs.replace(
                node, path=node.path.replace(f"/{COPIED}/", f"/{name}/"), origin=origin
            )
            for node in template
        ]
        yield from copied
        site = template[0].path.partition(f"/{COPIED}/")[0]
        record = "".join(f"{node.path.removeprefix(site + '/')},,\n" for node in copied)
        for file, text in (("RECORD", record), ("METADATA", f"Name: {name}\n")):
            path = f"{site}/{name}-1.dist-info/{file}"
            blob = InlineBlob.of(text.encode())
            yield Node(path, Kind.FILE, 0o644, blob=blob, origin=origin)
    text = "".join(f"import {name}.serving\n" for name in names)
    blob = InlineBlob.of(text.encode())
    yield Node("/app/copies.py", Kind.FILE, 0o644, blob=blob, origin=ApplicationOrigin("copies.py"))


def _subject(source: Path) -> Subject:
    cache, place = Cache.default(), find_place(source)
    spec = read_spec(place.directory, Overrides())
    with Client(cache) as client:
        subject = read_subject(place, spec)
        resolver = IndexResolver(subject, client)
        resolved = resolver.resolve(parse_platform(host.machine()))
        python = resolved.application
        assert isinstance(python, PythonApplication)
        contents = resolved.runtime.fetch(client, resolver.base)
        application = application_tree(subject.application, spec, subject.sources)
        own = OwnFiles.of(application)
        plan = plan_image(resolved, find_needs(contents, own, resolved.base), debug=False)
        system = plan.system.fetch(client)
        ingredients = Ingredients(system, contents, application, own_elf=own.elf)
    gathered = gather(plan, ingredients, cache)
    return Subject(
        gathered,
        contents,
        searchable(gathered, ingredients),
        roots_of(plan, gathered),
        PythonInterpreter(resolved.runtime.version, (2, 17), host.machine()),
        python.dependencies.names,
    )
