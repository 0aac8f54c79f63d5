"""git's patterns, held against git itself."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distil.formats.gitignore import GitIgnore, parse_gitignore

TOKENS = (
    *("a", "b", "c", "ab", "é", "*", "**", "/", "?", "/**/", "**/", "/**", "a/", " ", "\\ ", "\r"),
    *("[ab]", "[!a]", "[^b]", "[a-c]", "[c-a]", "[]a]", "[a-]", "[\\]]", "[[:alpha:]]", "[[:no:]]"),
    *("\\", "\\*", "[", "]", "-", "[a", "!", "#", "[:alpha:]", "[[:digit:]-]"),
)
NAMES = ("a", "b", "c", "ab", "abc", "a b", "a ", "é", "!a", "#a", "*", "[", "-", "]", "1", "\\")


def ignored(patterns: GitIgnore, path: str) -> bool:
    parts = path.split("/")
    above = ("/".join(parts[:end]) for end in range(1, len(parts)))
    if any(patterns.decides(place, directory=True) for place in above):
        return True
    return patterns.decides(path, directory=False) is True


@pytest.mark.parametrize("seed", range(30))
def test_git_says_the_same(tmp_path: Path, seed: int) -> None:
    chosen = random.Random(seed)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    paths = ["/".join(chosen.choices(NAMES, k=chosen.randint(1, 4))) for _ in range(300)]
    lines = ["".join(chosen.choices(TOKENS, k=chosen.randint(1, 6))) for _ in range(4)]
    data = "\n".join(lines).encode()
    (tmp_path / ".gitignore").write_bytes(data)
    command = ["git", "check-ignore", "--no-index", "--stdin", "-z"]
    asked = "\0".join(paths).encode()
    said = subprocess.run(command, cwd=tmp_path, input=asked, stdout=subprocess.PIPE, check=False)
    listed = set(said.stdout.decode().split("\0"))
    patterns = parse_gitignore(data)
    assert {path for path in paths if ignored(patterns, path)} == listed - {""}, lines


@pytest.mark.parametrize(
    ("text", "path", "directory", "decision"),
    [
        ("*.log\n!keep.log\n", "a/keep.log", False, False),
        ("build/\n", "build", True, True),
        ("build/\n", "build", False, None),
        ("/top\n", "a/top", False, None),
        ("a/**/b\n", "a/b", False, True),
        ("a/**\n", "a", True, None),
        ("\ufeffa\r\n", "a", False, True),
        ("a\\ \n", "a ", False, True),
        ("\\#a\n", "#a", False, True),
        ("?\n", "é", False, None),
        ("/\n", "a", True, None),
    ],
)
def test_decisions(text: str, path: str, directory: bool, decision: bool | None) -> None:
    assert parse_gitignore(text.encode()).decides(path, directory=directory) is decision


@given(st.binary(max_size=60), st.text("ab/", min_size=1, max_size=10), st.booleans())
def test_any_bytes(data: bytes, path: str, directory: bool) -> None:
    parse_gitignore(data).decides(path, directory=directory)
