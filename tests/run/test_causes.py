"""What keeps a sandbox from being made, and whether the answer helps."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from distil.run import causes
from distil.run.causes import cause
from tests.support.small_root import SmallRoot
from tests.support.tools import tool


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("kernel", "user"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(causes, "_SETTINGS", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    return tmp_path


@pytest.mark.parametrize(
    ("step", "number", "setting", "reason", "hint"),
    [
        ("namespaces", errno.ENOSPC, "", "no further user namespace", "max_user_namespaces=15000"),
        ("namespaces", errno.EPERM, "user/max_user_namespaces=0", "no further", "15000"),
        (
            "namespaces",
            errno.EPERM,
            "kernel/unprivileged_userns_clone=0",
            "for root only",
            "unprivileged_userns_clone=1",
        ),
        ("namespaces", errno.EPERM, "", "forbidden", "seccomp=unconfined"),
        ("namespaces", errno.EINVAL, "", "no namespaces", "Linux 5.12"),
        (
            "mounts",
            errno.EACCES,
            "kernel/apparmor_restrict_unprivileged_userns=1",
            "AppArmor",
            "apparmor_restrict_unprivileged_userns=0",
        ),
        ("mounts", errno.EPERM, "", "gives no rights", "apparmor=unconfined"),
        ("proc", errno.EPERM, "", "/proc", "systempaths=unconfined"),
        ("ids", errno.EPERM, "", "no user can be mapped", "unconfined"),
        ("overlay", errno.ENODEV, "", "overlay", "module overlay"),
        ("limits", errno.EPERM, "", "limits: Operation not permitted", "Linux 5.12"),
    ],
)
def test_causes(
    step: str, number: int, setting: str, reason: str, hint: str, settings: Path
) -> None:
    if setting:
        name, _, value = setting.partition("=")
        (settings / name).write_text(f"{value}\n")
    found = cause(step, number)
    assert reason in found.reason
    assert hint in found.hint


def test_where_the_number_of_namespaces_is_used_up(tmp_path: Path) -> None:
    """Found out by being in one that may have no further ones."""
    SmallRoot(tmp_path)
    program = "from distil.run.sandbox import able; print(able())"
    script = f"echo 0 > /proc/sys/user/max_user_namespaces && {sys.executable} -c '{program}'"
    done = subprocess.run(
        [tool("unshare"), "--user", "--map-root-user", shutil.which("sh"), "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("Unable(reason='there can be no further user namespace")
    assert "sysctl -w user.max_user_namespaces" in done.stdout
