"""Fixtures that every test may use."""

import pytest

pytest.register_assert_rewrite(
    "tests.support.command", "tests.support.hostile", "tests.support.snapshots"
)

pytest_plugins = ["tests.support.engines", "tests.support.passes", "tests.support.worlds"]
