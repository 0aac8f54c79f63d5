"""What keeps a sandbox from being made, and what would change that."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from distil.run.task import Unable

_SETTINGS: Final = Path("/proc/sys")

_IN_CONTAINER: Final = (
    "in a container of Docker or podman: run it with --security-opt seccomp=unconfined"
    " --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)

_FORBIDDEN: Final = {
    "proc": "a /proc of its own cannot be mounted",
    "ids": "no user can be mapped",
}
"""What containers refuse of the set-up, by its step."""


def cause(step: str, number: int) -> Unable:
    """Why the kernel refused `step` of the set-up with this error number."""
    why = os.strerror(number)
    if step == "namespaces":
        return _of_namespaces(number, why)
    if step in ("mounts", "hostname", "network") and number in (errno.EPERM, errno.EACCES):
        if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
            return Unable(
                "AppArmor takes all rights from user namespaces of unprivileged programs",
                "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, as root",
            )
        return Unable(f"a user namespace gives no rights ({why})", _IN_CONTAINER)
    if step in _FORBIDDEN:
        return Unable(f"{_FORBIDDEN[step]} ({why})", _IN_CONTAINER)
    if step == "overlay":
        return Unable(
            f"overlay file systems cannot be mounted ({why})",
            "it takes Linux 5.12 or later, with the module overlay",
        )
    return Unable(f"{step}: {why}", "it takes Linux 5.12 or later")


def _of_namespaces(number: int, why: str) -> Unable:
    if number == errno.ENOSPC or _setting("user/max_user_namespaces") == "0":
        return Unable(
            "there can be no further user namespace (user.max_user_namespaces)",
            "sysctl -w user.max_user_namespaces=15000, as root",
        )
    if _setting("kernel/unprivileged_userns_clone") == "0" and os.geteuid() != 0:
        return Unable(
            "user namespaces are for root only (kernel.unprivileged_userns_clone)",
            "sysctl -w kernel.unprivileged_userns_clone=1, as root",
        )
    if number in (errno.EINVAL, errno.ENOSYS):
        return Unable(f"the kernel has no namespaces ({why})", "it takes Linux 5.12 or later")
    return Unable(f"namespaces are forbidden ({why})", _IN_CONTAINER)


def _setting(name: str) -> str:
    try:
        return (_SETTINGS / name).read_text("ascii").strip()
    except OSError:
        return ""
