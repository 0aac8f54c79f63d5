"""Debian's PHP module manager: what its packages' scripts ask of ``phpenmod`` and ``phpquery``.

Both are shell scripts that split their options with getopts and start each other for every
module; what they come to on a first installation is a few links and notes.
"""

from __future__ import annotations

import re
from typing import Final

from distil.distros.debian.effects.arguments import Options, only_prints, parsed
from distil.distros.debian.effects.outcome import Status, Unclear
from distil.distros.debian.effects.shell import Handler, Shell
from distil.model.node import Kind

_INSTALLED: Final = "/usr/lib/php"
_CONFIGURATION: Final = "/etc/php"
_STATE: Final = "/var/lib/php/modules"

_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+")
_PRIORITY: Final = re.compile(rb"^;\s*priority\s*=\s*([0-9]+)\s*$", re.MULTILINE)
_DEFAULT_PRIORITY: Final = "20"


def _enable(run: Shell, options: Options, names: list[str]) -> Status:
    """Link the configuration of modules into each interface's, and note who did it.

    A module without configuration, or an interface without a directory for it, is passed over
    with a warning, as the program does.
    """
    chosen = options.get("v", "ALL")
    versions = _versions(run) if chosen == "ALL" else [chosen]
    if not names or not all(map(_VERSION.fullmatch, versions)):
        raise Unclear
    who = "enabled_by_maint" if "m" in options else "enabled_by_admin"
    for module in (name.partition("/")[0] for name in names):
        for version in versions:
            chosen = options.get("s", "ALL")
            for interface in _interfaces(run, version) if chosen == "ALL" else [chosen]:
                if _link(run, version, interface, module):
                    _note(run, f"{_STATE}/{version}/{interface}/{who}", module)
            if "r" in options:
                _note(run, f"{_STATE}/{version}/registry", module)
    return True


def _link(run: Shell, version: str, interface: str, module: str) -> bool:
    """Whether `module` is enabled for `interface` in the end. Raises `Unclear`."""
    found = _live_link(run, version, interface, module)
    directory = run.machine.find(f"{_CONFIGURATION}/{version}/{interface}/conf.d")
    if found is None or directory is None or directory.kind is not Kind.DIRECTORY:
        return False
    target, link = found
    there = run.machine.find(link, follow=False)
    if there is None:
        return run.call(["ln", "-s", target, link]) is True
    if there.target != target:
        raise Unclear
    return True


def _live_link(run: Shell, version: str, interface: str, module: str) -> tuple[str, str] | None:
    """The configuration of `module` and the link that enables it; None without a configuration."""
    target = f"{_CONFIGURATION}/{version}/mods-available/{module}.ini"
    data = run.machine.contents(target)
    if data is None:
        return None
    found = _PRIORITY.search(data)
    priority = found[1].decode() if found else _DEFAULT_PRIORITY
    return target, f"{_CONFIGURATION}/{version}/{interface}/conf.d/{priority}-{module}.ini"


def _note(run: Shell, directory: str, module: str) -> None:
    run.call(["mkdir", "-p", directory])
    run.call(["touch", f"{directory}/{module}"])


def _query(run: Shell, options: Options, names: list[str]) -> Status:
    """The versions, interfaces or registered modules; or whether a module is enabled."""
    version = options.get("v", "")
    if names:
        raise Unclear
    if "V" in options:
        return _told(run, _versions(run))
    if not _VERSION.fullmatch(version):
        raise Unclear
    if "S" in options:
        return _told(run, _interfaces(run, version))
    if "M" in options:
        return _told(run, _listed(run, f"{_STATE}/{version}/registry"))
    if "m" not in options or "s" not in options:
        raise Unclear
    found = _live_link(run, version, options["s"], options["m"])
    enabled = found is not None and run.machine.find(found[1]) is not None
    run.print(None)
    return enabled


def _told(run: Shell, names: list[str]) -> Status:
    run.print("".join(f"{name}\n" for name in names))
    return True


def _versions(run: Shell) -> list[str]:
    """The versions that are installed, the highest first."""
    found = filter(_VERSION.fullmatch, _listed(run, _INSTALLED))
    return sorted(found, key=lambda name: [int(part) for part in name.split(".")], reverse=True)


def _interfaces(run: Shell, version: str) -> list[str]:
    return _listed(run, f"{_INSTALLED}/{version}/sapi")


def _listed(run: Shell, directory: str) -> list[str]:
    """What is in a directory. The program lists it unsorted; nothing depends on the order."""
    node = run.machine.find(directory)
    return sorted(run.machine.names_in(node.path)) if node is not None else []


PHP_COMMANDS: Final[dict[str, Handler]] = {
    "phpenmod": parsed(_enable, "v: s: m q r"),
    "phpquery": only_prints(parsed(_query, "d q v: s: m: M S V")),
}
"""Handlers by name."""
