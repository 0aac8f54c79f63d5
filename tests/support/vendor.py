"""Apt repositories as vendors make them, with apt-ftparchive, dpkg-deb and gpg.

vendor = Vendor(tmp_path)
vendor.add("tool", "1.0", {"/usr/bin/tool": "..."}, depends="libc6")
vendor.publish()
with vendor.web.serve() as url: ...
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.elf_builder import Elf
from tests.support.tools import run_tool, tool
from tests.support.web_server import WebServer

SUITE = "stable"
_DATE = "Mon, 16 Jun 2025 12:00:00 UTC"


def program(*needed: str) -> bytes:
    """A dynamically linked program for amd64."""
    loader = "/lib64/ld-linux-x86-64.so.2"
    return Elf(interpreter=loader, needed=(*needed, "libc.so.6"), flags_1=0x08000000).build()


def build_deb(
    directory: Path,
    name: str,
    version: str,
    files: Mapping[str, bytes | str],
    scripts: Mapping[str, str] | None = None,
    **fields: str,
) -> Path:
    """A package made by dpkg-deb; `fields` are control fields, with underscores for hyphens."""
    root = directory / f"{name}-{version}.tree"
    architecture = fields.pop("architecture", "amd64")
    control = {
        "Package": name,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": "Vendor <vendor@example.org>",
        **{key.replace("_", "-").title(): value for key, value in fields.items()},
        "Description": "a vendor's package\n of two lines",
    }
    licence = {f"/usr/share/doc/{name}/copyright": f"the terms of {name}\n"}
    for path, data in {**files, **licence}.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data.encode() if isinstance(data, str) else data)
        place.chmod(0o755 if "/bin/" in path else 0o644)
    (root / "DEBIAN").mkdir(parents=True)
    text = "".join(f"{key}: {value}\n" for key, value in control.items())
    (root / "DEBIAN/control").write_text(text)
    for script, body in (scripts or {}).items():
        (root / "DEBIAN" / script).write_text(body)
        (root / "DEBIAN" / script).chmod(0o755)
    deb = directory / f"{name}_{version}_{architecture}.deb"
    run_tool("dpkg-deb", "--root-owner-group", "--build", root, deb)
    shutil.rmtree(root)
    return deb


class Vendor:
    """A directory that becomes a repository, and a gpg key of its own."""

    def __init__(self, root: Path, *, flat: bool = False) -> None:
        self.root = root / "vendor"
        self.flat = flat
        self.pool = self.root / "debs"
        self.pool.mkdir(parents=True)
        self.web = WebServer(self.root)
        self._home = root / "gnupg"
        self._home.mkdir(mode=0o700)
        self._gpg("--quick-generate-key", "Vendor <vendor@example.org>", "ed25519", "sign", "1y")
        self.armored = root / "vendor.asc"
        self.armored.write_bytes(self._gpg("--armor", "--export"))
        self.binary = root / "vendor.gpg"
        self.binary.write_bytes(self._gpg("--export"))

    def add(self, name: str, version: str, files: Mapping[str, bytes | str], **more: str) -> Path:
        """A package in the pool."""
        return build_deb(self.pool, name, version, files, None, **more)

    @property
    def suite(self) -> Path:
        """The directory of the Release file."""
        return self.root / "flat" if self.flat else self.root / "dists" / SUITE

    def publish(self, *, detached: bool = False) -> None:
        """Indexes and a signed Release file, signed inside or beside it."""
        index = self.suite if self.flat else self.suite / "main/binary-amd64"
        index.mkdir(parents=True, exist_ok=True)
        if self.flat:
            for deb in self.pool.glob("*.deb"):
                shutil.copy(deb, self.suite)
            packages = self._ftparchive(self.suite, "packages", ".")
        else:
            packages = self._ftparchive(self.root, "packages", "debs")
        (index / "Packages").write_bytes(packages)
        run_tool("gzip", "-kfn", index / "Packages")
        fields = {"Origin": "Vendor", "Date": _DATE}
        if not self.flat:
            fields |= {"Suite": SUITE, "Codename": SUITE, "Architectures": "amd64 arm64"}
            fields |= {"Components": "main"}
        options = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in fields.items()]
        release = self._ftparchive(self.suite, *options, "release", ".")
        for name in ("InRelease", "Release", "Release.gpg"):
            (self.suite / name).unlink(missing_ok=True)
        (self.suite / "Release").write_bytes(release)
        if detached:
            signed = self._gpg("--armor", "--detach-sign", "-o", "-", str(self.suite / "Release"))
            (self.suite / "Release.gpg").write_bytes(signed)
        else:
            signed = self._gpg("--clear-sign", "-o", "-", str(self.suite / "Release"))
            (self.suite / "InRelease").write_bytes(signed)

    def table(self, url: str, key: str = "keys/vendor.asc") -> str:
        """What a specification says to use the repository."""
        suite = "flat/" if self.flat else SUITE
        return f'[[base.repositories]]\nurl = "{url}"\nsuite = "{suite}"\nkey = "{key}"\n'

    def _ftparchive(self, directory: Path, *arguments: str) -> bytes:
        command = [tool("apt-ftparchive"), *arguments]
        return subprocess.run(command, cwd=directory, capture_output=True, check=True).stdout

    def _gpg(self, *arguments: str) -> bytes:
        command = [tool("gpg"), "--batch", "--quiet", "--passphrase", "", *arguments]
        environment = {**os.environ, "GNUPGHOME": str(self._home)}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        # It would wait for more work for as long as its directory is there.
        agent = [tool("gpgconf"), "--kill", "gpg-agent"]
        subprocess.run(agent, env=environment, capture_output=True, check=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout
