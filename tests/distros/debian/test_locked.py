"""An index narrowed to what was locked comes to the same answer, for the same reasons."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path

import pytest

from distil.distros.debian.cuts import default_cuts
from distil.distros.debian.index import PackageIndex
from distil.distros.debian.lock_part import LockedSuite
from distil.distros.debian.locked import locked_packages, stanzas
from distil.distros.debian.solver import SOLVER
from distil.distros.debian.solvers import Solution
from distil.distros.errors import UnsatisfiableDependencies
from distil.fetch.cache import Cache
from distil.model.digest import Digest
from tests.distros.debian.agreement import LISTS, OracleOf, listed_packages
from tests.support.debian_archive import MemorySource, packages_file, random_archive

CUT = default_cuts().edge


def again(wanted: list[str], solution: Solution, index: PackageIndex, cache: Cache) -> Solution:
    """The answer of an index that has nothing but the packages of `solution`."""
    suites = [
        LockedSuite(
            suite=source.suite,
            component=str(number),
            codename=source.codename,
            date=datetime.datetime.now(datetime.UTC),
            mirror=source.base_url,
            index=Digest.of(b""),
            version=source.version,
        )
        for number, source in enumerate(index.sources)
    ]
    locked = locked_packages(solution.packages, index, suites)
    sources = [
        MemorySource(
            stanzas([package for package in locked if package.suite == suite.key]),
            suite.suite,
            version=suite.version,
            base_url=suite.mirror,
        )
        for suite in suites
    ]
    return SOLVER.solve(wanted, PackageIndex(sources, cache, index.architecture), cut=CUT)


@pytest.mark.network
@pytest.mark.xdist_group("apt")
@pytest.mark.parametrize(("suite", "architecture"), list(LISTS))
def test_debian(suite: str, architecture: str, oracle_of: OracleOf, tmp_path: Path) -> None:
    oracle = oracle_of(suite, architecture)
    cache = Cache(tmp_path / "cache")
    index = PackageIndex(oracle.index_files(), cache, architecture)
    compared = 0
    for wanted in listed_packages(LISTS[suite, architecture]):
        try:
            solution = SOLVER.solve(wanted, index, cut=CUT)
        except UnsatisfiableDependencies:
            continue
        assert again(wanted, solution, index, cache) == solution, wanted
        compared += 1
    assert compared > 20


def test_random_archives(tmp_path: Path) -> None:
    """Archives full of conflicts: nearly always the same.

    What a lock makes of itself is compared with what it was made from when it is written, so a
    difference is an error then and never another image.
    """
    cache = Cache(tmp_path)
    same = different = 0
    for seed in range(40):
        names, text = random_archive(seed, "r-", conflicts=0.2)
        index = PackageIndex([MemorySource(packages_file(text))], cache, "amd64")
        for wanted in itertools.islice(names, 6):
            try:
                solution = SOLVER.solve([wanted], index, cut=CUT)
            except UnsatisfiableDependencies:
                continue
            if again([wanted], solution, index, cache).packages == solution.packages:
                same += 1
            else:
                different += 1
    assert same > 100
    assert different <= 1
