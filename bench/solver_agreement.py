"""How often distil's solver and apt's simulation agree: the table for bench/RESULTS.md.

Run from the checkout: ``python -m bench.solver_agreement [--sample N] [--seed S]``. Both read the
same index files, from the mirrors in the machine's apt sources, on a system with nothing
installed. The listed packages are those that the tests compare; the sample is drawn from the
whole archive.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.solver import SOLVER
from distil.distros.debian.solvers import Solution
from distil.distros.debian.sources import find_mirrors
from distil.distros.errors import UnsatisfiableDependencies
from distil.fetch.cache import Cache
from tests.distros.debian.agreement import LISTS, listed_packages
from tests.support.apt_oracle import AptOracle
from tests.support.solution_traits import ALTERNATIVE, BREAKS, VIRTUAL, traits

COLUMNS = ("requests", "equal", "different", "refused by both", VIRTUAL, ALTERNATIVE, BREAKS)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sample", type=int, default=0, help="packages drawn from each suite")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    print(f"| suite | set | {' | '.join(COLUMNS)} |")
    print(f"|---|---|{'---:|' * len(COLUMNS)}")
    for (suite, architecture), listed in LISTS.items():
        with tempfile.TemporaryDirectory() as directory:
            compare_suite(suite, architecture, listed, options, Path(directory))


def compare_suite(
    suite: str, architecture: str, listed: str, options: argparse.Namespace, directory: Path
) -> None:
    oracle = AptOracle.debian(directory / "apt", find_mirrors(), suite, architecture)
    if failed := oracle.update():
        raise SystemExit(failed)
    index = open_measured(oracle, directory, architecture)
    sets = {"listed": listed_packages(listed)}
    if options.sample:
        names = random.Random(options.seed).sample(index.names(), options.sample)
        sets[f"random, seed {options.seed}"] = [[name] for name in names]
    for label, wanted in sets.items():
        counts = compare(wanted, oracle, index)
        cells = " | ".join(str(counts[column]) for column in COLUMNS)
        print(f"| {suite} {architecture} | {label} | {cells} |", flush=True)


def open_measured(oracle: AptOracle, directory: Path, architecture: str) -> PackageIndex:
    sources = oracle.index_files()
    for state in ("cold", "warm"):
        start = time.perf_counter()
        index = PackageIndex(sources, Cache(directory / "cache"), architecture)
        print(f"<!-- index opened {state}: {1000 * (time.perf_counter() - start):.1f} ms -->")
    return index


def compare(wanted: list[list[str]], oracle: AptOracle, index: PackageIndex) -> Counter[str]:
    counts = Counter({"requests": len(wanted)})
    spent = 0.0
    for names, theirs in zip(wanted, oracle.install_each(wanted), strict=True):
        start = time.perf_counter()
        solution = solution_of(names, index)
        spent += time.perf_counter() - start
        ours = {one.name: one.version for one in solution.packages} if solution else None
        counts["equal" if ours == theirs else "different"] += 1
        counts["refused by both"] += ours is None and theirs is None
        counts.update(traits(solution, index) if solution else ())
        if ours != theirs:
            print(f"<!-- different: {' '.join(names)}: {differences(ours, theirs)} -->")
    print(f"<!-- distil solved {len(wanted)} requests in {spent:.2f} s -->")
    return counts


def solution_of(names: list[str], index: PackageIndex) -> Solution | None:
    try:
        return SOLVER.solve(names, index)
    except UnsatisfiableDependencies:
        return None


def differences(ours: dict[str, str] | None, theirs: dict[str, str] | None) -> str:
    if ours is None or theirs is None:
        return f"solved by {'apt' if ours is None else 'distil'} only"
    only_ours = sorted(f"{name}={version}" for name, version in ours.items() - theirs.items())
    only_theirs = sorted(f"{name}={version}" for name, version in theirs.items() - ours.items())
    return f"distil {' '.join(only_ours) or '-'}, apt {' '.join(only_theirs) or '-'}"


if __name__ == "__main__":
    main()
