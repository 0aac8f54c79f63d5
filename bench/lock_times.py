"""Locking, and building from a lock: distil, and uv with apt's resolver beside it."""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measure import middle, run, seconds, table, timed
from bench.peers.context import UV, Example, prepare
from bench.results import write_section
from distil.distros.debian.sources import find_mirrors
from tests.support.apt_oracle import AptOracle

REPEATS = 5

NOTE = f"""Seconds from the start of the command to its end. *cold* starts with empty caches and is
one run; the others are the median of {REPEATS}. *anew* resolves everything again with the caches
of an earlier run; *unchanged* finds a lock that fits. uv compiles the same
requirements to a pylock.toml for every platform (`uv lock` does the same work, but wants an
interpreter of the target's version); apt-get update and a simulated installation from an empty
status resolve the same Debian packages without writing anything down. *built from it* is
`distil build --locked --offline` with warm caches, image and debug twin written to an OCI layout,
beside the same build without a lock; *from kept archives* has an empty cache and no network: all
bytes come from the layout that `distil lock --vendor` filled."""

_SUITE = "trixie"


def measure(examples: Sequence[Example], work: Path) -> None:
    """Time locks of each of `examples`, and write the table."""
    rows = []
    for example in examples:
        rows += [_distil(example, work / example.name), _peers(example, work / example.name)]
        print(rows[-2], rows[-1])
    head = ["", "with", "cold", "anew", "unchanged", "built from it", "without", "kept archives"]
    write_section("Locks", "scripts/bench locks", f"{table(head, rows)}\n\n{NOTE}")


def _distil(example: Example, work: Path) -> list[str]:
    context = prepare(example, work / "context")
    lock, kept = context / "distil.lock", work / "kept"
    cache = {"DISTIL_CACHE_DIR": str(work / "cache"), "UV_CACHE_DIR": str(work / "uv-cache")}
    empty = {"DISTIL_CACHE_DIR": str(work / "empty"), "UV_CACHE_DIR": str(work / "no-uv-cache")}

    def distil(*arguments: str | Path, environment: dict[str, str] = cache) -> float:
        command = [sys.executable, "-m", "distil", *arguments]
        return run(command, environment).seconds

    def anew() -> float:
        lock.unlink()
        return distil("lock", context)

    def built(*options: str | Path, environment: dict[str, str] = cache) -> float:
        shutil.rmtree(work / "out", ignore_errors=True)
        shutil.rmtree(work / "empty", ignore_errors=True)
        place = ("-t", f"{example.name}:1.0", "-o", f"oci:{work / 'out'}")
        return distil("build", context, *place, *options, environment=environment)

    cold = distil("lock", context)
    times = [cold, _median(anew), _median(lambda: distil("lock", context))]
    distil("lock", context, "--vendor", kept)
    built("--locked")
    times += [_median(lambda: built("--locked", "--offline"))]
    built()
    times += [_median(built)]
    from_kept = ("--locked", "--offline", "--vendor", kept)
    times += [_median(lambda: built(*from_kept, environment=empty))]
    return [example.name, "distil", *(seconds(value) for value in times)]


def _peers(example: Example, work: Path) -> list[str]:
    wanted, output = work / "wanted.in", work / "pylock.toml"
    wanted.write_text("\n".join(_requirements(example)))
    cache = {"UV_CACHE_DIR": str(work / "uv-cache-of-its-own")}
    compile_ = (UV, "pip", "compile", "--universal", "--python-version", "3.13", wanted)

    def uv() -> float:
        output.unlink(missing_ok=True)
        return run([*compile_, "--output-file", output], cache).seconds

    def apt() -> float:
        oracle = AptOracle.debian(work / "apt", find_mirrors(), _SUITE, "amd64")
        failed: list[str] = []
        packages = ["python3.13", "ca-certificates", "tzdata", "busybox-static"]
        taken = timed(lambda: failed.append(oracle.update()))
        taken += timed(lambda: oracle.install([*packages, *example.packages]))
        assert failed == [""], failed
        return taken

    cold = uv() + apt()
    again = _median(lambda: uv() + apt())
    return [example.name, "uv + apt", seconds(cold), seconds(again), "", "", "", ""]


def _requirements(example: Example) -> list[str]:
    """What the example asks for itself."""
    project = example.source / "pyproject.toml"
    if project.exists():
        return list(tomllib.loads(project.read_text())["project"]["dependencies"])
    names = ("requirements.in", "requirements.txt")
    file = next(path for name in names if (path := example.source / name).exists())
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def _median(action: Callable[[], float]) -> float:
    return middle([action() for _ in range(REPEATS)])
