"""A Debian mirror of the tests' own: real packages, real signatures, and faults at will.

    mirror = Mirror(tmp_path)
    mirror.add_package("hello", "1.0", {"/usr/bin/hello": b"..."}, depends="libc6")
    with mirror.serve():
        open_suites("debian:trixie", AMD64, client, cache, mirror.mirrors())

``serve`` publishes what was added so far; after a change call ``publish`` again. The archive is at
``/debian`` and the security archive at ``/debian-security`` of a loopback port.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import lzma
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

import zstandard
from pysequoia import SignatureMode, Tsk, sign

from distil.distros.debian.sources import Mirrors
from tests.support.deb_builder import Entry, control_file, deb, file
from tests.support.web_server import WebServer

ARCHIVE = "debian"
SECURITY = "debian-security"

_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "gz": lambda data: gzip.compress(data, mtime=0),
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


@dataclass
class Suite:
    """What one Release file says. `date` and `valid_for` are in seconds."""

    codename: str
    suite: str
    version: str = "13.1"
    root: str = ARCHIVE
    origin: str = "Debian"
    label: str = "Debian"
    date: float = field(default_factory=lambda: time.time() - 86400)
    valid_for: float | None = None
    by_hash: bool = True
    not_automatic: bool = False
    architectures: tuple[str, ...] = ("all", "amd64", "arm64")
    components: tuple[str, ...] = ("main",)
    compressions: tuple[str, ...] = ("", "gz", "xz")
    written: tuple[str, ...] = ("gz", "xz")
    """Which of `compressions` the mirror really has; Debian lists "" without having it."""
    contents: bool = False
    """Whether there is a Contents file."""


@dataclass(frozen=True)
class Package:
    suite: str
    component: str
    architecture: str
    path: str
    """Relative to the archive, as in the Filename field."""
    stanza: str
    paths: tuple[str, ...]


class Mirror:
    """Suites with packages below a directory, and a server for them."""

    def __init__(self, root: Path, *, codename: str = "trixie", alias: str = "stable") -> None:
        self.root = root / "mirror"
        self.web = WebServer(self.root)
        self.faults = self.web.faults
        self.requested = self.web.requested
        self.url = ""
        self.suites: dict[str, Suite] = {}
        self.packages: list[Package] = []
        self.key = Tsk.generate(user_id="A key for tests <tests@example.org>")
        self.keyring = root / "mirror-key.asc"
        self.keyring.parent.mkdir(parents=True, exist_ok=True)
        self.keyring.write_text(str(self.key.extract_certificate()))
        self.add_suite(codename, alias)
        self.add_suite(f"{codename}-updates", f"{alias}-updates", valid_for=7 * 86400)
        self.add_suite(
            f"{codename}-security",
            f"{alias}-security",
            root=SECURITY,
            label="Debian-Security",
            valid_for=7 * 86400,
        )
        self.main = codename

    # --- contents --------------------------------------------------------------------------

    def add_suite(self, codename: str, suite: str, **settings: object) -> Suite:
        """A suite named `codename`, with `suite` as the alias (stable, unstable)."""
        added = Suite(codename, suite, **settings)  # type: ignore[arg-type]
        self.suites[codename] = added
        return added

    def add_package(
        self,
        name: str,
        version: str = "1.0-1",
        files: Mapping[str, bytes | str] | Iterable[Entry] = (),
        *,
        suite: str = "",
        component: str = "main",
        architecture: str = "amd64",
        scripts: Mapping[str, str | bytes] | None = None,
        compression: str = "xz",
        **fields: str,
    ) -> bytes:
        """Build a .deb into the pool and list it in `suite`; the .deb is returned.

        `files` are path and content, or entries of `tests.support.deb_builder`. `fields` are
        control fields, with underscores for hyphens in any case: ``depends``, ``multi_arch``.
        """
        entries = (
            [file(path, data, _mode(path)) for path, data in files.items()]
            if isinstance(files, Mapping)
            else list(files)
        )
        titled = {key.title(): value for key, value in fields.items()}
        control = control_file(name, Version=version, Architecture=architecture, **titled)
        data = deb(control, entries, scripts, compression=compression)
        return self.add_deb(
            data, control, suite=suite, component=component, paths=[e.path for e in entries]
        )

    def add_deb(
        self,
        data: bytes,
        control: str,
        *,
        suite: str = "",
        component: str = "main",
        paths: Iterable[str] = (),
    ) -> bytes:
        """List a .deb made elsewhere; `control` is its control file."""
        suite = suite or self.main
        values = dict(line.split(": ", 1) for line in control.splitlines() if ": " in line)
        name, architecture = values["Package"], values["Architecture"]
        version = values["Version"].rpartition(":")[2]
        path = f"pool/{component}/{name[0]}/{name}/{name}_{version}_{architecture}.deb"
        self._write(self.suites[suite].root, path, data)
        stanza = (
            f"{control}Filename: {path}\nSize: {len(data)}\n"
            f"SHA256: {hashlib.sha256(data).hexdigest()}\n"
        )
        self.packages.append(Package(suite, component, architecture, path, stanza, tuple(paths)))
        return data

    # --- publishing ------------------------------------------------------------------------

    def publish(self, key: Tsk | None = None) -> None:
        """Write every suite's indexes and sign its Release file, with `key` or the mirror's."""
        for suite in self.suites.values():
            text = self._release(suite)
            signed = sign((key or self.key).signer(), text.encode(), mode=SignatureMode.CLEAR)
            self.put_release(suite.codename, signed)

    def put_release(self, codename: str, signed: bytes) -> None:
        """Put an InRelease file in place as it is, under the codename and the alias."""
        suite = self.suites[codename]
        for name in (suite.codename, suite.suite):
            self._write(suite.root, f"dists/{name}/InRelease", signed)

    def release_text(self, codename: str) -> str:
        """The text of a suite's Release file as it would be signed now."""
        return self._release(self.suites[codename])

    def _release(self, suite: Suite) -> str:
        listed: list[str] = []
        for component in suite.components:
            for architecture in suite.architectures:
                if architecture != "all":
                    self._indexes(suite, component, architecture, listed)
        lines = {
            "Origin": suite.origin,
            "Label": suite.label,
            "Suite": suite.suite,
            "Version": suite.version,
            "Codename": suite.codename,
            "Date": _date(suite.date),
            "Valid-Until": _date(suite.date + suite.valid_for) if suite.valid_for else "",
            "NotAutomatic": "yes" if suite.not_automatic else "",
            "Acquire-By-Hash": "yes" if suite.by_hash else "",
            "Architectures": " ".join(suite.architectures),
            "Components": " ".join(suite.components),
        }
        head = "".join(f"{name}: {value}\n" for name, value in lines.items() if value)
        return f"{head}SHA256:\n" + "\n".join(listed) + "\n"

    def _indexes(self, suite: Suite, component: str, architecture: str, listed: list[str]) -> None:
        wanted = [
            package
            for package in self.packages
            if (package.suite, package.component) == (suite.codename, component)
            and package.architecture in (architecture, "all")
        ]
        text = "\n".join(package.stanza for package in wanted).encode()
        name = f"{component}/binary-{architecture}/Packages"
        for compression in suite.compressions:
            self._index(suite, name, compression, text, listed)
        if suite.contents:
            rows = sorted(
                f"{path[1:]:<59} misc/{package.path.rsplit('/', 1)[1].partition('_')[0]}\n"
                for package in wanted
                for path in package.paths
            )
            contents = "".join(rows).encode()
            for compression in ("", "gz"):
                self._index(
                    suite, f"{component}/Contents-{architecture}", compression, contents, listed
                )

    def _index(
        self, suite: Suite, name: str, compression: str, text: bytes, listed: list[str]
    ) -> None:
        data = _COMPRESS[compression](text)
        digest = hashlib.sha256(data).hexdigest()
        full = f"{name}.{compression}" if compression else name
        listed.append(f" {digest} {len(data):>8} {full}")
        if compression not in suite.written:
            return
        for directory in (suite.codename, suite.suite):
            self._write(suite.root, f"dists/{directory}/{full}", data)
            if suite.by_hash:
                parent = name.rpartition("/")[0]
                path = f"dists/{directory}/{parent}/by-hash/SHA256/{digest}"
                self._write(suite.root, path, data)

    def _write(self, root: str, path: str, data: bytes) -> None:
        target = self.root / root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    # --- serving ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def serve(self) -> Iterator[str]:
        """Publish, then serve over HTTP on a loopback port; yields the address, without slash."""
        self.publish()
        with self.web.serve() as url:
            self.url = url
            yield url

    def mirrors(self, **changes: object) -> Mirrors:
        """What `find_mirrors` would find for this mirror; `serve` must be on."""
        settings = {
            "archives": (f"{self.url}/{ARCHIVE}",),
            "securities": (f"{self.url}/{SECURITY}",),
            "keyring": str(self.keyring),
            **changes,
        }
        return Mirrors(**settings)  # type: ignore[arg-type]

    def environment(self) -> dict[str, str]:
        """Variables that make a distil process use this mirror and nothing else."""
        return {
            "DISTIL_DEBIAN_MIRROR": f"{self.url}/{ARCHIVE}",
            "DISTIL_DEBIAN_SECURITY_MIRROR": f"{self.url}/{SECURITY}",
            "DISTIL_DEBIAN_KEYRING": str(self.keyring),
            "no_proxy": "127.0.0.1",
        }


def _mode(path: str) -> int:
    return 0o755 if "/bin/" in path or "/sbin/" in path else 0o644


def _date(seconds: float) -> str:
    return formatdate(int(seconds), usegmt=True).replace("GMT", "UTC")
