"""Fixtures that every test may use."""

import os
import signal

import pytest
from hypothesis import settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background so, and every program would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # And nohup lets everything inherit this, which no shell's trap can take back.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# What gates is the same whenever it runs; `scripts/fuzz` looks for what nobody has thought of.
# A deadline would time what it is tried on.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("searching", derandomize=False, print_blob=True, deadline=None)
settings.load_profile("searching" if os.environ.get("DISTIL_FUZZ") else "same")

pytest.register_assert_rewrite(
    "tests.support.command", "tests.support.hostile", "tests.support.snapshots"
)

pytest_plugins = [
    "tests.support.engines",
    "tests.support.passes",
    "tests.support.registries",
    "tests.support.worlds",
]
