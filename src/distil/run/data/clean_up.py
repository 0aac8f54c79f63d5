"""Run by distil's Python: wait for the end of distil, and remove what it can no longer remove.

The arguments are commands, as JSON, and a directory if there is one. A byte on the standard input
says that nothing is left to do; its end alone, that distil is gone.
"""

import json
import shutil
import signal
import subprocess
import sys

for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
if not sys.stdin.buffer.read(1):
    for command in json.loads(sys.argv[1]):
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    for directory in sys.argv[2:]:
        shutil.rmtree(directory, ignore_errors=True)
