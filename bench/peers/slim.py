"""Slim-like: a minimal Debian with Python and pip, the application installed by pip.

The base stands for the usual ``python:slim``: mmdebstrap's minbase, python3, pip, certificates.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.peers.debian import bootstrap, run

BASE = "localhost/distil-bench-slim"
PACKAGES = ("python3", "python3-pip", "ca-certificates")
PASSED_ON = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "HTTPS_PROXY")
"""Settings of this machine without which pip in a build may not reach an index."""


def base_archive(directory: Path) -> Path:
    """The base's root file system as a tar file; made once."""
    path = directory / "slim-base.tar"
    if not path.exists():
        bootstrap(path, PACKAGES)
    return path


def build_arguments() -> list[str]:
    return [f"--build-arg={name}={os.environ[name]}" for name in PASSED_ON if name in os.environ]


class Buildah:
    """buildah with storage of its own and its cache of layers."""

    name = "buildah"

    def __init__(self, directory: Path) -> None:
        self._storage = directory / "storage"
        storage = (f"--root={self._storage}", f"--runroot={directory / 'run'}")
        self._command: Sequence[str | Path] = ("buildah", *storage)

    def load_base(self, archive: Path) -> None:
        container = run([*self._command, "from", "scratch"]).strip()
        run([*self._command, "add", container, archive, "/"])
        run([*self._command, "commit", "--rm", container, BASE])

    def build(self, context: Path, name: str) -> None:
        options = ["--isolation=chroot", "--network=host", "--layers", f"--tag={name}"]
        file = context / "Containerfile"
        run([*self._command, "build", *options, *build_arguments(), f"--file={file}", context])

    def export(self, name: str, destination: str) -> None:
        """Write the image to `destination`, in the grammar of containers-transports."""
        run([*self._command, "push", "--quiet", name, destination])

    def save(self, name: str, place: Path) -> None:
        """Write the image to an OCI layout at `place`, its layers compressed."""
        self.export(name, f"oci:{place}:1.0")

    def from_directory(
        self, root: Path, name: str, entrypoint: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Make an image of one layer, the tree below `root`, that runs in /app as 65532."""
        container = run([*self._command, "from", "scratch"]).strip()
        run([*self._command, "add", container, root, "/"])
        options = ["--workingdir=/app", "--user=65532", "--port=8000"]
        options += [f"--env={key}={value}" for key, value in environment.items()]
        options.append(f"--entrypoint={json.dumps(list(entrypoint))}")
        run([*self._command, "config", *options, container])
        run([*self._command, "commit", "--quiet", "--rm", container, name])

    def forget(self) -> None:
        """Remove every image, so that the next build starts from nothing."""
        run([*self._command, "rmi", "--all", "--force"])

    def close(self) -> None:
        """Remove everything, the mount of the storage driver included."""
        run([*self._command, "rm", "--all"])
        self.forget()
        subprocess.run(["umount", self._storage / "overlay"], capture_output=True, check=False)


class Docker:
    """A Docker engine that somebody else started."""

    name = "docker"

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    def load_base(self, archive: Path) -> None:
        run([*self._command, "import", archive, BASE])

    def build(self, context: Path, name: str) -> None:
        options = ["--network=host", f"--tag={name}", f"--file={context / 'Containerfile'}"]
        run([*self._command, "build", *options, *build_arguments(), context])

    def save(self, name: str, place: Path) -> None:
        """Write the image to an archive at `place`, its layers not compressed."""
        run([*self._command, "save", "--output", place, name])

    def forget(self) -> None:
        run([*self._command, "system", "prune", "--all", "--force"])
        run([*self._command, "builder", "prune", "--all", "--force"])
