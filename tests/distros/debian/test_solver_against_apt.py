"""The solver and apt answer alike: on Debian itself, on each rule, on archives made at random."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from distil.distros.debian.index import PackageIndex
from distil.distros.debian.solver import SOLVER
from distil.distros.errors import UnsatisfiableDependencies
from distil.fetch.cache import Cache
from tests.distros.debian.agreement import LISTS, OracleOf, listed_packages
from tests.distros.debian.solver_rules import RULES
from tests.support.apt_oracle import AptOracle, Versions
from tests.support.debian_archive import MemorySource, packages_file, random_archive
from tests.support.debian_root import debian_root
from tests.support.solution_traits import ALTERNATIVE, BREAKS, VIRTUAL, traits
from tests.support.tools import tool

RANDOM_ARCHIVES = 25

HARD_SEEDS = (33, 63, 135, 240, 325, 341, 392, 630, 751, 779, 1049, 1263, 1303, 1526, 1667, 1876)
"""Archives, found among 2,000, whose answers depend on apt's second attempt and its scores, or
on when it notices that a candidate is no longer one."""

OTHERS_IN_APT_3 = {
    "but only if it was there before",
    "of equal providers the one that apt reads last wins",
    "a conflict met later does not bring an alternative back",
    "something recommended that was marked on the way stays",
}
"""The rules of apt 2 that apt 3.3's solver does not have; docs/concepts/trust.md tells of them."""

THOROUGH = pytest.mark.skipif(not os.environ.get("DISTIL_THOROUGH"), reason="set DISTIL_THOROUGH=1")

EVERY = 1 if os.environ.get("DISTIL_THOROUGH") else 5
"""Of all requests to Debian itself each so many-th: apt reads the whole suite for each one."""


def answer(wanted: Sequence[str], index: PackageIndex) -> Versions | None:
    """What distil would install, None when it finds no solution."""
    try:
        return {package.name: package.version for package in SOLVER.solve(wanted, index).packages}
    except UnsatisfiableDependencies:
        return None


def test_every_rule_is_apts_own(tmp_path: Path) -> None:
    tool("apt-get")
    for number, rule in enumerate(RULES):
        oracle = AptOracle.of_index(tmp_path / str(number), packages_file(rule.archive))
        installed = oracle.install(rule.wanted.split())
        expected = None if rule.expected is None else rule.expected.split()
        names = None if installed is None else sorted(installed)
        assert names == (expected and [text.partition("=")[0] for text in expected]), rule.name
        for text in expected or ():
            name, _, version = text.partition("=")
            assert not version or (installed or {})[name] == version, rule.name


def test_random_archives(tmp_path: Path) -> None:
    tool("apt-get")
    lines, wanted = [], []
    for seed in (*range(RANDOM_ARCHIVES), *HARD_SEEDS):
        names, text = random_archive(seed, f"u{seed}-", conflicts=0.5 if seed % 2 else 0.2)
        lines.append(text)
        wanted += [[name] for name in names]
        wanted.append(random.Random(seed).sample(names, 2))
    text = packages_file("\n".join(lines))
    index = PackageIndex([MemorySource(text)], Cache(tmp_path / "cache"), "amd64")
    theirs = AptOracle.of_index(tmp_path / "apt", text).install_each(wanted)
    ours = [answer(names, index) for names in wanted]
    assert any(ours)
    assert None in ours
    different = [case for case in zip(wanted, ours, theirs, strict=True) if case[1] != case[2]]
    assert different == []


@pytest.mark.network
@pytest.mark.xdist_group("apt")
@pytest.mark.parametrize(("suite", "architecture"), list(LISTS))
def test_debian(suite: str, architecture: str, oracle_of: OracleOf, tmp_path: Path) -> None:
    oracle = oracle_of(suite, architecture)
    index = PackageIndex(oracle.index_files(), Cache(tmp_path / "cache"), architecture)
    wanted = listed_packages(LISTS[suite, architecture])[::EVERY]
    theirs = oracle.install_each(wanted)
    ours = [answer(names, index) for names in wanted]
    different = [case for case in zip(wanted, ours, theirs, strict=True) if case[1] != case[2]]
    assert different == []
    assert sum(found is not None for found in ours) > 0.9 * len(wanted)


@pytest.fixture(scope="module")
def apt3(tmp_path_factory: pytest.TempPathFactory) -> tuple[str | Path, ...]:
    """sid's apt-get with its own libraries and solver: a command."""
    top = tmp_path_factory.mktemp("sid")
    debian_root(["apt"], Cache(top / "cache"), base="debian:sid").write(top / "root")
    usr = top / "root/usr"
    linker = (usr / "lib64/ld-linux-x86-64.so.2", "--library-path", usr / "lib/x86_64-linux-gnu")
    return (*linker, usr / "bin/apt-get", "--solver=3.0")


@pytest.mark.network
@THOROUGH
def test_the_rules_that_are_others_in_apt_3(apt3: tuple[str | Path, ...], tmp_path: Path) -> None:
    different = set()
    for number, rule in enumerate(RULES):
        text, wanted = packages_file(rule.archive), rule.wanted.split()
        oracle = AptOracle.of_index(tmp_path / str(number), text)
        oracle.program = apt3
        index = PackageIndex([MemorySource(text)], Cache(tmp_path / "cache"), "amd64")
        if oracle.install(wanted) != answer(wanted, index):
            different.add(rule.name)
    assert different == OTHERS_IN_APT_3


@pytest.mark.network
@THOROUGH
@pytest.mark.parametrize("suite", ["forky", "sid"])
def test_debian_with_apt_3(
    suite: str, apt3: tuple[str | Path, ...], oracle_of: OracleOf, tmp_path: Path
) -> None:
    """Where people meet it, apt 3's solver comes to the same."""
    oracle = oracle_of(suite, "amd64")
    oracle.program = apt3
    index = PackageIndex(oracle.index_files(), Cache(tmp_path / "cache"), "amd64")
    wanted = listed_packages("agreement-apt3.txt")
    theirs = oracle.install_each(wanted)
    ours = [answer(names, index) for names in wanted]
    different = [case for case in zip(wanted, ours, theirs, strict=True) if case[1] != case[2]]
    assert different == []
    assert all(ours)


@pytest.mark.network
@pytest.mark.xdist_group("apt")
@THOROUGH
def test_the_list_has_enough_to_decide(oracle_of: OracleOf, tmp_path: Path) -> None:
    oracle = oracle_of("trixie", "amd64")
    index = PackageIndex(oracle.index_files(), Cache(tmp_path / "cache"), "amd64")
    wanted = listed_packages(LISTS["trixie", "amd64"])
    found = [traits(SOLVER.solve(names, index), index) for names in wanted if answer(names, index)]
    assert len(found) >= 200
    assert sum(VIRTUAL in each for each in found) >= 50
    assert sum(ALTERNATIVE in each for each in found) >= 25
    assert sum(BREAKS in each for each in found) >= 50
