"""Which licences of an expression are denied."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.patterns import text_globs
from distil.policy.licenses import denied_in

COPYLEFT = text_globs(["agpl-*", "gpl-3.0-only", "sspl-1.0", "licenseref-evil"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", set()),
        ("AGPL-3.0-or-later", {"AGPL-3.0-or-later"}),
        ("agpl-3.0-only", {"agpl-3.0-only"}),
        ("MIT OR AGPL-3.0-only", set()),
        ("MIT AND AGPL-3.0-only", {"AGPL-3.0-only"}),
        ("SSPL-1.0 OR AGPL-3.0-only", {"SSPL-1.0", "AGPL-3.0-only"}),
        ("MIT OR BSD-3-Clause AND AGPL-3.0-only", set()),
        ("(MIT OR BSD-3-Clause) AND AGPL-3.0-only", {"AGPL-3.0-only"}),
        ("AGPL-3.0-only AND MIT OR SSPL-1.0", {"AGPL-3.0-only", "SSPL-1.0"}),
        ("((SSPL-1.0))", {"SSPL-1.0"}),
        ("mit or sspl-1.0", set()),
        ("GPL-3.0-only", {"GPL-3.0-only"}),
        ("GPL-3.0-only WITH GCC-exception-3.1", set()),
        ("AGPL-3.0-only WITH some-exception", {"AGPL-3.0-only WITH some-exception"}),
        ("LicenseRef-evil", {"LicenseRef-evil"}),
        ("", set()),
        ("AND", set()),
        ("MIT SSPL-1.0", set()),
        ("(SSPL-1.0", set()),
        ("SSPL-1.0)", set()),
        ("SSPL-1.0 OR", set()),
        ("(" * 5000 + "SSPL-1.0" + ")" * 5000, set()),
        ("(" * 4000 + "SSPL-1.0" + ")" * 4000, {"SSPL-1.0"}),
    ],
)
def test_denied(expression: str, expected: set[str]) -> None:
    assert denied_in(expression, COPYLEFT) == expected


def test_what_is_no_expression_is_one_name() -> None:
    denied = text_globs(["*commercial use*"])
    assert denied_in("No Commercial Use, see LICENSE", denied)
    assert not denied_in("Free for all", denied)


@given(st.text(st.sampled_from("()ANDORWITH sx-"), max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(denied_in(text, COPYLEFT), frozenset)


_NAMES = st.sampled_from(["MIT", "Zlib", "SSPL-1.0", "GPL-3.0-only"])
_TREES = st.recursive(
    _NAMES,
    lambda inner: st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=1)),
    max_leaves=12,
)
_Tree = str | tuple[str, list["_Tree"]]


def written(tree: _Tree) -> str:
    if isinstance(tree, str):
        return tree
    operator, parts = tree
    return "(" + f" {operator} ".join(map(written, parts)) + ")"


def is_denied(tree: _Tree) -> bool:
    if isinstance(tree, str):
        return tree not in ("MIT", "Zlib")
    operator, parts = tree
    judged = [is_denied(part) for part in parts]
    return reduce(lambda a, b: a or b, judged) if operator == "AND" else all(judged)


@given(_TREES)
def test_as_a_choice_among_alternatives(tree: _Tree) -> None:
    assert bool(denied_in(written(tree), COPYLEFT)) is is_denied(tree)
