"""The machine's own dynamic loader, asked what it would load below another root."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HOST_LOADER = Path("/lib64/ld-linux-x86-64.so.2")

_CLONE_NEWUSER = 0x10000000

_FOUND = re.compile(r"^\t(\S.*?) => (\S.*?) \(0x[0-9a-f]+\)$")
_MISSING = re.compile(r"^\t(\S.*?) => not found$")
_BY_PATH = re.compile(r"^\t(/\S.*?) \(0x[0-9a-f]+\)$")
_VERSION = re.compile(r"^(\S+): (\S+): version `([^']+)' not found \(required by (\S+)\)$")


@dataclass
class Trace:
    """What the loader printed: libraries by name, names not found, versions not defined."""

    found: dict[str, str] = field(default_factory=dict)
    by_path: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    versions: set[tuple[str, str, str]] = field(default_factory=set)
    error: str = ""


def can_run_loader() -> bool:
    """Whether programs can be started below another root here."""
    if platform.machine() != "x86_64" or not HOST_LOADER.exists():
        return False
    try:
        run_below(Path("/"), [str(HOST_LOADER), "--version"])
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def run_below(
    root: Path, command: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `command` with `root` as its root directory; a user namespace where need be."""

    def enter() -> None:
        if os.geteuid() != 0 and ctypes.CDLL(None).unshare(_CLONE_NEWUSER) != 0:
            raise OSError("no user namespace")
        os.chroot(root)
        os.chdir("/")

    return subprocess.run(
        command,
        env=environment or {},
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
        preexec_fn=enter,
    )


def diagnostics(root: Path = Path("/")) -> dict[str, str]:
    """``ld.so --list-diagnostics``: what the loader knows of the processor."""
    run = run_below(root, [str(HOST_LOADER), "--list-diagnostics"])
    pairs = (line.partition("=")[::2] for line in run.stdout.splitlines())
    return {name: value.strip('"') for name, value in pairs}


def usable_hwcaps(root: Path = Path("/")) -> tuple[str, ...]:
    """The hardware subdirectories that the loader looks into here, best first."""
    found = diagnostics(root)
    active = int(found["dl_hwcaps_subdirs_active"], 16)
    names = found["dl_hwcaps_subdirs"].split(":")
    return tuple(name for bit, name in enumerate(names) if active >> bit & 1)


def trace(root: Path, path: str, environment: dict[str, str] | None = None) -> Trace:
    """What ``ldd`` would say of `path` below `root`, by the loader that is there."""
    wanted = {"LD_TRACE_LOADED_OBJECTS": "1", **(environment or {})}
    run = run_below(root, [str(HOST_LOADER), path], wanted)
    assert run.returncode >= 0, f"the loader died of signal {-run.returncode}"
    result = Trace()
    for line in run.stdout.splitlines():
        if match := _FOUND.match(line):
            result.found[match[1]] = match[2]
        elif match := _MISSING.match(line):
            result.missing.add(match[1])
        elif match := _BY_PATH.match(line):
            result.by_path.add(match[1])
    for line in run.stderr.splitlines():
        if match := _VERSION.match(line):
            result.versions.add((match[3], match[2], match[4]))
        elif line:
            result.error = result.error or line
    return result
