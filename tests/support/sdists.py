"""Source distributions of an exact version, from the package index that uv is set up with."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

from distil.fetch.cache import Cache
from distil.fetch.http import Client, Download
from distil.model.digest import Digest
from distil.runtimes.python.uv import run_uv

INSTALL = ("pip", "install", "--only-binary", ":all:", "--require-hashes", "--no-deps")


def unpack_sdist(name: str, version: str, python: str, directory: Path) -> Path:
    """Unpack the source distribution of `name` below `directory`; its top directory.

    `python` is the version (3.13) that it is to fit. The archive is checked against the index's
    digest and remembered in the cache of downloads.
    """
    command = ["pip", "compile", "-", "--no-deps", "--format", "pylock.toml"]
    directory.mkdir(parents=True)
    text = run_uv([*command, "--python-version", python], directory, stdin=f"{name}=={version}\n")
    found = tomllib.loads(text)["packages"][0]["sdist"]
    digest = Digest(f"sha256:{found['hashes']['sha256']}")
    with Client(Cache.default()) as client:
        archive = client.archive(Download(found["url"], digest, found.get("size"), name))
    command = ["tar", "--extract", "--gzip", "--no-same-owner", "--directory", str(directory)]
    subprocess.run(command, input=archive.read(), check=True)
    (top,) = directory.iterdir()
    return top


def install_locked(requirements: Path, python: str, directory: Path) -> None:
    """Install the wheels that `requirements` names with their hashes, for Linux on x86-64."""
    target = ("--python-version", python, "--python-platform", "x86_64-unknown-linux-gnu")
    run_uv([*INSTALL, *target, "--target", str(directory), "-r", str(requirements)], directory)
    shutil.rmtree(directory / "bin", ignore_errors=True)
    directory.chmod(0o755)  # to be read by the user of a container, too
