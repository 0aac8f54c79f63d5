"""Where logins are: podman's files and Docker's, in the order of containers-auth.json(5)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from distil.image.stores.registry.login_file import LoginFile

VARIABLE: Final = "REGISTRY_AUTH_FILE"
"""What names the one file that counts in the place of all others."""

_PODMAN: Final = Path("containers", "auth.json")


def login_files(environment: Mapping[str, str] = os.environ) -> list[LoginFile]:
    """The files that may hold logins, there or not, in the order in which they are looked into."""
    if environment.get(VARIABLE):
        return [LoginFile(Path(environment[VARIABLE]))]
    session = environment.get("XDG_RUNTIME_DIR") or f"/run/containers/{os.getuid()}"
    podman = Path(session, _PODMAN if environment.get("XDG_RUNTIME_DIR") else _PODMAN.name)
    return [LoginFile(podman), LoginFile(_own(environment)), LoginFile(_docker(environment))]


def file_for(key: str, environment: Mapping[str, str] = os.environ) -> LoginFile:
    """The file that a login for `key` belongs into: the first that has one for it.

    Else Docker's, which all tools read; but one for a part of a registry into the user's own
    of podman, because Docker would take it for one for all of the registry.
    """
    files = login_files(environment)
    known = (file for file in files if file.knows(key))
    return next(known, files[-2:][0] if "/" in key else files[-1])


def _own(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path("~/.config").expanduser()) / _PODMAN


def _docker(environment: Mapping[str, str]) -> Path:
    base = environment.get("DOCKER_CONFIG")
    return (Path(base) if base else Path("~/.docker").expanduser()) / "config.json"
