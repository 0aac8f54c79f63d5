"""Installing a distribution beside a plain Debian, and importing its public modules there.

The system of a plain Debian and the distribution are mounted into the container that otherwise has
the image's own: both sides then run under the same conditions, and differ in nothing but files.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from distil.fetch.cache import Cache
from distil.runtimes.python.uv import run_uv
from tests.support.debian_root import debian_root
from tests.support.runners import BuiltImage, Launch, Mount, RuncRunner

HERE = Path(__file__).parent
PYTHON = "3.13"
SITE = f"usr/local/lib/python{PYTHON}/dist-packages"
SECONDS = 1200
"""For importing all modules of one distribution."""
TARGET = ("--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_40")
_TESTS = re.compile(r"tests?|conftest|test_\w*|\w*_tests?")
_MODULE = re.compile(r"(.+?)(?:\.cpython-313-x86_64-linux-gnu\.so|\.abi3\.so|\.so|\.py)")
_CONFIGURATION = '[app]\nentrypoint = ["python3", "main.py"]\npackages = [{packages}]\n'


@dataclass(frozen=True)
class Distribution:
    """A distribution as a requirement (``gevent==26.9.0``), and the module to begin with.

    `packages` are Debian packages that it needs to be imported at all. `apart` are modules that
    the image does without, with the reason why that is right.
    """

    requirement: str
    module: str = ""
    packages: tuple[str, ...] = ()
    apart: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.requirement.partition("==")[0].partition("[")[0]

    @property
    def first(self) -> str:
        """The module that a program using it imports first."""
        return self.module or self.name.replace("-", "_")


def plain_debian(directory: Path) -> Path:
    """Write a Debian with all of its Python, and what wheels are linked with, to `directory`."""
    debian_root(["python3", "libstdc++6", "tzdata"], Cache.default()).write(directory)
    (directory / SITE).mkdir(parents=True, exist_ok=True)
    return directory


def install(distribution: Distribution, directory: Path) -> list[str]:
    """Install `distribution` and what it requires into `directory`; its public modules.

    Public is what has no component that begins with an underscore, and is no test.
    """
    command = ("pip", "install", "--quiet", *TARGET, "--target", str(directory))
    run_uv([*command, distribution.requirement], directory.parent)
    wanted = distribution.name.replace("-", "_").lower()
    (record,) = (
        path
        for path in directory.glob("*.dist-info/RECORD")
        if re.sub(r"[-_.]+", "_", path.parent.name.partition("-")[0]).lower() == wanted
    )
    names = {public_name(row[0]) for row in csv.reader(record.open()) if row}
    return sorted(names - {""})


def public_name(path: str) -> str:
    """The name of the public module that the file `path` of a RECORD is; empty if it is none."""
    match = _MODULE.fullmatch(path)
    if match is None:
        return ""
    parts = match[1].split("/")
    if parts[-1] == "__init__":
        parts.pop()
    public = all(part.isidentifier() and not part.startswith("_") for part in parts)
    return ".".join(parts) if public and not any(map(_TESTS.fullmatch, parts)) else ""


def build(distribution: Distribution, modules: list[str], directory: Path) -> BuiltImage:
    """The image, at the default level, of a program that imports `modules`."""
    application = directory / "application"
    application.mkdir(parents=True)
    (application / "requirements.txt").write_text(f"{distribution.requirement}\n")
    (application / "main.py").write_text("".join(f"import {name}\n" for name in modules))
    packages = ", ".join(f'"{name}"' for name in distribution.packages)
    (application / "distil.toml").write_text(_CONFIGURATION.format(packages=packages))
    layout = directory / "layout"
    command = [sys.executable, "-m", "distil", "build", str(application), "--no-debug"]
    command += ["-t", f"{distribution.name}:1", "-o", f"oci:{layout}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return BuiltImage(f"{distribution.name}:1", layout, Path())


def failures(
    modules: list[str],
    image: BuiltImage,
    runner: RuncRunner,
    directory: Path,
    mounts: tuple[Mount, ...] = (),
) -> dict[str, str]:
    """What goes wrong when each of `modules` is imported in `image`, by module."""
    directory.mkdir()
    (directory / "importer.py").write_bytes((HERE / "importer.py").read_bytes())
    (directory / "modules").write_text("\n".join(modules))
    launch = Launch(
        {"HOME": "/tmp"},
        mounts=(*mounts, Mount(directory, "/imports")),
        entrypoint=("/usr/bin/python3", "/imports/importer.py"),
    )
    done = runner.run(image, launch, SECONDS)
    assert done.status == 0, done.errors
    rows = (line.partition("\t") for line in done.output.splitlines())
    found = {name: what for name, _, what in rows}
    assert set(found) == set(modules), done.output[-2000:]
    return {name: what for name, what in found.items() if what}


def in_plain_debian(root: Path, site: Path) -> tuple[Mount, ...]:
    """What to mount to have the programs and libraries of `root`, the distributions of `site`."""
    cache = "etc/ld.so.cache"
    return (
        Mount(root / "usr", "/usr"),
        Mount(root / cache, f"/{cache}"),
        Mount(site, f"/{SITE}"),
    )
