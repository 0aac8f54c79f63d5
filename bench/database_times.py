"""The database of advisories: making it, bringing it up to date, its size, and looking things up.

It is made of the dumps that ``DISTIL_ADVISORIES`` names, or of ``shared/advisories`` beside the
checkout. Seconds are of processor time, user and system together, which other work on the machine
disturbs least; each is the least of several runs.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measure import megabytes, run, table
from bench.peers.context import Example
from bench.results import write_section
from distil.vulns.database.reader import Database

REPEATS = 3
NAMES = 10_000


def measure(_: Sequence[Example], work: Path) -> None:
    """Make the database, update it, ask it, and write the table."""
    place, path = dumps(), work / "advisories.db"
    rows = [made(place, path), unchanged(place, path), started(path)]
    names = packages(place)
    with Database.open(path) as database:
        status = database.status
    documents = sum(one.documents for one in status.feeds)
    rows += asked(path, names)
    text = table(["", "processor, s", "memory, MB"], rows)
    size = f"{documents:,} documents, {megabytes(status.size)} MB on the disk"
    write_section("The database", "scripts/bench database", f"{text}\n\n{size}.\n\n{NOTE}")


NOTE = f"""Made of `AlmaLinux`, `Bitnami`, `Debian`, `Go`, `PyPI`, `crates.io`, KEV and EPSS: 43,281
advisories, and 360,142 scores. *Look-ups* are of {NAMES:,} names in Debian 12, of the packages that
have advisories and of others; then of all documents and facts that these lead to."""


def dumps() -> Path:
    """Where the dumps are."""
    named = os.environ.get("DISTIL_ADVISORIES")
    place = Path(named) if named else Path(__file__).parents[2] / "shared" / "advisories"
    if not place.is_dir():
        raise SystemExit("there are no advisories here; DISTIL_ADVISORIES names them")
    return place


def made(place: Path, path: Path) -> list[str]:
    """Making it anew."""
    usages = []
    for _ in range(REPEATS):
        path.unlink(missing_ok=True)
        usages.append(run(update(place, path)))
    best = min(usages, key=lambda one: one.processor)
    return ["made anew", f"{best.processor:.1f}", megabytes(max(one.memory for one in usages))]


def unchanged(place: Path, path: Path) -> list[str]:
    """Finding that nothing has changed, and noting that."""
    usages = [run(update(place, path)) for _ in range(REPEATS)]
    best = min(usages, key=lambda one: one.processor)
    return ["nothing changed", f"{best.processor:.2f}", megabytes(best.memory)]


def started(path: Path) -> list[str]:
    """Saying what it is, process start included."""
    command = [sys.executable, "-m", "distil", "db", "status", "--db", str(path)]
    usages = [run(command) for _ in range(REPEATS)]
    best = min(usages, key=lambda one: one.processor)
    return ["`distil db status`", f"{best.processor:.2f}", megabytes(best.memory)]


def update(place: Path, path: Path) -> list[str | Path]:
    return [sys.executable, "-m", "distil", "db", "update", "--from", place, "--db", path]


def packages(place: Path) -> list[str]:
    """Names of packages that have advisories, and of as many others as are wanted."""
    found: set[str] = set()
    with zipfile.ZipFile(place / "Debian" / "all.zip") as archive:
        for name in archive.namelist():
            found.update(
                one["package"]["name"] for one in json.loads(archive.read(name))["affected"]
            )
    others = (f"unheard-of-{number}" for number in range(NAMES))
    return [*sorted(found), *others][:NAMES]


def asked(path: Path, names: Sequence[str]) -> list[list[str]]:
    """Looking up packages, documents and facts, each time in a database that was just opened."""
    with Database.open(path) as database:
        entries = database.affected("Debian:12", names)
        ids = list(dict.fromkeys(one.advisory for found in entries.values() for one in found))
    cves = [one.removeprefix("DEBIAN-") for one in ids]
    ways: dict[str, Callable[[Database], object]] = {
        f"{NAMES:,} packages looked up": lambda database: database.affected("Debian:12", names),
        f"{len(ids):,} documents": lambda database: database.advisories(ids),
        f"{len(cves):,} facts": lambda database: database.facts(cves),
    }
    return [[name, f"{least(path, way):.3f}", ""] for name, way in ways.items()]


def least(path: Path, way: Callable[[Database], object]) -> float:
    """The processor time of one question."""
    times = []
    for _ in range(REPEATS):
        with Database.open(path) as database:
            gc.collect()
            start = time.process_time()
            way(database)
            times.append(time.process_time() - start)
    return min(times)
