"""Commands that make, change and test files: coreutils(1), as far as scripts use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Final

from distil.distros.debian.effects.arguments import Options, only_prints, parsed
from distil.distros.debian.effects.machine import is_directory
from distil.distros.debian.effects.outcome import Refused, Status, Unclear
from distil.distros.debian.effects.shell import Handler, Shell
from distil.model.node import ROOT, Kind, Node, parent_of

_TEMPORARY: Final = "/tmp"  # noqa: S108
_OCTAL: Final = re.compile(r"0?[0-7]{1,4}")
_SYMBOLIC: Final = re.compile(r"([ugoa]*)([+=-])([rwxXst]*)")
_BITS: Final = {"r": 0o444, "w": 0o222, "x": 0o111}
_WHO: Final = {"u": 0o700, "g": 0o070, "o": 0o007}


def each(paths: Collection[str], work: Callable[[str], Status]) -> Status:
    """`work` on all of `paths`, also behind one where it fails; fails without any."""
    result: Status = bool(paths)
    for path in paths:
        try:
            status = work(path)
        except Refused:
            status = False
        result = status if result is True or status is False else result
    return result


def mode_of(text: str, before: int, *, directory: bool) -> int:
    """A numeric or symbolic mode applied to `before`. Raises `Unclear`."""
    if _OCTAL.fullmatch(text):
        kept = before & 0o6000 if directory and len(text) < 5 else 0
        return int(text, 8) | kept
    for clause in text.split(","):
        found = _SYMBOLIC.fullmatch(clause)
        # Without a letter for who it is, the umask has a say.
        if found is None or (not found[1] and "w" in found[3]):
            raise Unclear
        who = found[1].replace("a", "ugo") or "ugo"
        mask = sum(_WHO[letter] for letter in set(who))
        special = (0o4000 if "u" in who else 0) | (0o2000 if "g" in who else 0)
        table = {letter: bits & mask for letter, bits in _BITS.items()}
        table |= {"s": special, "t": 0o1000}
        table["X"] = table["x"] if directory or before & 0o111 else 0
        bits = 0
        for letter in found[3]:
            bits |= table[letter]
        if found[2] == "=":
            before &= ~(mask | (0 if directory else special))
        before = before & ~bits if found[2] == "-" else before | bits
    return before


# --- making ----------------------------------------------------------------------------------


def _mkdir(run: Shell, options: Options, names: list[str]) -> Status:
    def make(path: str) -> Status:
        if "p" in options:
            return make_parents(run, path, options.get("m", ""))
        return _make_directory(run, path, options.get("m", ""))

    return each(names, make)


def _make_directory(run: Shell, path: str, mode: str) -> Status:
    bits = mode_of(mode or f"{run.permitted(0o777):o}", 0o777, directory=True)
    make = partial(run.machine.make_directory, path, run.package, bits)
    return run.change(f"make directory {path}", make)


def make_parents(run: Shell, path: str, mode: str) -> Status:
    """``mkdir -p``: directories on the way are no concern of `mode`."""
    missing = []
    pieces = run.machine.absolute(path).split("/")
    for length in range(2, len(pieces) + 1):
        prefix = "/".join(pieces[:length]) or ROOT
        if run.machine.find(prefix) is None and run.machine.find(prefix, follow=False) is not None:
            return False  # A link to nothing is not followed.
    real = run.machine.real(path)
    while real != ROOT and run.machine.get(real) is None:
        missing.append(real)
        real = parent_of(real)
    found = run.machine.get(real)
    if found is None or not is_directory(found):
        return False
    status: Status = True
    for directory in reversed(missing):
        status = status and _make_directory(run, directory, mode if directory == missing[0] else "")
    return status


def _touch(run: Shell, options: Options, names: list[str]) -> Status:
    def touch(path: str) -> Status:
        if run.machine.find(path) is not None or "c" in options:
            return True
        return run.change(f"make {path}", lambda: run.put(path, b""))

    return each(names, touch)


def _mktemp(run: Shell, options: Options, names: list[str]) -> Status:
    """A file or directory below ``/tmp``, which is not part of an image."""
    within = (names or ["tmp.XXXXXX"])[0].removeprefix(f"{_TEMPORARY}/")
    elsewhere = "/" in within and [within] == names
    if elsewhere or options.get("p", "") not in ("", _TEMPORARY) or len(names) > 1:
        raise Unclear
    path = f"{_TEMPORARY}/{within}.{len(run.machine.created)}"
    if run.machine.find(_TEMPORARY) is None:
        run.machine.make_directory(_TEMPORARY, run.package, 0o1777)
    if "d" in options:
        run.machine.make_directory(path, run.package, 0o700)
    else:
        run.machine.write(path, b"", run.package, 0o600)
    run.print(path + "\n")
    return True


def _ln(run: Shell, options: Options, names: list[str]) -> Status:
    if "s" not in options:
        raise Unclear
    target, path = names
    if "T" not in options:
        path = into(run, path, target, follow="n" not in options)
    existing = run.machine.find(path, follow=False)
    if existing is not None and ("f" not in options or is_directory(existing)):
        return False
    same = run.machine.find(target)
    if existing is not None and same is not None and same.path == existing.path:
        raise Unclear

    def link() -> None:
        if existing is not None:
            run.machine.remove(existing.path)
        run.machine.link(path, target, run.package)

    return run.change(f"link {path}", link)


def _copy(run: Shell, options: Options, names: list[str]) -> Status:
    source, path = names
    node = run.machine.find(source, follow=options.keys().isdisjoint({"a", "d", "P"}))
    if node is None:
        return False
    if is_directory(node) or "u" in options:
        raise Unclear
    path = path if "T" in options else into(run, path, source)
    before = run.machine.find(path)
    if before is not None and "n" in options:
        return True
    dangling = before is None and run.machine.find(path, follow=False) is not None
    if dangling or (before is not None and before.path == node.path):
        return False
    keeps = not options.keys().isdisjoint({"p", "a"})
    mode = run.machine.mode(node.path)
    if not keeps and node.kind is not Kind.SYMLINK:
        mode = run.machine.mode(before.path) if before else run.permitted(mode & 0o777)

    def copy() -> None:
        run.machine.copy(node, path, run.package, mode)
        if keeps:
            run.machine.keep_owner(node.path, run.machine.real(path, follow=False))

    return run.change(f"copy {path}", copy)


def _move(run: Shell, options: Options, names: list[str]) -> Status:
    source, path = names
    node = run.machine.find(source, follow=False)
    if node is None:
        return False
    if node.kind not in (Kind.FILE, Kind.SYMLINK):
        raise Unclear
    path = path if "T" in options else into(run, path, source)
    if "n" in options and run.machine.find(path, follow=False) is not None:
        return True

    def move() -> None:
        replace(run, node, path, run.machine.mode(node.path))
        run.machine.keep_owner(node.path, run.machine.real(path, follow=False))
        run.machine.remove(node.path)

    return run.change(f"move {source}", move)


def replace(run: Shell, node: Node, path: str, mode: int) -> None:
    """Put a copy of `node` where `path` is now, which is not followed. Raises `Refused`."""
    existing = run.machine.find(path, follow=False)
    if existing is not None and existing.path == node.path:
        raise Refused
    run.machine.place(path, follow=False)
    if existing is not None:
        run.machine.remove(existing.path)
    run.machine.copy(node, path, run.package, mode)


def into(run: Shell, path: str, source: str, *, follow: bool = True) -> str:
    """`path`, or the file of the same name inside it when it is a directory."""
    existing = run.machine.find(path, follow=follow)
    if existing is not None and is_directory(existing):
        return f"{path.rstrip('/')}/{source.rstrip('/').rsplit('/', 1)[-1]}"
    return path


# --- removing --------------------------------------------------------------------------------


def _remove(run: Shell, options: Options, names: list[str]) -> Status:
    def remove(path: str) -> Status:
        found = run.machine.find(path, follow=False)
        if found is None:
            return "f" in options
        if path.rstrip("/").rsplit("/", 1)[-1] in ("", ".", ".."):
            return False
        if is_directory(found) and options.keys().isdisjoint({"r", "R"}):
            return False
        return run.change(f"remove {path}", lambda: run.machine.remove(found.path))

    return each(names, remove) if names else "f" in options


def _rmdir(run: Shell, options: Options, names: list[str]) -> Status:
    def remove(path: str) -> Status:
        found = run.machine.find(path, follow=False)
        if found is None or not is_directory(found):
            return False
        if run.machine.names_in(found.path):
            return "i" in options
        if "p" in options:
            raise Unclear
        return run.change(f"remove {path}", lambda: run.machine.remove(found.path))

    return each(names, remove)


# --- links -----------------------------------------------------------------------------------


def _readlink(run: Shell, options: Options, names: list[str]) -> Status:
    path, end = names[0], "" if "n" in options else "\n"
    if options.keys().isdisjoint("fem"):
        node = run.machine.find(path, follow=False)
        if node is None or node.kind is not Kind.SYMLINK:
            return False
        run.print(node.target + end)
        return True
    real = run.machine.real(path)
    parent = run.machine.get(parent_of(real))
    there = parent is not None and is_directory(parent)
    if "m" not in options and not (there and ("e" not in options or run.machine.get(real))):
        return False
    run.print(real + end)
    return True


def _realpath(run: Shell, options: Options, names: list[str]) -> Status:
    return _readlink(run, {**options, "f": ""}, names)


FILE_COMMANDS: Final[dict[str, Handler]] = {
    "mkdir": parsed(_mkdir, "p v Z m: parents=p mode=m: verbose=v"),
    "touch": parsed(_touch, "a c m h no-dereference=h d: r: t: date=d: reference=r:"),
    "mktemp": parsed(_mktemp, "d t q p: tmpdir=p? directory=d"),
    "ln": parsed(
        _ln,
        "s f n T v symbolic=s force=f no-dereference=n no-target-directory=T verbose=v",
        count=2,
    ),
    "cp": parsed(
        _copy,
        "p a d f n u v P L R r T Z preserve=p archive=a force=f no-clobber=n verbose=v",
        count=2,
    ),
    "mv": parsed(_move, "f n v T Z force=f no-clobber=n verbose=v", count=2),
    **dict.fromkeys(("rm", "unlink"), parsed(_remove, "f r R v d recursive=r force=f verbose=v")),
    "rmdir": parsed(_rmdir, "p v ignore-fail-on-non-empty=i parents=p"),
    "readlink": only_prints(parsed(_readlink, "f e m n q s", count=1)),
    **dict.fromkeys(
        ("realpath", "dpkg-realpath"), only_prints(parsed(_realpath, "f e m n q s", count=1))
    ),
}
"""Handlers by name."""
