"""Debian versions order as dpkg orders them."""

from __future__ import annotations

import itertools
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distil.formats.debian_version import compare_versions, satisfies, version_key
from tests.support.tools import tool

ASCENDING = [
    ("1~", "1"),
    ("1~~", "1~"),
    ("1~~a", "1~"),
    ("1.0~rc1", "1.0"),
    ("1.0~rc1-1", "1.0~rc1-1+b1"),
    ("1.0", "1.0a"),
    ("1.0a", "1.0+"),
    ("1.0+", "1.0.1"),
    ("1.0Z", "1.0a"),
    ("1.9", "1.10"),
    ("1.09", "1.10"),
    ("9", "10"),
    ("1.2.3-1", "1.2.3-1.1"),
    ("1.2.3-1", "1.2.3-1+deb13u1"),
    ("1.2.3-1~deb13u1", "1.2.3-1"),
    ("1.2-3-4", "1.2-4-1"),
    ("9999", "1:0"),
    ("1:9", "2:0.1"),
    ("1", "1-1"),
    ("1-0", "1-0.1"),
    ("0~~", "0"),
    ("2.41-12+deb13u1", "2.41-12+deb13u5"),
    ("1:1.3.dfsg-1", "1:1.3.dfsg+really1.3.1-1"),
    ("99999999999999999998", "99999999999999999999"),
    ("1" + 5000 * "0", "1" + 5001 * "0"),
    ("", "1"),
    ("~", ""),
]
EQUAL = [
    ("1", "1"),
    ("1", "0:1"),
    ("1", "1-0"),
    ("1-", "1-0"),
    ("1.01", "1.1"),
    ("1.a", "1.a0"),
    ("00", "0"),
    ("1.0", "1."),
    ("", "0"),
]


@pytest.mark.parametrize(("lower", "higher"), ASCENDING)
def test_lower_and_higher(lower: str, higher: str) -> None:
    assert compare_versions(lower, higher) < 0
    assert compare_versions(higher, lower) > 0


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_equal(one: str, other: str) -> None:
    assert compare_versions(one, other) == 0
    assert version_key(one) == version_key(other)


@pytest.mark.parametrize(
    ("operator", "holding"),
    [
        ("<<", ["1"]),
        ("<=", ["1", "2"]),
        ("<", ["1", "2"]),
        ("=", ["2"]),
        (">=", ["2", "3"]),
        (">", ["2", "3"]),
        (">>", ["3"]),
        ("", ["1", "2", "3"]),
    ],
)
def test_operators(operator: str, holding: list[str]) -> None:
    assert [v for v in ("1", "2", "3") if satisfies(v, operator, "2")] == holding


ALPHABET = "0019aZ.+~"
VERSION = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "0:", "1:", "12:"]),
    st.sampled_from("0129"),
    st.text(ALPHABET, max_size=6),
    st.one_of(st.just(""), st.text(ALPHABET, min_size=1, max_size=4).map("-{}".format)),
)


def dpkg_compares(pairs: list[tuple[str, str]]) -> list[int]:
    """The sign of each comparison as dpkg sees it, from one shell for all of them."""
    dpkg = tool("dpkg")
    script = (
        f'while read -r a b; do if {dpkg} --compare-versions "$a" lt "$b"; then echo -1; '
        f'elif {dpkg} --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done'
    )
    lines = "".join(f"{one} {other}\n" for one, other in pairs)
    done = subprocess.run(
        ["sh", "-c", script], input=lines, capture_output=True, text=True, check=True
    )
    return [int(line) for line in done.stdout.split()]


def sign(pair: tuple[str, str]) -> int:
    return compare_versions(*pair)


def test_the_table_is_dpkgs() -> None:
    pairs = [pair for pair in ASCENDING + EQUAL if all(v and v[0].isdigit() for v in pair)]
    versions = sorted({version for pair in pairs for version in pair if len(version) < 40})
    pairs += list(itertools.islice(itertools.combinations(versions, 2), 300))
    pairs = [pair for pair in pairs if not any(version.endswith("-") for version in pair)]
    assert [sign(pair) for pair in pairs] == dpkg_compares(pairs)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(VERSION, VERSION), min_size=30, max_size=40))
def test_any_versions_as_dpkg(pairs: list[tuple[str, str]]) -> None:
    assert [sign(pair) for pair in pairs] == dpkg_compares(pairs)


@given(st.lists(st.text(max_size=8), min_size=3, max_size=3))
def test_any_text_has_a_consistent_order(versions: list[str]) -> None:
    low, middle, high = sorted(versions, key=version_key)
    assert compare_versions(low, high) <= 0
    assert compare_versions(low, middle) <= 0
    assert compare_versions(middle, high) <= 0
