"""apt itself, to compare answers with: private state, nothing installed, the same index files.

The mirror and the way to it (proxy, credentials) are those of the machine's apt sources; nothing
of the machine's own package state is read or written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from distil.distros.debian.sources import Mirrors
from distil.distros.debian.suites import security_of, updates_of
from distil.model.digest import Digest
from distil.trust import keyring as shipped

KEYRING = Path(shipped.__file__).parent / "keyrings" / "debian-archive-keyring.pgp"

_NEW = re.compile(r"^The following NEW packages will be installed:\n((?: .*\n)*)", re.MULTILINE)
_PACKAGE = re.compile(r"^ +([^\s:]+)\S* \((\S+)\)$", re.MULTILINE)
_SUMMARY = re.compile(r"\d+ upgraded, \d+ newly installed")

Versions = dict[str, str]
"""Package name to version: what gets installed."""


class IndexFile:
    """One ``Packages`` file as apt downloaded and verified it; a `PackageSource`."""

    def __init__(self, suite: str, base_url: str, version: str, data: bytes) -> None:
        self.suite = suite
        self.codename = suite
        self.version = version
        self.base_url = base_url
        self.digest = Digest.of(data)
        self._data = data

    def packages(self) -> bytes:
        return self._data


class AptOracle:
    """An apt of its own in `directory`, which reads `sources` (lines of sources.list).

    What it would install is asked of `program`, the machine's apt-get or one of another release.
    """

    def __init__(self, directory: Path, sources: Sequence[str], architecture: str) -> None:
        self.architecture = architecture
        self.program: Sequence[str | Path] = ("apt-get",)
        self._directory = directory
        for name in ("lists/partial", "cache/archives/partial", "etc/preferences.d"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        (directory / "status").touch()
        (directory / "etc/sources.list").write_text("\n".join([*sources, ""]))
        (directory / "apt.conf").write_text(self._configuration())

    @classmethod
    def debian(cls, directory: Path, mirrors: Mirrors, suite: str, architecture: str) -> AptOracle:
        """One for `suite` with its updates and security, verified with Debian's keyring."""
        directory.mkdir(parents=True, exist_ok=True)
        keyring = shutil.copy(KEYRING, directory / "keyring.gpg")
        suites = [(suite, mirrors.archive), (updates_of(suite), mirrors.archive)]
        if mirrors.security:
            suites.append((security_of(suite), mirrors.security))
        sources = [f"deb [signed-by={keyring}] {uri} {name} main" for name, uri in suites if name]
        return cls(directory, sources, architecture)

    @classmethod
    def of_index(cls, directory: Path, index: str, architecture: str = "amd64") -> AptOracle:
        """One for an archive that consists of the ``Packages`` file `index`."""
        archive = directory / "archive"
        archive.mkdir(parents=True)
        (archive / "Packages").write_text(index)
        oracle = cls(directory, [f"deb [trusted=yes] file:{archive} ./"], architecture)
        assert not (failed := oracle.update()), failed
        return oracle

    def update(self) -> str:
        """Fetch the indexes; what apt says when it cannot, else an empty string."""
        done = self._run("apt-get", "update", "-o", "APT::Update::Error-Mode=any")
        return "" if done.returncode == 0 else done.stderr

    def index_files(self) -> list[IndexFile]:
        """The indexes that apt reads, in its order."""
        done = self._run(
            "apt-get",
            "indextargets",
            "--format",
            "$(CODENAME) $(FILENAME) $(REPO_URI) $(VERSION)",
            "Created-By: Packages",
        )
        found = {}
        for line in done.stdout.splitlines():
            codename, filename, uri, *version = line.split(" ")
            data = self._contents(filename)
            found[codename] = IndexFile(codename, uri, version[0] if version else "", data)
        return list(found.values())

    def install(self, wanted: Sequence[str]) -> Versions | None:
        """What apt would install for `wanted`, None when it finds no solution.

        A simulation goes on to plan the order of unpacking, which takes long and can fail for
        packages that pre-depend on each other; its process is ended once the solution is out.
        """
        options = ("--simulate", "--no-install-recommends", "--verbose-versions")
        with subprocess.Popen(
            (*self.program, "install", *options, *wanted),
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if _SUMMARY.match(line):
                    process.kill()
                    break
        found = _NEW.search(said)
        return dict(_PACKAGE.findall(found[1])) if found is not None else None

    def install_each(self, wanted: Iterable[Sequence[str]]) -> list[Versions | None]:
        """`install` for each of `wanted`, two at a time."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(self.install, wanted))

    def _contents(self, filename: str) -> bytes:
        """A list as apt reads it, whatever it is compressed with."""
        helper = "/usr/lib/apt/apt-helper"
        stored = sorted(Path(filename).parent.glob(Path(filename).name + "*"))
        return subprocess.run(
            [helper, "cat-file", str(stored[0])],
            env=self._environment(),
            capture_output=True,
            check=True,
        ).stdout

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=self._environment(), capture_output=True, text=True, check=False
        )

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "APT_CONFIG": str(self._directory / "apt.conf"), "LC_ALL": "C"}

    def _configuration(self) -> str:
        """Everything private but the machine's way to the network."""
        machine = subprocess.run(
            ["apt-config", "dump"], capture_output=True, text=True, check=True
        ).stdout
        network = [line for line in machine.splitlines() if line.startswith("Acquire::")]
        values = {
            "Dir::State": self._directory,
            "Dir::State::lists": self._directory / "lists",
            "Dir::State::status": self._directory / "status",
            "Dir::Cache": self._directory / "cache",
            "Dir::Cache::archives": self._directory / "cache/archives",
            "Dir::Cache::pkgcache": "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "Dir::Etc": self._directory / "etc",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::netrc": "/etc/apt/auth.conf",
            "Dir::Etc::netrcparts": "/etc/apt/auth.conf.d",
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Acquire::Check-Valid-Until": "false",
            "Debug::NoLocking": "1",
        }
        return "\n".join([*network, *(f'{key} "{value}";' for key, value in values.items()), ""])
