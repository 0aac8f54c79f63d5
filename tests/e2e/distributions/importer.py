"""Run inside an image by its own Python: import each module of a list, in a process of its own.

    python3 /imports/importer.py FIRST

The names are the lines of /imports/modules. FIRST is imported before the others, as any program
would have it. For each name one line is printed: the name, a tab, and what went wrong, which is
empty when nothing did.

It stands alone, and uses nothing but what every interpreter has: an image need not have more.
"""

import _signal
import os
import sys

SECONDS = 60
"""For one module."""


def attempt(name):
    """What goes wrong when `name` is imported; empty when nothing does."""
    try:
        __import__(name)
    except BaseException as error:
        text = f"{type(error).__name__}: {error}".splitlines()
        return text[0][:500]
    return ""


def in_child(name):
    """The same, in a process that nothing of it outlives."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
        _signal.alarm(SECONDS)
        silent = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silent, descriptor)
        os.write(writing, b"=" + attempt(name).encode("utf-8", "replace"))
        os._exit(0)
    os.close(writing)
    found = b""
    while piece := os.read(reading, 4096):
        found += piece
    os.close(reading)
    _, status = os.waitpid(process, 0)
    if not found:
        return f"the process ended with status {status}"
    return found[1:].decode()


def main():
    """Import everything that is asked for."""
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silent = os.open("/dev/null", os.O_RDWR)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    with open("/imports/modules", encoding="utf-8") as file:
        names = file.read().split()
    attempt(sys.argv[1])
    for name in names:
        print(name, in_child(name), sep="\t", file=results, flush=True)
    results.flush()
    os._exit(0)


main()
