"""Which Python files belong to the test-suite of what they lie in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_TEST_DIRECTORIES: Final = re.compile(r"^(.*?/(?:tests|_tests))/")
_MAYBE_TESTS: Final = re.compile(r"^(.*?/test)/")
"""Directories that hold a test-suite when one of their files is named like a test."""
_TEST_FILE: Final = re.compile(r"/(?:tests?|test_[^/]*|[^/]*_tests?|conftest)\.py$")


def is_test(path: str) -> bool:
    """Whether the Python file `path` is part of a test-suite, by its name or directory."""
    return bool(_TEST_DIRECTORIES.match(path)) or bool(_TEST_FILE.search(path))


def suite_around(path: str) -> str:
    """The directory around `path` that may hold a test-suite; empty when there is none."""
    match = _TEST_DIRECTORIES.match(path) or _MAYBE_TESTS.match(path)
    return match[1] if match is not None else ""


def suites_of(paths: Iterable[str]) -> set[str]:
    """The directories of test-suites that some of `paths` lie in."""
    return {suite_around(path) for path in paths if is_test(path)} - {""}
