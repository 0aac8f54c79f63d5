"""runc and crun: an OCI runtime bundle of an image, run in the foreground.

Follows the runtime specification 1.0.2. Each container has its files to itself,
unpacked for it and removed with it, so that it may write to them: nothing is mounted on this
machine, on whatever file system that is.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from distil.fetch.cache import Cache
from distil.image.unpack import unpack
from distil.run.attending import attend
from distil.run.cleaning import cleaned
from distil.run.container import Container, Launch, Network, Started, container_of
from distil.run.errors import NotStarted, WayUnable
from distil.run.files import network_files
from distil.run.ids import further_ids
from distil.run.ports import handed_on, listening
from distil.run.subject import Subject
from distil.run.task import HOSTNAME, Ended

_ROOT: Final = "rootfs"
_PID: Final = "pid"
_PLACES: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Debian puts runc where only root looks."""
_SECONDS: Final = 20
_VERSION: Final = "1.0.2"
_CAPABILITIES: Final = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
)
"""What root in a container may do, as Docker has it by default."""
_HIDDEN: Final = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
)
_UNCHANGED: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_MOUNTS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("/proc", "proc", ("nosuid", "noexec", "nodev")),
    ("/dev", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=65536k")),
    ("/dev/pts", "devpts", ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620")),
    ("/dev/shm", "tmpfs", ("nosuid", "noexec", "nodev", "mode=1777", "size=65536k")),
    ("/dev/mqueue", "mqueue", ("nosuid", "noexec", "nodev")),
)
"""What every container has, as Docker mounts it: place, type, options."""

_Document = dict[str, Any]


class _Runtime(msgspec.Struct, frozen=True):
    """An OCI runtime by its program."""

    name: str

    def check(self, launch: Launch) -> None:
        """Raise `WayUnable` when it is not there, or needs root to do what is asked."""
        if self._program is None:
            raise WayUnable(self.name, "it is not installed", f"apt install {self.name}")
        limits = launch.limits
        if os.geteuid() != 0 and (limits.memory is not None or limits.processes is not None):
            raise WayUnable(self.name, "without root it keeps no limits", "`--with sandbox` does")

    def run(self, subject: Subject, launch: Launch, started: Started) -> Ended:
        """Run the image in the foreground. Raises `NotStarted`, and what reading it raises."""
        directory = Path(tempfile.mkdtemp(prefix="distil-run-"))
        name = f"distil-run-{secrets.token_hex(6)}"
        with cleaned([self._command(directory, "delete", "--force", name)], directory):
            container = _unpacked(subject, directory, launch)
            document = bundle(directory, container, launch)
            (directory / "config.json").write_text(json.dumps(document), "utf-8")
            with (
                listening(launch.published) as listeners,
                handed_on(listeners, directory / _PID),
            ):
                started(tuple(listener.port for listener in listeners))
                done = attend(
                    self._command(
                        directory,
                        "run",
                        "--bundle",
                        directory,
                        "--pid-file",
                        directory / _PID,
                        name,
                    ),
                    lambda number: self._send(directory, name, number),
                    stop_signal=container.stop_signal,
                    seconds=launch.limits.seconds,
                )
            if not (directory / _PID).exists():
                raise NotStarted(self.name, _complaint(directory / "log"))
        return Ended(done.status, exceeded="time" if done.timed_out else "")

    def _send(self, directory: Path, name: str, number: int) -> None:
        command = self._command(directory, "kill", name, str(int(number)))
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)

    @property
    def _program(self) -> str | None:
        return shutil.which(self.name, path=_PLACES)

    def _command(self, directory: Path, *arguments: str | Path) -> list[str]:
        log = ["--log", directory / "log", "--log-format", "json"]
        words = [self._program or self.name, "--root", directory / "state", *log, *arguments]
        return [str(word) for word in words]


RUNC: Final = _Runtime("runc")
CRUN: Final = _Runtime("crun")


def _unpacked(subject: Subject, directory: Path, launch: Launch) -> Container:
    """What is to be started, its files unpacked into the bundle, as their owners' if possible."""
    cache = Cache.default()
    with cache.guarding():
        opened = subject.opened(cache)
        container = container_of(opened.config, opened.tree, launch)
        unpack(opened.tree, directory / _ROOT, owners=os.geteuid() == 0)
    return container


def bundle(directory: Path, container: Container, launch: Launch) -> _Document:
    """The ``config.json`` of the bundle in `directory`, which has the container's files."""
    rootless = os.geteuid() != 0
    mounts = [_mount(place, kind, kind, options) for place, kind, options in _MOUNTS]
    if launch.network is not Network.HOST or not rootless:
        mounts.append(_mount("/sys", "sysfs", "sysfs", ("nosuid", "noexec", "nodev", "ro")))
    mounts += [
        _mount(path, "bind", f"{directory / _ROOT}{path}", ("rbind", "rprivate", "rw"))
        for path in container.volumes
    ]
    mounts += [
        _mount(path, "tmpfs", "tmpfs", ("nosuid", "nodev", "mode=1777")) for path in launch.tmpfs
    ]
    for bind in (*network_files(directory, launch), *launch.binds):
        options = ("rbind", "rprivate", "rw" if bind.writable else "ro", "nosuid", "nodev")
        mounts.append(_mount(bind.target, "bind", str(bind.source), options))
    return {
        "ociVersion": _VERSION,
        "process": _process(container, launch),
        "root": {"path": _ROOT, "readonly": launch.read_only},
        "hostname": HOSTNAME,
        "mounts": mounts,
        "linux": _linux(launch, rootless=rootless),
    }


def _process(container: Container, launch: Launch) -> _Document:
    identity = container.identity
    held = list(_CAPABILITIES)
    sets = {"bounding": held} | (
        {"effective": held, "permitted": held} if identity.uid == 0 else {}
    )
    return {
        "terminal": launch.terminal,
        "user": {
            "uid": identity.uid,
            "gid": identity.gid,
            "additionalGids": list(identity.groups),
        },
        "args": list(container.words),
        "env": [f"{name}={value}" for name, value in container.environment.items()],
        "cwd": container.workdir,
        "capabilities": sets,
        "noNewPrivileges": True,
    }


def _linux(launch: Launch, *, rootless: bool) -> _Document:
    kinds = ["pid", "ipc", "uts", "mount", "cgroup"]
    kinds += ["network"] * (launch.network is not Network.HOST) + ["user"] * rootless
    resources: _Document = {"devices": [{"allow": False, "access": "rwm"}]}
    if launch.limits.memory is not None:
        resources["memory"] = {"limit": launch.limits.memory, "swap": launch.limits.memory}
    if launch.limits.processes is not None:
        resources["pids"] = {"limit": launch.limits.processes}
    document: _Document = {
        "namespaces": [{"type": kind} for kind in kinds],
        "maskedPaths": list(_HIDDEN),
        "readonlyPaths": list(_UNCHANGED),
    }
    if rootless:
        document |= _id_maps()
    else:
        document["resources"] = resources
    return document


def _id_maps() -> _Document:
    """Who is who outside, without root: the caller is root, others are lent to it (subuid(5)).

    Runtimes want the caller to be root; what is unpacked is root's then, whoever the image's user
    is.
    """
    own = ((0, os.geteuid(), 1),), ((0, os.getegid(), 1),)
    users, groups = (further_ids() or one for one in own)
    return {
        key: [{"containerID": inner, "hostID": outer, "size": size} for inner, outer, size in lines]
        for key, lines in (("uidMappings", users), ("gidMappings", groups))
    }


def _mount(place: str, kind: str, source: str, options: Sequence[str]) -> _Document:
    return {"destination": place, "type": kind, "source": source, "options": list(options)}


def _complaint(log: Path) -> str:
    """What the runtime wrote last into its log."""
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
        said = json.loads(lines[-1])["msg"]
    except (OSError, ValueError, LookupError, TypeError):
        return "it said nothing"
    return str(said)
