"""How long a scan takes, and how fast packages are matched, beside others' catalogues."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.inventory_times import BIN, REPEATS, SUBJECTS, Look, archived, syft, timed, trivy
from bench.measure import megabytes, middle, run, seconds, table
from bench.peers.context import Example
from bench.results import write_section
from distil.cli import OBJECTS
from distil.model.inventory import (
    Inventory,
    InventoryComponent,
    OsRelease,
    SourcePackage,
    Subject,
)
from distil.vulns.database.layout import PACKAGE
from distil.vulns.database.reader import Database
from distil.vulns.matching.scan import Matching, scan
from tests.support.tools import ROOT

ADVISORIES: Final = Path(os.environ.get("DISTIL_ADVISORIES", ROOT / "../shared/advisories"))
PACKAGES: Final = 10_000
_KINDS: Final = (
    ("Debian:12", "deb", ("1.0-1", "99:1-1")),
    ("PyPI", "python", ("1.0", "99.0")),
    ("Go", "go", ("v1.0.0", "v99.0.0")),
    ("crates.io", "rust", ("1.0.0", "99.0.0")),
)
"""Ecosystems, what is of them, and a version that is old and one that is new."""


def _scan(archive: Path, _cache: Path) -> Sequence[str | Path]:
    options = ("--exit-zero", "--format", "json")
    return (BIN / "distil", "scan", f"docker-archive:{archive}", *options)


LOOKS: Final = (
    Look("distil scan", _scan),
    Look("distil scan, layers known", _scan, is_again=True),
    Look("Syft, catalogue alone", syft),
    Look("Trivy, catalogue alone", trivy),
    Look("Trivy, catalogue alone, layers known", trivy, is_again=True),
)


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Make images and a database, and time scans."""
    database = work / "advisories.db"
    update = (BIN / "distil", "db", "update", "--from", ADVISORIES, "--db", database)
    run(update, {"DISTIL_CACHE_DIR": str(work / "first")})
    rows = []
    for number, (what, image) in enumerate(list(SUBJECTS.items())[:2]):
        archive = archived(image, work / f"{number}.tar")
        size = megabytes(archive.stat().st_size)
        found = timed(archive, work / "cache", LOOKS, DISTIL_DB=str(database))
        for look, usages in found.items():
            row = [f"{what} ({size} MB): {look.name}", seconds(middle([u.seconds for u in usages]))]
            row += [seconds(middle([u.processor for u in usages]))]
            rows.append([*row, megabytes(max(u.memory for u in usages))])
            print(rows[-1], flush=True)
        archive.unlink()
    findings, took = _matched(database)
    text = table(["image: program", "seconds", "processor seconds", "memory, MB"], rows)
    text += f"""

The median of {REPEATS} rounds, of memory the most; whole processes. The peers only tell what there
is: they have no database here. {PACKAGES:,} packages, of which {findings:,} findings come, are
matched in {took:.2f} processor seconds."""
    write_section("Vulnerabilities", "scripts/bench scans", text)


def _matched(path: Path) -> tuple[int, float]:
    """How many findings there are of many packages, a tenth of them old, and how long it takes."""
    with Database.open(path) as database:
        inventory = _many(database)
    took = []
    gc.set_threshold(OBJECTS)  # As the command line does.
    for _ in range(REPEATS):
        with Database.open(path) as database:
            start = time.process_time()
            found = scan(inventory, database, Matching(now=database.status.built))
            took.append(time.process_time() - start)
    return len(found.findings), middle(took)


def _many(database: Database) -> Inventory:
    components = []
    for ecosystem, kind, versions in _KINDS:
        area = database.meta.area(PACKAGE + ecosystem)
        names = [name for shard in database.shards(area) for name in shard] if area else []
        for number, name in enumerate(names[: PACKAGES // len(_KINDS)]):
            source = SourcePackage(name) if kind == "deb" else None
            version = versions[number % 10 != 0]
            components.append(
                InventoryComponent(name=name, version=version, kind=kind, source=source)
            )
    components += [
        InventoryComponent(name=f"none-{number}", version="1.0-1", kind="deb")
        for number in range(len(components), PACKAGES)
    ]
    return Inventory(
        subject=Subject(name="many", platform="linux/amd64"),
        release=OsRelease(id="debian", version_id="12"),
        components=tuple(components),
        has_files=True,
    )
