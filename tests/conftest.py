"""Fixtures that every test may use."""

import signal

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background so, and every program would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest.register_assert_rewrite(
    "tests.support.command", "tests.support.hostile", "tests.support.snapshots"
)

pytest_plugins = [
    "tests.support.engines",
    "tests.support.passes",
    "tests.support.registries",
    "tests.support.worlds",
]
