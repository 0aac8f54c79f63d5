"""A machine of the test's own: nothing of the real one's logins and settings is seen."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_VARIABLES = (
    *("REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME", "DOCKER_CONFIG"),
    *("CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH"),
)

HELPER = """\
#!/bin/sh
# Keeps each login in a file of its own, called as the registry is with "_" for "/"; writes down
# its arguments, and what it is asked about.
read -r line
case $1 in
store) server=$(printf %s "$line" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/') ;;
*) server=$line ;;
esac
kept={directory}/$(printf %s "$server" | tr / _)
echo "$* $server" >>{log}
case $1 in
get) cat "$kept" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
store) printf %s "$line" >"$kept" ;;
erase) rm "$kept" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
esac
"""


class Helpers:
    """Programs docker-credential-NAME on PATH, and what they were asked."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = directory / "log"

    def add(self, name: str = "fake", text: str = HELPER) -> None:
        kept = self.directory / "kept" / name
        kept.mkdir(parents=True)
        program = self.directory / f"docker-credential-{name}"
        text = text.replace("{directory}", str(kept)).replace("{log}", str(self.log))
        program.write_text(text)
        program.chmod(0o755)

    def keep(self, server: str, user: str, secret: str, name: str = "fake") -> None:
        data = {"ServerURL": server, "Username": user, "Secret": secret}
        path = self.directory / "kept" / name / server.replace("/", "_")
        path.write_text(json.dumps(data, separators=(",", ":")))

    def kept(self, name: str = "fake") -> dict[str, Any]:
        files = (self.directory / "kept" / name).iterdir()
        return {file.name: json.loads(file.read_text()) for file in files}

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's directory: empty, as are the system's."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    room = "distil.image.stores.registry"
    system = (tmp_path / "etc/containers/certs.d", tmp_path / "etc/docker/certs.d")
    monkeypatch.setattr(f"{room}.certificates.SYSTEM_DIRECTORIES", system)
    conf = tmp_path / "etc/containers/registries.conf"
    monkeypatch.setattr(f"{room}.registries_conf.SYSTEM_FILE", conf)
    return tmp_path


@pytest.fixture
def write(home: Path) -> Callable[[str, Any], Path]:
    """Write a file below the user's directory: text as it is, anything else as JSON."""

    def written(name: str, contents: Any) -> Path:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents if isinstance(contents, str) else json.dumps(contents))
        return path

    return written


@pytest.fixture
def helpers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Helpers:
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return Helpers(directory)
