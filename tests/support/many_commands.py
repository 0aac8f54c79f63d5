"""A small program that runs many commands of distil, one after the other, in its own process.

``many_commands.py FILE SECONDS``: FILE is JSON, arguments by a name; what each command came to goes
to stdout, a line of JSON each. One that takes longer than SECONDS of processor time ends as a
defect would.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import sys
import time
from pathlib import Path

from distil.cli import run


def out_of_time(*_: object) -> None:
    raise TimeoutError("out of time")


def main() -> None:
    commands, seconds = json.loads(Path(sys.argv[1]).read_bytes()), int(sys.argv[2])
    signal.signal(signal.SIGVTALRM, out_of_time)
    for name, arguments in commands.items():
        stdout, stderr, before = io.StringIO(), io.StringIO(), time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            code = run(arguments)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        spent = time.process_time() - before
        print(json.dumps([name, code, stdout.getvalue(), stderr.getvalue(), spent]), flush=True)


main()
