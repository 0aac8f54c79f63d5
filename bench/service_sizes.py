"""Services: beside a Debian image of the same packages, and beside the files that a run opens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.measure import Size, megabytes, run, table, tree_size
from bench.peers.context import Example
from bench.peers.debian import bootstrap
from bench.results import write_section
from bench.size_ladder import TARGET
from tests.e2e.subjects import SERVED, SUBJECTS, Subject
from tests.e2e.workloads import Surroundings
from tests.support.authority import make_authority, serve
from tests.support.postgres import postgres
from tests.support.tracing import TracingRunner, opened_files

PACKAGES = {
    "nginx-site": ("nginx-light",),
    "proxy": ("haproxy",),
    "cache": ("memcached",),
    "scripts": (
        "php8.4-fpm",
        "php8.4-mbstring",
        "php8.4-intl",
        "php8.4-sqlite3",
        "php8.4-curl",
    ),
    "redis": ("redis-server",),
    "postgres": ("postgresql-17",),
}
"""What a Debian image of each service has beside the minimal system."""
NO_CLUSTER = (
    'mkdir -p "$1/etc/postgresql-common"; '
    'echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"'
)
"""What images of PostgreSQL do first: the packages would make a cluster in the image."""
HEAD = ("", "Debian", "packages", "reachable", "opened", "reachable / opened", "not opened")


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Measure each service, and write the table."""
    rows = []
    with _surroundings(work) as around:
        for name, packages in PACKAGES.items():
            row = [name, cell(_debian(packages, work / name))]
            rows.append([*row, *_own((SUBJECTS | SERVED)[name], around, work / name)])
            print(rows[-1], flush=True)
    write_section("Services", "scripts/bench services", f"{table(HEAD, rows)}\n\n{NOTE}")


NOTE = f"""MB uncompressed / compressed (files). Every image is unpacked and written again as one
tar by GNU tar, compressed by one compressor (ISA-L, level 2). *Debian*: mmdebstrap's minbase with
the same packages, without what they recommend, without documentation and lists of packages; what
usual images of the services are made of. *opened*: the files of the image at level `reachable`
that processes opened or executed during the workload of `tests/e2e`, traced by strace, with
interpreters, loaders, links and directories on the way. The aim is {TARGET} times that. *not
opened*: the largest of the others."""


def cell(size: Size) -> str:
    """A size as the table has it."""
    both = f"{megabytes(size.uncompressed)} / {megabytes(size.compressed)}"
    return f"{both} ({size.files:,})"


@contextmanager
def _surroundings(work: Path) -> Iterator[Surroundings]:
    with ExitStack() as stack:
        authority = make_authority(work / "authority")
        service = stack.enter_context(serve(authority))
        database = stack.enter_context(postgres(authority))
        yield Surroundings(authority, service, database)


def _debian(packages: Sequence[str], work: Path) -> Size:
    work.mkdir(parents=True, exist_ok=True)
    root = work / "debian"
    bootstrap(work / "debian.tar", packages, [NO_CLUSTER])
    root.mkdir()
    run(["tar", "--extract", f"--directory={root}", f"--file={work / 'debian.tar'}"])
    for place in ("usr/share/doc", "usr/share/man", "var/lib/apt/lists", "var/cache/apt"):
        shutil.rmtree(root / place, ignore_errors=True)
    size = tree_size(root)
    shutil.rmtree(root)
    return size


def _own(subject: Subject, around: Surroundings, work: Path) -> list[str]:
    runner = TracingRunner()
    try:
        whole, part = (subject.image(level, work / "distil") for level in ("packages", "reachable"))
        subject.work(runner, part, around)
        root = runner.root(part).directory
        opened = opened_files(runner, part)
        kept, floor = tree_size(root), tree_size(root, opened)
        sizes = [tree_size(runner.root(whole).directory), kept, floor]
        ratio = kept.uncompressed / floor.uncompressed
        return [*map(cell, sizes), f"{ratio:.2f}", ", ".join(_largest(root, opened))]
    finally:
        runner.close()


def _largest(root: Path, opened: set[str]) -> Iterator[str]:
    """The largest files of `root` that are not among `opened`, each with its MB."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    others = [path for path in files if f"/{path.relative_to(root)}" not in opened]
    for path in sorted(others, key=lambda path: -path.stat().st_size)[:8]:
        yield f"{path.name} {megabytes(path.stat().st_size)}"
