"""Python worlds as trees: small ones by hand, and that of the interpreter running the tests."""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

from distil.model.blob import FileBlob, InlineBlob
from distil.model.digest import Digest
from distil.model.node import Kind, Node
from distil.model.origin import ApplicationOrigin, PackageOrigin
from distil.model.tree import Tree
from distil.runtimes.python.interpreter import PythonInterpreter

INTERPRETER = PythonInterpreter("3.13.5", (2, 41), "x86_64")
LIBRARY = "/usr/lib/python3.13"
SITE = "/usr/local/lib/python3.13/dist-packages"
_STANDARD = PackageOrigin("pkg:deb/debian/libpython3.13-stdlib", Digest.of(b"standard library"))


def python_tree(
    application: Mapping[str, str] | None = None,
    library: Mapping[str, str] | None = None,
    distributions: Mapping[str, Mapping[str, str]] | None = None,
) -> Tree:
    """A tree of files by relative path: /app, the standard library, distributions by name.

    A distribution's name may hold its version (``flask-3.1.0``); its RECORD is made here.
    """
    nodes = [_file(f"{LIBRARY}/os.py", "", _STANDARD)]
    for name, text in (application or {}).items():
        nodes.append(_file(f"/app/{name}", text, ApplicationOrigin(name)))
    for name, text in (library or {}).items():
        nodes.append(_file(f"{LIBRARY}/{name}", text, _STANDARD))
    for label, files in (distributions or {}).items():
        nodes += _distribution(label, files)
    return Tree(nodes)


def _distribution(label: str, files: Mapping[str, str]) -> Iterator[Node]:
    label = label if "-" in label else f"{label}-1.0"
    origin = PackageOrigin(f"pkg:pypi/{label}", Digest.of(label.encode()))
    metadata = f"{label}.dist-info"
    everything = {f"{metadata}/METADATA": "Name: x\n", **files}
    record = "".join(f"{name},,\n" for name in [*everything, f"{metadata}/RECORD"])
    for name, text in {**everything, f"{metadata}/RECORD": record}.items():
        yield _file(os.path.normpath(f"{SITE}/{name}"), text, origin)


def _file(path: str, text: str, origin: PackageOrigin | ApplicationOrigin) -> Node:
    data = text.encode("utf-8", "surrogateescape")
    return Node(path, Kind.FILE, 0o644, blob=InlineBlob.of(data), origin=origin)


def host_interpreter() -> PythonInterpreter:
    """The interpreter that runs the tests, as if it were a target."""
    return PythonInterpreter(sys.version.split()[0].rstrip("+"), (2, 36), os.uname().machine)


def host_library() -> Iterator[Node]:
    """The running interpreter's standard library, where Debian would have it."""
    line = host_interpreter().line
    source = Path(sysconfig.get_paths()["stdlib"])
    yield from directory_nodes(source, f"/usr/lib/python{line}", skip=("site-packages", "test"))


def directory_nodes(source: Path, destination: str, skip: tuple[str, ...] = ()) -> Iterator[Node]:
    """The files below `source` as nodes below `destination`, byte-code left out."""
    digest = Digest.of(destination.encode())
    origin = PackageOrigin(f"pkg:generic/{source.name}", digest)
    for directory, names, files in os.walk(source):
        names[:] = sorted({*names} - {"__pycache__", *skip})
        relative = os.path.relpath(directory, source)
        prefix = destination if relative == "." else f"{destination}/{relative}"
        for name in sorted(files):
            path = Path(directory, name)
            if stat.S_ISREG(path.stat().st_mode):
                blob = FileBlob.of_file(path)
                yield Node(f"{prefix}/{name}", Kind.FILE, 0o644, blob=blob, origin=origin)
