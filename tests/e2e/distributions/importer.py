"""Run inside an image by its own Python: import each module of a list.

    python3 /imports/importer.py

The names are the lines of /imports/modules. For each one line is printed: the name, a tab, and
what went wrong, which is empty when nothing did. One process imports them all, one after another;
what fails there is tried again in a process of its own.

It stands alone, and uses nothing but what every interpreter has: an image need not have more.
"""

import _signal
import os

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


def in_child(names):
    """What goes wrong with each of `names`, for as many as one process gets to."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
        silent = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silent, descriptor)
        for name in names:
            _signal.alarm(SECONDS)
            os.write(writing, attempt(name).encode("utf-8", "replace") + b"\n")
        os._exit(0)
    os.close(writing)
    found = b""
    while piece := os.read(reading, 65536):
        found += piece
    os.close(reading)
    _, status = os.waitpid(process, 0)
    results = found.decode().split("\n")[:-1]
    if len(results) < len(names):
        results.append(f"the process ended with status {status}")
    return results


def main():
    """Import everything that is asked for."""
    with open("/imports/modules", encoding="utf-8") as file:
        names = file.read().split()
    found: list[str] = []
    while len(found) < len(names):
        found += in_child(names[len(found) :])
    for name, what in zip(names, found, strict=True):
        print(name, in_child([name])[0] if what else "", sep="\t", flush=True)


main()
