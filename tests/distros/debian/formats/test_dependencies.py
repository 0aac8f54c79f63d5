"""Relationship fields: their grammar, and what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.distros.debian.errors import MalformedRelation
from distil.distros.debian.formats import dependencies as debian_dependencies
from distil.distros.debian.formats.dependencies import Relation, clause_text, parse_relations


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("", ()),
        ("a", ((Relation("a"),),)),
        ("a, b,", ((Relation("a"),), (Relation("b"),))),
        ("a | b", ((Relation("a"), Relation("b")),)),
        ("a|b,c", ((Relation("a"), Relation("b")), (Relation("c"),))),
        ("a\n , b", ((Relation("a"),), (Relation("b"),))),
        ("a (>= 1:2.0-1~x+b)", ((Relation("a", ">=", "1:2.0-1~x+b"),),)),
        ("a(=1)", ((Relation("a", "=", "1"),),)),
        ("a ( << 1 )", ((Relation("a", "<<", "1"),),)),
        ("a (< 1), b (> 1)", ((Relation("a", "<=", "1"),), (Relation("b", ">=", "1"),))),
        ("a:any (>> 1)", ((Relation("a", ">>", "1", "any"),),)),
        ("a:native", ((Relation("a", qualifier="native"),),)),
        ("a:kfreebsd-amd64", ((Relation("a", qualifier="kfreebsd-amd64"),),)),
        ("libstdc++6, x.y-z", ((Relation("libstdc++6"),), (Relation("x.y-z"),))),
        ("R-cran", ((Relation("R-cran"),),)),
        ("a <!nocheck>, b <x> <y !z>", ((Relation("a"),), (Relation("b"),))),
        ("a [amd64 arm64] <!nodoc>", ((Relation("a"),),)),
    ],
)
def test_fields(field: str, expected: tuple[tuple[Relation, ...], ...]) -> None:
    assert parse_relations(field) == expected


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("a [amd64]", ["a"]),
        ("a [arm64]", []),
        ("a [!amd64]", []),
        ("a [!arm64 !i386]", ["a"]),
        ("a [linux-any]", ["a"]),
        ("a [any-amd64]", ["a"]),
        ("a [hurd-any], b", ["b"]),
        ("a [arm64] | b", ["b"]),
        ("a []", ["a"]),
    ],
)
def test_architecture_restrictions(field: str, names: list[str]) -> None:
    clauses = parse_relations(field, "amd64")
    assert [relation.name for clause in clauses for relation in clause] == names


@pytest.mark.parametrize(
    "field",
    ["a b", "a (1)", "a (>= )", "a (>= 1", "a >= 1", "(>= 1)", "a |", "a || b", "a (== 1)",
     "a (>= 1 2)", "-a", "a:", "a [amd64", "a;b", "${misc:Depends}", "a\0"],
)  # fmt: skip
def test_malformed(field: str) -> None:
    with pytest.raises(MalformedRelation):
        parse_relations(field)


def test_a_field_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_dependencies, "MAX_FIELD", 10)
    with pytest.raises(MalformedRelation, match="longer than 10"):
        parse_relations("abcdefghijkl")


NAMES = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,6}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9][A-Za-z0-9.+~:-]{0,6}", fullmatch=True)
RELATIONS = st.builds(
    Relation,
    NAMES,
    st.sampled_from(["<<", "<=", "=", ">=", ">>"]),
    VERSIONS,
    st.sampled_from(["", "any", "native", "arm64"]),
) | st.builds(Relation, NAMES)
CLAUSES = st.lists(st.lists(RELATIONS, min_size=1, max_size=3).map(tuple), max_size=4).map(tuple)


@given(CLAUSES)
def test_what_was_written_is_read(clauses: tuple[tuple[Relation, ...], ...]) -> None:
    assert parse_relations(", ".join(map(clause_text, clauses))) == clauses


@given(st.text("ab:,| ()<>=![]1\n", max_size=30))
def test_any_text_is_read_or_refused(field: str) -> None:
    try:
        clauses = parse_relations(field)
    except MalformedRelation:
        return
    assert all(clauses)
