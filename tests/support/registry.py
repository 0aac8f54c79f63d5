"""A registry in memory, crane's own, for what crane only checks on a registry."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.tools import tool

_READY = re.compile(r"serving on port (\d+)")


@contextmanager
def registry() -> Iterator[str]:
    """Serve a registry on this host; its address."""
    command = [tool("crane"), "registry", "serve", "--address", "127.0.0.1:0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := _READY.search(line):
                yield f"127.0.0.1:{found[1]}"
                return
        raise AssertionError("crane's registry does not start")
    finally:
        process.terminate()
        process.wait()
