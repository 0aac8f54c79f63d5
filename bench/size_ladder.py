"""The size ladder: each example from a usual image down to the files that a run really opens."""

from __future__ import annotations

import functools
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Size, megabytes, seconds, table, timed, tree_size
from bench.peers import distroless, slim
from bench.peers.context import EXAMPLES, Example, prepare
from bench.results import write_section
from distil.compose.ledgers import open_ledger
from distil.fetch.cache import Cache
from distil.model.ledger import Kept
from distil.model.origin import PackageOrigin
from distil.model.reference import parse_location
from tests.e2e.subjects import SUBJECTS, Subject
from tests.e2e.workloads import Surroundings
from tests.support.authority import make_authority, serve
from tests.support.broker import broker
from tests.support.postgres import postgres
from tests.support.runners import BuiltImage
from tests.support.tracing import TracingRunner, lacking, opened_files

TARGET = 1.35
"""What `reachable` may be, as a multiple of the files that are opened."""
LARGEST = 8
"""Groups of files that are kept and not opened, per image in the table, or more."""
BLOCK = 512


HEAD = ("", "image", "MB", "MB compressed", "files", "packages", "build, s", "workload")
WHY = ("kept and not opened", "MB", "files", "of", "rule", "for example")


@dataclass(frozen=True)
class Rung:
    """One way to build an image of the subject, measured."""

    name: str
    size: Size
    packages: int
    seconds: float | None
    works: bool | None
    """Whether the workload passes; None where there is nothing to run."""

    def row(self, subject: str) -> list[str]:
        works = {True: "pass", False: "**FAIL**", None: ""}[self.works]
        taken = "" if self.seconds is None else seconds(self.seconds)
        sizes = (megabytes(self.size.uncompressed), megabytes(self.size.compressed))
        return [
            subject,
            self.name,
            *sizes,
            f"{self.size.files:,}",
            str(self.packages),
            taken,
            works,
        ]


def measure(examples: Sequence[Example], work: Path) -> None:
    """Climb down for each of `examples`, and for the applications if it is all of them."""
    by_name = {example.name: example for example in examples}
    applications = []
    if len(examples) == len(EXAMPLES):
        applications = [name for name in SUBJECTS if name not in by_name]
    rows: list[list[str]] = []
    explained: list[list[str]] = []
    with _surroundings(work) as around, _peers(work) as peers:
        for name in (*by_name, *applications):
            rungs = list(peers(by_name[name], around)) if name in by_name else []
            own, groups = _own(SUBJECTS[name], around, work / "distil")
            rows += [rung.row(name) for rung in (*rungs, *own)]
            explained += groups
            print(*rows[-len(rungs) - 3 :], sep="\n", flush=True)
    text = f"{table(HEAD, rows)}\n\n{NOTE}\n\n{table(WHY, explained)}"
    write_section("Size ladder", "scripts/bench ladder", text)


def show(names: Sequence[str], work: Path) -> None:
    """Print distil's own rungs of the subjects called `names`, and what is between them."""
    with _surroundings(work) as around:
        for name in names:
            own, groups = _own(SUBJECTS[name], around, work / "distil")
            rows = [rung.row(name) for rung in own]
            print(f"{table(HEAD, rows)}\n\n{table(WHY, groups)}\n", flush=True)


NOTE = f"""Every image is unpacked and written again as one tar by GNU tar, compressed by one
compressor (ISA-L, level 2). *opened* is the floor: of the image at level `packages` only the files
that processes opened or executed during the whole workload of `tests/e2e/subjects.py`, traced by
strace, with interpreters, loaders, links and directories on the way. Packages are Debian packages
and Python distributions that scanners find. The time is that of one build with a warm download
cache; slim-like is built with the base image at hand. Images of peers are run with the same
workload, under runc, read-only. The aim for `reachable` is {TARGET} times *opened*; the second
table says where the rest is: files kept and not opened by the workload, by origin and by the rule
that keeps them, at their size in a tar; at least as many as make up what is above the aim."""

Peers = Callable[[Example, Surroundings], Iterator[Rung]]


@contextmanager
def _surroundings(work: Path) -> Iterator[Surroundings]:
    with ExitStack() as stack:
        authority = make_authority(work / "authority")
        service = stack.enter_context(serve(authority))
        database = stack.enter_context(postgres(authority))
        queue = stack.enter_context(broker(work / "broker"))
        yield Surroundings(authority, service, database, queue)


@contextmanager
def _peers(work: Path) -> Iterator[Peers]:
    buildah = slim.Buildah(work / "buildah")
    try:
        buildah.load_base(slim.base_archive(work))
        debs = distroless.archives(work / "debs")

        def build(example: Example, around: Surroundings) -> Iterator[Rung]:
            place = work / "peers" / example.name
            context = prepare(example, place / "context")
            name = f"localhost/{example.name}"
            slim_time = timed(lambda: buildah.build(context, f"{name}:slim"))

            def like_distroless() -> None:
                distroless.root_file_system(example, context, debs, place / "root")
                distroless.commit(example, place / "root", buildah, f"{name}:distroless")

            times = {"slim": slim_time, "distroless": timed(like_distroless)}
            for tag, taken in times.items():
                buildah.export(f"{name}:{tag}", f"oci:{place / 'layout'}:{tag}")
                image = BuiltImage(f"{example.name}:{tag}", place / "layout", Path())
                yield _peer(SUBJECTS[example.name], image, taken, around)

        yield build
    finally:
        buildah.close()


def _peer(subject: Subject, image: BuiltImage, taken: float, around: Surroundings) -> Rung:
    runner = TracingRunner()
    try:
        works = _works(subject, runner, image, around)
        root = runner.root(image).directory
        return Rung(f"{image.tag}-like", tree_size(root), _packages(root), taken, works)
    finally:
        runner.close()


def _own(subject: Subject, around: Surroundings, work: Path) -> tuple[list[Rung], list[list[str]]]:
    """The rungs of distil, and what is between the last two of them."""
    runner = TracingRunner()
    rungs = []
    images = {}
    try:
        for level in ("packages", "reachable"):
            subject.image(level, work)  # downloads
            taken = timed(functools.partial(subject.image, level, work))
            images[level] = image = BuiltImage(
                f"{subject.name}:{level}", work / subject.name, Path()
            )
            works = _works(subject, runner, image, around)
            root = runner.root(image).directory
            rungs.append(Rung(level, tree_size(root), _packages(root), taken, works))
        lacks = lacking(runner, images["packages"], images["reachable"])
        assert not lacks, "\n".join(map(str, lacks))
        opened = opened_files(runner, images["packages"])
        root = runner.root(images["packages"]).directory
        floor = Rung("opened", tree_size(root, opened), 0, None, None)
        ratio = rungs[-1].size.uncompressed / floor.size.uncompressed
        title = f"{subject.name}, {ratio:.2f}"
        excess = rungs[-1].size.uncompressed - TARGET * floor.size.uncompressed
        return [*rungs, floor], list(_between(title, images["reachable"], opened, excess))
    finally:
        runner.close()


def _works(
    subject: Subject, runner: TracingRunner, image: BuiltImage, around: Surroundings
) -> bool:
    try:
        subject.work(runner, image, around)
    except (AssertionError, OSError, KeyError, ValueError):
        traceback.print_exc()
        return False
    return True


def _packages(root: Path) -> int:
    """Debian packages and Python distributions whose metadata is there."""
    status = root / "var/lib/dpkg/status"
    debian = status.read_text().count("\nStatus: install ok installed\n") if status.exists() else 0
    separate = root / "var/lib/dpkg/status.d"
    debian += sum(1 for p in separate.glob("*") if not p.name.endswith(".md5sums"))
    return debian + sum(1 for _ in root.glob("usr/**/*.dist-info/METADATA"))


def _between(title: str, image: BuiltImage, opened: set[str], excess: float) -> Iterator[list[str]]:
    """The largest groups of files that the image keeps and that nothing opened.

    `excess` is what of them is more than the target allows, in bytes: that much is listed.
    """
    location = parse_location(f"oci:{image.layout}:{image.tag}")
    ledger = open_ledger(location, Cache.default()).ledger
    sizes: Counter[tuple[str, str]] = Counter()
    files: dict[tuple[str, str], list[Kept]] = {}
    for kept in ledger.kept:
        if kept.size and kept.path not in opened:
            group = (_origin(kept), kept.reasons[0].rule)
            sizes[group] += _in_tar(kept.size)
            files.setdefault(group, []).append(kept)
    for group, size in sizes.most_common(_rows(sizes, excess)):
        largest = max(files[group], key=lambda kept: kept.size)
        example = f"`{largest.path}` ({megabytes(largest.size)})"
        yield [title, megabytes(size), f"{len(files[group]):,}", *group, example]


def _in_tar(size: int) -> int:
    """The bytes that a file of `size` takes in a tar: a header, and whole blocks."""
    return BLOCK + -(-size // BLOCK) * BLOCK


def _rows(sizes: Counter[tuple[str, str]], excess: float) -> int:
    """How many of the largest groups hold `excess` bytes, and no fewer than `LARGEST`."""
    total = 0
    for count, (_, size) in enumerate(sizes.most_common(), 1):
        total += size
        if total >= excess and count >= LARGEST:
            return count
    return len(sizes)


def _origin(kept: Kept) -> str:
    if isinstance(kept.origin, PackageOrigin):
        return kept.origin.purl.split("@")[0].rpartition("/")[2]
    return type(kept.origin).__name__.removesuffix("Origin").lower()
