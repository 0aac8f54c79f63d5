"""What can run images here: the sandbox, which is tried, runtimes and engines, which are not."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from distil.doctor.findings import Finding, Status, absent
from distil.image.errors import NoEngine
from distil.image.stores.engine import docker_information
from distil.run.sandbox import able
from distil.run.task import Unable

_SECONDS: Final = 4
_VERSION: Final = re.compile(r"\d+\.\d[\w.+~-]*")
_ADMINISTRATION: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Debian puts runc where only root looks."""


def docker() -> Finding:
    """The Docker engine that ``--load`` would use: the docker command's, or the socket's."""
    try:
        found = docker_information(_SECONDS)
    except NoEngine as error:
        why = "; ".join(error.tried).removeprefix("docker: ")
        if shutil.which("docker") is None:
            return absent("docker", f"not installed; {why}", "apt install docker.io")
        hint = "start the engine (`systemctl start docker`), or ask to be let into its group"
        return Finding("docker", Status.WARN, why, hint)
    return Finding("docker", Status.PASS, f"{found.version}, {_owner(rootless=found.rootless)}")


def podman() -> Finding:
    """Podman; whether it would have the right to work is told without starting it."""
    program = shutil.which("podman")
    if program is None:
        return absent("podman", "not installed", "apt install podman")
    status, said, complaint = _said([program, "version", "--format", "{{.Client.Version}}"])
    if status != 0:
        return Finding("podman", Status.WARN, f"does not start: {_first_line(complaint)}")
    rootless = os.geteuid() != 0
    if rootless and (missing := _missing_for_rootless()):
        return Finding("podman", Status.WARN, f"{said.strip()}, but {missing[0]}", missing[1])
    return Finding("podman", Status.PASS, f"{said.strip()}, {_owner(rootless=rootless)}")


def _missing_for_rootless() -> tuple[str, str] | None:
    """Why podman has no users to give to its containers, and what helps (subuid(5))."""
    if shutil.which("newuidmap", path=_ADMINISTRATION) is None:
        return "newuidmap is missing, which it needs without root", "apt install uidmap"
    name = _user_name()
    for path in ("/etc/subuid", "/etc/subgid"):
        try:
            lines = Path(path).read_text("utf-8", "replace").splitlines()
        except OSError:
            lines = []
        if not any(line.partition(":")[0] in (name, str(os.geteuid())) for line in lines):
            hint = (
                f"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}"
            )
            return f"{path} gives {name} no range", hint
    return None


def runtime(program: str) -> Finding:
    """``runc`` or ``crun``, which engines use and which can run an unpacked image alone."""
    return _tool(program, f"apt install {program}")


def sandbox() -> Finding:
    """The sandbox of the kernel that ``distil run`` takes and build stages need, tried out."""
    found = able()
    if isinstance(found, Unable):
        return Finding("sandbox", Status.WARN, f"refused: {found.reason}", found.hint)
    users = "users and groups" if found.ids else "one user, who is root inside"
    return Finding("sandbox", Status.PASS, f"mounts, processes, network and {users} of its own")


def _tool(program: str, hint: str) -> Finding:
    path = shutil.which(program, path=_ADMINISTRATION)
    if path is None:
        return absent(program, "not installed", hint)
    status, said, complaint = _said([path, "--version"])
    version = _VERSION.search(said)
    if status != 0 or version is None:
        return Finding(program, Status.WARN, f"{path} does not start: {_first_line(complaint)}")
    return Finding(program, Status.PASS, f"{version[0]}, {path}")


def _said(command: Sequence[str]) -> tuple[int, str, str]:
    """Exit status, output and complaints of a command that is given little time."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, "", f"no answer within {_SECONDS} s"
    except OSError as error:
        return -1, "", error.strerror or str(error)
    return done.returncode, done.stdout, done.stderr


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0] if lines else "it said nothing"


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _owner(*, rootless: bool) -> str:
    return "without root" if rootless else "as root"
