"""How long it takes to tell what is in an image, beside Syft and Trivy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.measure import Usage, megabytes, middle, run, seconds, table
from bench.peers.context import Example
from bench.results import write_section
from tests.e2e.catalog.images import RealImage, Way
from tests.e2e.catalog.making import make
from tests.e2e.catalog.peers import without_databases
from tests.support.tools import run_tool

REPEATS: Final = 3
BIN: Final = Path(sys.executable).parent

LIBRARIES: Final = "/usr/lib/x86_64-linux-gnu"

SUBJECTS: Final = {
    "Debian 13 without documentation, Flask": RealImage(
        "small",
        Way.BUILDAH,
        "trixie",
        packages=("python3-minimal",),
        distributions=("flask==3.1.2", "requests==2.32.5"),
        steps=(
            f"cd {LIBRARIES} && rm -r gconv perl-base libapt* libstdc++* libsystemd*",
            "rm -r /usr/bin/perl* /usr/lib/python3.13/__pycache__ /usr/bin/apt* /usr/bin/dpkg*",
        ),
        only=("/etc", "/usr/bin", LIBRARIES, "/usr/lib/python3.13", "/opt", "/var/lib/dpkg"),
    ),
    "Debian 12, Python, pip, Django": RealImage(
        "middle",
        Way.BUILDAH,
        "bookworm",
        packages=("python3", "python3-pip"),
        distributions=("django==5.2.8", "requests==2.32.5"),
    ),
    "Debian 12, Node.js, Java, Go, R, PostgreSQL": RealImage(
        "large",
        Way.BUILDAH,
        "bookworm",
        packages=(
            *("nodejs", "npm", "openjdk-17-jdk-headless", "golang-go", "g++", "r-base-core"),
            *("postgresql", "libmaven3-core-java", "python3-numpy", "python3-pandas", "php-cli"),
        ),
        distributions=("scipy==1.16.3", "scikit-learn==1.7.2", "pyarrow==22.0.0"),
        modules=("express@5.1.0", "typescript@5.9.3", "webpack@5.102.1"),
    ),
}


@dataclass(frozen=True)
class Look:
    """A way to look at an image; with `is_again` what an earlier run kept is there."""

    name: str
    command: Callable[[Path, Path], Sequence[str | Path]]
    is_again: bool = False


def _distil(*options: str) -> Callable[[Path, Path], Sequence[str | Path]]:
    return lambda archive, _: (BIN / "distil", "sbom", f"docker-archive:{archive}", *options)


def syft(archive: Path, _cache: Path) -> Sequence[str | Path]:
    return (BIN / "syft", "scan", "--quiet", f"docker-archive:{archive}", "--output", "json")


def _syft_files(archive: Path, cache: Path) -> Sequence[str | Path]:
    return ("env", "SYFT_FILE_METADATA_SELECTION=all", *syft(archive, cache))


def trivy(archive: Path, cache: Path) -> Sequence[str | Path]:
    options = ("--skip-db-update", "--skip-java-db-update", "--offline-scan")
    command = (BIN / "trivy", "image", "--quiet", "--cache-dir", cache / "trivy", *options)
    return (*command, "--format", "cyclonedx", "--input", archive)


COMPONENTS: Final = _distil("--components-only", "--format", "cyclonedx")
FILES: Final = _distil("--format", "syft")

LOOKS: Final = (
    Look("distil, components only", COMPONENTS),
    Look("distil, components only, layers known", COMPONENTS, is_again=True),
    Look("distil, every file", FILES),
    Look("distil, every file, layers known", FILES, is_again=True),
    Look("Syft, files of packages", syft),
    Look("Syft, every file", _syft_files),
    Look("Trivy, components only", trivy),
    Look("Trivy, components only, layers known", trivy, is_again=True),
)


def measure(_examples: Sequence[Example], work: Path) -> None:
    """Make the images, and time each way to look at each."""
    rows = []
    for number, (what, image) in enumerate(SUBJECTS.items()):
        archive = archived(image, work / f"{number}.tar")
        size = megabytes(archive.stat().st_size)
        for look, usages in timed(archive, work / "cache", LOOKS).items():
            row = [f"{what} ({size} MB): {look.name}", seconds(middle([u.seconds for u in usages]))]
            row += [seconds(middle([u.processor for u in usages]))]
            rows.append([*row, megabytes(max(u.memory for u in usages))])
            print(rows[-1], flush=True)
        archive.unlink()
    text = table(["image: program", "seconds", "processor seconds", "memory, MB"], rows)
    text += f"""

The median of {REPEATS} rounds, of memory the most. Images as `docker save` writes them, in the page
cache; whole processes, so the interpreter's start is in each. *components only*: which packages
there are. *every file*: each file hashed, and by distil also attributed and held against what its
owner says of it; Syft writes down the digests. *layers known*: the second look, with what the first
has kept; Syft keeps nothing. Syft is 1.18.1, Trivy 0.76.0, without its databases."""
    write_section("What is in an image", "scripts/bench inventories", text)


def archived(image: RealImage, archive: Path) -> Path:
    """The image as `docker save` writes it, at `archive`."""
    made = make(image, Path(os.environ.get("DISTIL_CORPUS", archive.parent / "images")))
    run_tool("skopeo", "copy", "--quiet", made.for_distil, f"docker-archive:{archive}")
    return archive


def timed(
    archive: Path, cache: Path, looks: Sequence[Look], **more: str
) -> dict[Look, list[Usage]]:
    """Each of `looks` at the image, `REPEATS` times; `more` are variables for distil."""
    usages: dict[Look, list[Usage]] = {look: [] for look in looks}
    # Byte code is written, as installers do.
    environment = {"DISTIL_CACHE_DIR": str(cache / "distil"), "PYTHONDONTWRITEBYTECODE": "", **more}
    archive.read_bytes()
    for _ in range(REPEATS):
        for look in looks:
            if not look.is_again:
                shutil.rmtree(cache, ignore_errors=True)
                without_databases(cache / "trivy")
            usages[look].append(run(look.command(archive, cache), environment))
    return usages
