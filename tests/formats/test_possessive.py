import re

import pytest

from distil.formats.possessive import atomic, compile_possessive


@pytest.mark.parametrize(
    ("pattern", "same"),
    [
        (r"(?:a|b)*+c", r"(?>(?:a|b)*)c"),
        (r"(a(?:b)?+)++", r"(?>(a(?>(?:b)?))+)"),
        (r"[)*+(]*+(x)", r"[)*+(]*+(x)"),
        (r"\(*+\)++", r"\(*+\)++"),
        (r"[]()]*+", r"[]()]*+"),
        (r"[^]\]()]*+(?:a)*", r"[^]\]()]*+(?:a)*"),
    ],
)
def test_groups_become_atomic_and_single_characters_stay(pattern: str, same: str) -> None:
    assert atomic(pattern) == same
    re.compile(same)


def test_what_was_matched_is_never_given_back() -> None:
    assert compile_possessive(r"(?:a|b)*+b").match("abab") is None
    assert compile_possessive(r"((?:a|b)*+)c").match("ababc")[1] == "abab"


def test_contents_that_backtrack_are_matched_on_every_version() -> None:
    """The case of gh-106052."""
    found = compile_possessive(r"(?:ab?c)*+d").match("acabcd")
    assert found is not None
    assert found[0] == "acabcd"
    assert compile_possessive(r"(?:(?:ab)++c)*+$").fullmatch("ababcabc") is not None
