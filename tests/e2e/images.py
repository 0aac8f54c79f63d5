"""The examples as distil builds them, once for all test processes of a session."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.runners import BuiltImage
from tests.support.tools import ROOT, run_tool


@dataclass(frozen=True)
class Build:
    """What one ``distil build`` wrote, and its report."""

    production: BuiltImage
    debug: BuiltImage
    report: dict[str, Any]

    def form(self, name: str) -> BuiltImage:
        return self.debug if name == "debug" else self.production


def build(example: str, level: str, directory: Path) -> Build:
    """Build an example at `level` below `directory`, unless another process of this session has."""
    directory = directory / level
    directory.mkdir(parents=True, exist_ok=True)
    layout, archive = directory / f"{example}-layout", directory / f"{example}.tar"
    report = directory / f"{example}.json"
    with (directory / f"{example}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not report.exists():
            name = f"{example}:1.0"
            outputs = ("-o", f"oci:{layout}", "-o", f"docker-archive:{archive}")
            source = str(ROOT / "examples" / example)
            options = ("--level", level, *outputs, "--format", "json")
            report.write_text(distil("build", source, "-t", name, *options))
    production, debug = (
        BuiltImage(f"{example}:{tag}", layout, archive) for tag in ("1.0", "1.0-debug")
    )
    return Build(production, debug, json.loads(report.read_text()))


def distil(*args: str) -> str:
    """Run the command line, which must succeed; its standard output."""
    command = [sys.executable, "-m", "distil", *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"distil {args} exited {done.returncode}:\n{done.stderr}"
    return done.stdout


PLATFORMS = ("linux/amd64", "linux/arm64")


@dataclass(frozen=True)
class IndexBuild:
    """What one ``distil build`` for all `PLATFORMS` wrote, and its report."""

    layout: Path
    archive: Path
    """An oci-archive."""
    report: dict[str, Any]

    @property
    def name(self) -> str:
        """The production index, as skopeo calls it."""
        return f"oci:{self.layout}:1.0"

    def alone(self, architecture: str, directory: Path) -> BuiltImage:
        """One platform's production image, in a layout of its own in `directory`."""
        layout = directory / architecture
        copied = f"oci:{layout}:1.0"
        run_tool("skopeo", "--override-arch", architecture, "copy", "--quiet", self.name, copied)
        return BuiltImage(f"{architecture}:1.0", layout, Path())


def build_for_all(example: str, directory: Path) -> IndexBuild:
    """Build an example for all `PLATFORMS`, unless another process of this session has."""
    directory.mkdir(parents=True, exist_ok=True)
    layout, archive = directory / f"{example}-layout", directory / f"{example}.tar"
    report = directory / f"{example}.json"
    with (directory / f"{example}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not report.exists():
            source = str(ROOT / "examples" / example)
            outputs = ("-o", f"oci:{layout}", "-o", f"oci-archive:{archive}")
            options = ("--platform", ",".join(PLATFORMS), "--format", "json")
            report.write_text(distil("build", source, "-t", f"{example}:1.0", *outputs, *options))
    return IndexBuild(layout, archive, json.loads(report.read_text()))
