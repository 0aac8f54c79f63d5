"""A Flask site of Debian 12, as usual and as distil builds it: CVE by CVE, what disappears and why.

All images are made of the same versions of Debian's packages, those of the last point release: what
was fixed since is what is found. The advisories are those in ``DISTIL_ADVISORIES``, a directory in
the layout of OSV's dumps.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.measure import table
from bench.peers.context import EXAMPLES, Example
from bench.peers.debian import KEYRING, mirrors, run
from bench.results import write_section
from tests.support.image_shapes import layout

SUITE: Final = "bookworm"
PYTHON: Final = "3.11"
PACKAGES: Final = "ca-certificates,netbase,tzdata,python3"
DISTIL: Final = str(Path(sys.executable).with_name("distil"))
UV: Final = str(Path(sys.executable).with_name("uv"))
SPECIFICATION: Final = f'[base]\nfrom = "debian:{SUITE}"\n'
SLIM: Final = "slim-like"
ORDER: Final = ("critical", "high", "medium", "low", "unknown")

Finding = Mapping[str, Any]
Findings = Mapping[str, Sequence[Finding]]
"""By CVE, those of each binary package."""


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Make the images, scan them, and write both tables."""
    example = next(one for one in EXAMPLES if one.name == "flask-hello")
    archive = mirrors().archive
    database = work / "advisories.db"
    run([DISTIL, "db", "update", "--from", os.environ["DISTIL_ADVISORIES"], "--db", database])
    images = {SLIM: slim(example, archive, work)}
    for level in ("packages", "reachable"):
        images[level] = built(example, level, archive, work)
    scans = {name: scanned(image, database) for name, image in images.items()}
    found = {name: by_cve(scan) for name, scan in scans.items()}
    head = ("", *scans)
    parts = (
        table(head, totals(scans, found)),
        table(("source package, CVEs", *scans), by_package(found)),
        table(("CVE", "severity", "of", "installed → fixed", *scans), rows(found)),
    )
    write_section("A Flask site, CVE by CVE", "scripts/bench vulnerabilities", "\n\n".join(parts))


def slim(example: Example, archive: str, work: Path) -> str:
    """Debian's smallest system with Python, and the application beside its distributions."""
    root, tar = work / "root", work / "root.tar"
    source = f"deb [signed-by={KEYRING}] {archive} {SUITE} main"
    options = ("--quiet", "--variant=minbase", "--format=directory", f"--include={PACKAGES}")
    run(["mmdebstrap", *options, SUITE, root, source])
    site = root / f"usr/local/lib/python{PYTHON}/dist-packages"
    chosen = ("--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_28")
    uv = (
        str(Path(DISTIL).with_name("uv")),
        "pip",
        "install",
        "--quiet",
        "--only-binary",
        ":all:",
        *chosen,
    )
    run([*uv, "--target", site, "-r", example.source / "pyproject.toml"])
    shutil.copytree(example.source, root / "app")
    for place in ("var/lib/apt/lists", "var/cache/apt"):
        shutil.rmtree(root / place)
    run(["tar", "-C", root, "--numeric-owner", "-cf", tar, "."])
    made, _ = layout(work, tar)
    return f"oci:{made}:made"


def built(example: Example, level: str, archive: str, work: Path) -> str:
    """The same application as distil builds it, of the same archive."""
    source = work / level
    shutil.copytree(example.source, source)
    (source / "distil.toml").write_text(SPECIFICATION)
    place = f"oci:{work / f'{level}-layout'}"
    options = ("--level", level, "-t", "hello:1.0", "-o", place, "--no-debug")
    run(["env", f"DISTIL_DEBIAN_MIRROR={archive}", DISTIL, "build", source, *options])
    return f"{place}:1.0"


def scanned(image: str, database: Path) -> Mapping[str, Any]:
    """The scan of the image, as JSON has it."""
    command = [DISTIL, "scan", image, "--db", str(database), "--format", "json", "--exit-zero"]
    done = subprocess.run(command, capture_output=True, check=True)
    (scan,) = json.loads(done.stdout)["scans"]
    return scan  # type: ignore[no-any-return]


def by_cve(scan: Mapping[str, Any]) -> Findings:
    found = defaultdict(list)
    for one in scan["findings"]:
        found[one["id"]].append(one)
    return found


def totals(scans: Mapping[str, Any], found: Mapping[str, Findings]) -> list[list[str]]:
    """Sums of each image."""
    counting = {
        name: [cve for cve, ones in findings.items() if any(one["counts"] for one in ones)]
        for name, findings in found.items()
    }
    severities = {
        name: Counter(found[name][cve][0]["severity"] for cve in cves)
        for name, cves in counting.items()
    }
    return [
        ["CVEs", *(str(len(cves)) for cves in counting.values())],
        *(
            [severity, *(str(one[severity]) for one in severities.values())]
            for severity in ORDER
            if any(one[severity] for one in severities.values())
        ),
        ["components", *(f"{scan['components']:,}" for scan in scans.values())],
    ]


def by_package(found: Mapping[str, Findings]) -> list[list[str]]:
    """What is there of each source package that has any, in each image."""
    lines = []
    sources = Counter(ones[0]["package"] for ones in found[SLIM].values())
    for source, count in sources.most_common():
        cells = []
        for findings in found.values():
            there = {
                one["name"]: told(one)
                for ones in findings.values()
                for one in ones
                if one["package"] == source
            }
            cells.append("; ".join(f"{name} {what}" for name, what in sorted(there.items())))
        lines.append([f"{source}, {count}", *(cell or "not there" for cell in cells)])
    return lines


def told(one: Finding) -> str:
    if one["presence"] in ("documents", "none"):
        return "documents only" if one["presence"] == "documents" else "no file"
    return f"{one['present']} of {one['claimed']} files"


def rows(found: Mapping[str, Findings]) -> list[list[str]]:
    """One for each CVE of any image."""
    every = {cve: ones for findings in found.values() for cve, ones in findings.items()}

    def place(cve: str) -> tuple[str, int, str]:
        return every[cve][0]["package"], ORDER.index(every[cve][0]["severity"]), cve

    lines = []
    for cve in sorted(every, key=place):
        first = every[cve][0]
        cells = [cell(findings.get(cve, ())) for findings in found.values()]
        step = f"{first['installed']} → {', '.join(first['fixed'][:1])}"
        lines.append([cve, first["severity"], first["package"], step, *cells])
    return lines


def cell(ones: Sequence[Finding]) -> str:
    if not ones:
        return "gone"
    settled = [one["name"] for one in ones if not one["counts"]]
    if len(settled) == len(ones):
        return "not affected"
    return f"counts, but {', '.join(settled)}" if settled else "counts"
