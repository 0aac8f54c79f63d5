"""A maintainer script run by dash in a small root of its own, to hold the following against.

The root has directories that can be written (`WRITABLE`) and this machine's programs, which
cannot. Beside it lies what distil takes it for: the same nodes.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from distil.distros.debian.effects.accounts import Accounts
from distil.distros.debian.effects.machine import System
from distil.distros.debian.effects.record import ScriptEffects
from distil.model.blob import InlineBlob
from distil.model.node import Kind, Node
from tests.support.tools import tool

WRITABLE = ("etc", "srv", "var")
PROGRAMS = (
    "basename", "cat", "chgrp", "chmod", "chown", "cp", "cut", "dirname", "grep", "install", "ln",
    "ls", "mkdir", "mktemp", "mv", "readlink", "realpath", "rm", "rmdir", "touch",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """What is at a path: its kind, permissions, owner, and contents or target."""

    kind: Kind
    mode: int
    uid: int = 0
    gid: int = 0
    text: str = ""


def directory(mode: int = 0o755) -> Entry:
    return Entry(Kind.DIRECTORY, mode)


def file(text: str, mode: int = 0o644) -> Entry:
    return Entry(Kind.FILE, mode, text=text)


def link(target: str) -> Entry:
    return Entry(Kind.SYMLINK, 0o777, text=target)


START: dict[str, Entry] = {
    **{f"/{name}": directory() for name in (*WRITABLE, "tmp", "usr", "usr/bin", "dev")},
    **{f"/{name}": link(f"usr/{name}") for name in ("bin", "lib", "lib64")},
    "/etc/a": file("alpha\n"),
    "/etc/b": file("beta gamma\nb:c:d\n", 0o755),
    "/etc/l": link("a"),
    "/etc/x": link("missing"),
    "/etc/o": link("o"),
    "/etc/.hidden": file(""),
    "/srv/d": directory(0o750),
    "/srv/d/f": file("no end", 0o6755),
    "/srv/d/g h": file(" two  blanks \n"),
    "/srv/e": link("/srv/d"),
    "/var/lib": directory(),
}


def system() -> System:
    """`START` as distil takes it."""
    entries = {**START, **{f"/usr/bin/{name}": file("", 0o755) for name in PROGRAMS}}
    nodes = {path: _node(path, entry) for path, entry in entries.items()}
    nodes["/dev/null"] = Node("/dev/null", Kind.CHARACTER, 0o666, device=(1, 3))
    return System((), nodes, {}, Accounts([]), "amd64")


def _node(path: str, entry: Entry) -> Node:
    blob = InlineBlob.of(entry.text.encode()) if entry.kind is Kind.FILE else None
    target = entry.text if entry.kind is Kind.SYMLINK else ""
    return Node(path, entry.kind, entry.mode, entry.uid, entry.gid, target=target, blob=blob)


def after(effects: ScriptEffects) -> dict[str, Entry]:
    """`START` with `effects`, below the directories that can be written."""
    entries = {path: one for path, one in START.items() if path not in effects.removed}
    for made in effects.made:
        target = str(PurePath(made.target)) if made.target else ""
        text = target or made.data.decode("utf-8", "surrogateescape")
        before = entries.get(made.path, Entry(made.kind, made.mode))
        entries[made.path] = Entry(made.kind, made.mode, before.uid, before.gid, text)
    for path, change in effects.ownership.items():
        entry = entries[path]
        entries[path] = replace(
            entry,
            mode=entry.mode if change.mode is None else change.mode,
            uid=_number(change.user, entry.uid),
            gid=_number(change.group, entry.gid),
        )
    return _of_interest(entries.items())


def _number(name: str | None, before: int) -> int:
    return before if name is None else 0 if name == "root" else int(name)


def run(script: str, root: Path) -> tuple[int, dict[str, Entry]]:
    """dash's exit code, and what is there afterwards; `root` is a directory to be used up."""
    shutil.rmtree(root, ignore_errors=True)
    _write(root)
    mounts = [("--bind", f"{root}/{name}", f"/{name}") for name in (*WRITABLE, "tmp")]
    command = [
        tool("bwrap"), "--ro-bind", "/usr", "/usr", "--dev", "/dev", "--unshare-ipc",
        "--unshare-net", "--unshare-pid", "--cap-add", "ALL",
        *(word for name in ("bin", "lib", "lib64") for word in ("--symlink", f"usr/{name}", name)),
        *(word for mount in mounts for word in mount), "--chdir", "/", "--clearenv",
        "--setenv", "PATH", "/usr/bin", "dash", "-c", script, "postinst", "configure", "",
    ]  # fmt: skip
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    return done.returncode, _of_interest(_read(root))


def _write(root: Path) -> None:
    root.mkdir()
    for path, entry in sorted(START.items()):
        place = root / path[1:]
        if entry.kind is Kind.DIRECTORY:
            place.mkdir()
        elif entry.kind is Kind.SYMLINK:
            place.symlink_to(entry.text)
        else:
            place.write_text(entry.text)
        if entry.kind is not Kind.SYMLINK:
            place.chmod(entry.mode)


def _read(root: Path) -> Iterable[tuple[str, Entry]]:
    for top, directories, files in os.walk(root):
        for name in (*directories, *files):
            place = Path(top, name)
            found = place.lstat()
            mode = stat.S_IMODE(found.st_mode)
            if stat.S_ISDIR(found.st_mode):
                kind, text = Kind.DIRECTORY, ""
            elif stat.S_ISLNK(found.st_mode):
                kind, text = Kind.SYMLINK, str(place.readlink())
            else:
                kind, text = Kind.FILE, place.read_bytes().decode("utf-8", "surrogateescape")
            entry = Entry(kind, mode, found.st_uid, found.st_gid, text)
            yield f"/{place.relative_to(root)}", entry


def _of_interest(entries: Iterable[tuple[str, Entry]]) -> dict[str, Entry]:
    tops = tuple(f"/{name}/" for name in WRITABLE)
    return {path: entry for path, entry in entries if path.startswith(tops)}
