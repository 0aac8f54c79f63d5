"""Commands that change owners and modes, as coreutils(1) and Linux do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from distil.distros.debian.effects.arguments import Options, known, number, parse, parsed
from distil.distros.debian.effects.file_commands import each, into, make_parents, mode_of, replace
from distil.distros.debian.effects.machine import is_directory
from distil.distros.debian.effects.outcome import Status, Unclear
from distil.distros.debian.effects.shell import Handler, Shell
from distil.model.node import Kind

_OWNING: Final = "R h f v c recursive=R no-dereference=h quiet=f silent=f"
_LARGEST_ID: Final = 2**31 - 2


def _chown(run: Shell, options: Options, names: list[str]) -> Status:
    owner, *paths = names or [""]
    separator = ":" if ":" in owner else "."
    user, separated, group = owner.partition(separator)
    if separated and user and not group:
        raise Unclear
    return _own(run, options, paths, user, group)


def _chgrp(run: Shell, options: Options, names: list[str]) -> Status:
    group, *paths = names or [""]
    return _own(run, options, paths, "", group)


def _own(run: Shell, options: Options, paths: list[str], user: str, group: str) -> Status:
    """Change the owner of `paths`, by names that exist or numbers. Raises `Unclear`."""
    if not paths or not (user or group):
        raise Unclear
    for name, exists in ((user, run.machine.has_user), (group, run.machine.has_group)):
        value = number(name) if name and not exists(name) else 0
        if value is None or not 0 <= value <= _LARGEST_ID:
            raise Unclear

    def change(real: str) -> Status:
        return run.change(f"change the owner of {real}", lambda: run.machine.own(real, user, group))

    below = "R" in options
    return _on_existing(run, paths, change, below=below, follow=not below and "h" not in options)


def _on_existing(
    run: Shell, paths: list[str], change: Callable[[str], Status], *, below: bool, follow: bool
) -> Status:
    """`change` for the real paths among `paths`, with what is below them when asked for."""

    def work(path: str) -> Status:
        found = run.machine.find(path, follow=follow)
        if found is None:
            return False
        return each((found.path, *(run.machine.below(found.path) if below else ())), change)

    return each(paths, work)


def _chmod(run: Shell, arguments: list[str]) -> Status:
    # A mode that takes bits away looks like an option: -x, -w.
    at = next((n for n, word in enumerate(arguments) if re.fullmatch("-[rwxst]+", word)), None)
    taken = [] if at is None else [arguments[at]]
    rest = arguments if at is None else arguments[:at] + arguments[at + 1 :]
    options, names = parse(rest, "R f v c recursive=R quiet=f silent=f")
    mode, *paths = [*taken, *names]
    if not paths:
        raise Unclear

    def change(real: str) -> Status:
        node = run.machine.get(real)
        if node is None or node.kind is Kind.SYMLINK:
            return True
        before = run.machine.mode(real)
        bits = mode_of(mode, before, directory=is_directory(node))
        return run.change(f"change the mode of {real}", lambda: run.machine.set_mode(real, bits))

    return _on_existing(run, paths, change, below="R" in options, follow=True)


def _install(run: Shell, options: Options, names: list[str]) -> Status:
    user, group = options.get("o", ""), options.get("g", "")
    mode = options.get("m", "755")
    # A directory that is there keeps what a symbolic mode does not name; what is new begins at 0.
    there: dict[str, int] = {}
    if "d" in options:
        for path in names:
            if (found := run.machine.find(path)) is not None:
                there[path] = run.machine.mode(found.path)
        status = each(names, lambda path: make_parents(run, path, ""))
    elif len(names) == 2 and "D" not in options:
        source, target = names
        node = run.machine.find(source)
        if node is None or is_directory(node):
            return False
        path = target if "T" in options else into(run, target, source)
        if (existing := run.machine.find(path)) and existing.path == node.path:
            return False
        names = [path]
        status = run.change(f"install {path}", lambda: replace(run, node, path, 0o600))
    else:
        raise Unclear
    if status and (user or group):
        status = _own(run, {}, names, user, group)

    def permit(path: str) -> Status:
        bits = mode_of(mode, there.get(path, 0), directory="d" in options)
        return run.change(
            f"change the mode of {path}",
            lambda: run.machine.set_mode(run.machine.real(path), bits),
        )

    return each(names, permit) if status else status


MODE_COMMANDS: Final[dict[str, Handler]] = {
    "chown": parsed(_chown, _OWNING),
    "chgrp": parsed(_chgrp, _OWNING),
    "chmod": known(_chmod),
    "install": parsed(
        _install, "d p D T v Z m: o: g: directory=d mode=m: owner=o: group=g: verbose=v"
    ),
}
"""Handlers by name."""
