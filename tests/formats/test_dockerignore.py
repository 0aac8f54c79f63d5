"""Docker's patterns. The cases are those of its documentation and of moby's own tests."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.dockerignore import parse_dockerignore
from distil.formats.errors import InvalidProjectFile

CASES = [
    ("*/temp*", "somedir/temporary.txt", True),
    ("*/temp*", "somedir/sub/temporary.txt", False),
    ("*/*/temp*", "somedir/subdir/temporary.txt", True),
    ("temp?", "tempa", True),
    ("temp?", "temp", False),
    ("temp", "dir/temp", False),
    ("**/*.go", "a/b/c.go", True),
    ("**/*.go", "c.go", True),
    ("**/*.go", "c.gone", False),
    ("**", "anything/at/all", True),
    ("**/", "anything", True),
    ("dir/**", "dir/a/b", True),
    ("dir/**", "dir", False),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("/foo", "foo", True),
    ("foo/", "foo/bar", True),
    ("./foo", "foo", True),
    ("foo/../bar", "bar", True),
    ("foo", "foo/below/it", True),
    ("fo*", "foo/below", True),
    ("[a-c]", "b", True),
    ("[^a-c]", "b", False),
    ("a.b", "axb", False),
    ("a\\*b", "a*b", True),
    ("a\\*b", "axb", False),
    ("(x)", "(x)", True),
    ("  spaced  ", "spaced", True),
    ("# comment", "# comment", False),
    ("*.md\n!README.md", "README.md", False),
    ("*.md\n!README.md", "CHANGES.md", True),
    ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", True),
    ("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", False),
    ("*\n!src", "src/deep/inside.py", False),
    ("*\n!src\nsrc/*.pyc", "src/x.pyc", True),
    ("docs\n!docs/README.md", "docs/README.md", False),
    ("! kept", "kept", False),
    ("\ufefffoo", "foo", True),
]


@pytest.mark.parametrize(("text", "path", "left_out"), CASES)
def test_patterns(text, path, left_out):
    assert parse_dockerignore(text).decides(path)[0] is left_out


def test_the_deciding_pattern_is_named():
    assert parse_dockerignore("a*\n*.md\n").decides("a.md") == (True, "*.md")


@pytest.mark.parametrize(("text", "message"), [("ok\n[", "line 2"), ("!", "line 1")])
def test_bad_patterns(text, message):
    with pytest.raises(InvalidProjectFile, match=message):
        parse_dockerignore(text)


@given(st.text(max_size=40), st.text("ab/.", min_size=1, max_size=10))
def test_any_text(text, path):
    with contextlib.suppress(InvalidProjectFile):
        parse_dockerignore(text).decides(path)
