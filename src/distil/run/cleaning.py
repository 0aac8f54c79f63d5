"""Taking away what a container leaves, whatever becomes of distil meanwhile.

Engines and runtimes keep a container that nobody waits for any more. So what has to be removed is
told to a second process before it is made: that one does it when distil is gone, which it sees at
the end of the pipe between them, and otherwise ends when distil has done it itself.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_SCRIPT: Final = Path(__file__).parent / "data" / "clean_up.py"
_SECONDS: Final = 60
"""For one command of the cleaning."""


@contextlib.contextmanager
def cleaned(commands: Sequence[Sequence[str]], directory: Path | None = None) -> Iterator[None]:
    """Run `commands` and remove `directory` after the block, also when distil is killed in it."""
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_SCRIPT), json.dumps([list(c) for c in commands])]
        + [str(directory)] * (directory is not None),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # What a terminal sends to distil and all it started, SIGINT, is not for it.
        start_new_session=True,
    )
    try:
        yield
    finally:
        for command in commands:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=_SECONDS,
                    check=False,
                )
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)
        with contextlib.suppress(BrokenPipeError):
            keeper.communicate(b"done")
