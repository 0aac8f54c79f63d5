"""The solver's answers, the reasons it gives, its cuts and its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from distil.distros.debian.errors import VirtualPackage
from distil.distros.debian.solver import SOLVER
from distil.distros.debian.solvers import REQUESTED
from distil.distros.errors import UnknownPackage, UnknownPackageVersion, UnsatisfiableDependencies
from distil.distros.protocol import Edge
from tests.distros.debian.solver_rules import RULES, Rule
from tests.support.debian_archive import open_index


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_rule(rule: Rule, tmp_path: Path) -> None:
    index = open_index(rule.archive, tmp_path)
    if rule.expected is None:
        with pytest.raises(UnsatisfiableDependencies):
            SOLVER.solve(rule.wanted.split(), index)
        return
    solution = SOLVER.solve(rule.wanted.split(), index)
    versions = {package.name: package.version for package in solution.packages}
    expected = [text.partition("=") for text in rule.expected.split()]
    assert sorted(versions) == [name for name, _, _ in expected]
    assert all(versions[name] == version for name, _, version in expected if version)


def test_reasons_name_who_needs_what(tmp_path: Path) -> None:
    archive = "a 1; Depends: b (>= 1) | c; Pre-Depends: d\nb 1; Depends: d\nc 1\nd 1"
    reasons = SOLVER.solve(["a"], open_index(archive, tmp_path)).reasons
    assert reasons == {
        "a": (Edge("", REQUESTED, "a"),),
        "b": (Edge("a", "Depends", "b (>= 1) | c"),),
        "d": (Edge("a", "Pre-Depends", "d"), Edge("b", "Depends", "d")),
    }


def test_reason_for_what_is_only_recommended(tmp_path: Path) -> None:
    rule = next(rule for rule in RULES if rule.name.startswith("something recommended"))
    reasons = SOLVER.solve(["a"], open_index(rule.archive, tmp_path)).reasons
    assert reasons["d"] == (Edge("a", "Recommends", "d"),)


def test_a_cut_edge_is_not_followed(tmp_path: Path) -> None:
    index = open_index("a 1; Depends: b, c\nb 1; Depends: d\nc 1\nd 1", tmp_path)
    solution = SOLVER.solve(["a"], index, cut=lambda package, name: (package, name) == ("a", "b"))
    assert [package.name for package in solution.packages] == ["a", "c"]
    assert solution.cut == (Edge("a", "Depends", "b"),)


def test_a_cut_names_any_alternative_and_cuts_the_clause(tmp_path: Path) -> None:
    index = open_index("a 1; Depends: b | v\nb 1\nc 1; Provides: v", tmp_path)
    solution = SOLVER.solve(["a"], index, cut=lambda package, name: name == "b")
    assert [package.name for package in solution.packages] == ["a"]
    assert solution.cut == (Edge("a", "Depends", "b | v"),)


def test_what_is_cut_in_one_place_may_be_needed_in_another(tmp_path: Path) -> None:
    index = open_index("a 1; Depends: b, c\nb 1\nc 1; Depends: b", tmp_path)
    solution = SOLVER.solve(["a"], index, cut=lambda package, name: (package, name) == ("a", "b"))
    assert solution.reasons["b"] == (Edge("c", "Depends", "b"),)


def test_a_cut_dependency_need_not_exist(tmp_path: Path) -> None:
    index = open_index("a 1; Depends: nothing", tmp_path)
    solution = SOLVER.solve(["a"], index, cut=lambda package, name: name == "nothing")
    assert [package.name for package in solution.packages] == ["a"]


def test_the_same_package_twice(tmp_path: Path) -> None:
    solution = SOLVER.solve(["a", "a:amd64", "a=1"], open_index("a 1", tmp_path))
    assert [str(package) for package in solution.packages] == ["a 1"]


def test_very_long_chains_need_no_stack(tmp_path: Path) -> None:
    lines = [f"p{n} 1; Depends: p{n + 1}" for n in range(2000)]
    solution = SOLVER.solve(["p0"], open_index("\n".join([*lines, "p2000 1"]), tmp_path))
    assert len(solution.packages) == 2001


def test_unknown_package_names_similar_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownPackage) as caught:
        SOLVER.solve(["pythn3"], open_index("python3 1\nperl 1", tmp_path))
    assert "'pythn3' in trixie (amd64)" in caught.value.message
    assert caught.value.hint == "did you mean python3?"


def test_unknown_version_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownPackageVersion) as caught:
        SOLVER.solve(["a=3"], open_index("a 1\na 2", tmp_path))
    assert caught.value.hint == "there is 2, 1"


@pytest.mark.parametrize("wanted", ["a:i386", "a b", "", "A/../b", "a="])
def test_what_is_no_package_name(wanted: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownPackage):
        SOLVER.solve([wanted], open_index("a 1", tmp_path))


def test_virtual_package_with_several_providers(tmp_path: Path) -> None:
    with pytest.raises(VirtualPackage) as caught:
        SOLVER.solve(["v"], open_index("b 1; Provides: v\nc 1; Provides: v", tmp_path))
    assert caught.value.hint == "name one of them: b, c"


UNSATISFIABLE = [
    (
        "a 1; Depends: b\nb 2; Depends: c (>= 3)\nc 1",
        "a",
        ["a → b 2 has Depends: c (>= 3), but there is only c 1"],
    ),
    (
        "a 1; Depends: b | c\nb 1; Depends: x\nc 1; Depends: y",
        "a",
        [
            "a → b 1 has Depends: x, but there is no package x",
            "a → c 1 has Depends: y, but there is no package y",
        ],
    ),
    (
        "a 1; Depends: v (>= 2)\nb 1; Provides: v (= 1)\nc 1; Provides: v",
        "a",
        ["a 1 has Depends: v (>= 2), but v is only provided by c (no version), b (1)"],
    ),
    (
        "a 1; Depends: b:any\nb 1",
        "a",
        ["a 1 has Depends: b:any, but b 1 is not Multi-Arch: allowed"],
    ),
    ("a 1; Conflicts: b\nb 1", "a b", ["a 1 has Conflicts: b, but b 1 is needed too"]),
    (
        "a 1; Depends: c\nc 1; Conflicts: d\nb 1; Depends: d\nd 1",
        "a b",
        ["b 1 has Depends: d, but c 1 has Conflicts: d"],
    ),
    (
        "a 1; Depends: b (<< 2)\nb 1\nb 2",
        "a",
        ["a 1 has Depends: b (<< 2), but b 2 is the version of b to install"],
    ),
    (
        "a 1; Depends: b, c\nb 1; Depends: l (= 1)\nl 1\nl 2\nc 1; Depends: l (>= 2)",
        "a",
        ["a → b 1 has Depends: l (= 1), but l 2 is the version of l to install"],
    ),
]


@pytest.mark.parametrize(("archive", "wanted", "said"), UNSATISFIABLE)
def test_unsatisfiable_says_who_asks_for_what(
    archive: str, wanted: str, said: list[str], tmp_path: Path
) -> None:
    with pytest.raises(UnsatisfiableDependencies) as caught:
        SOLVER.solve(wanted.split(), open_index(archive, tmp_path))
    assert list(caught.value.chains) == said
    assert caught.value.exit_code == 2
