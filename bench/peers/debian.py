"""Debian packages for the peers, from this machine's own apt mirror."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUITE = "trixie"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Mirrors:
    """Base addresses of the archive and of its security part."""

    archive: str
    security: str

    def sources(self) -> list[str]:
        """One-line sources of the suite, its updates and its security fixes."""
        option = f"[signed-by={KEYRING}]"
        return [
            f"deb {option} {self.archive} {SUITE} main",
            f"deb {option} {self.archive} {SUITE}-updates main",
            f"deb {option} {self.security} {SUITE}-security main",
        ]


def mirrors() -> Mirrors:
    """The mirrors that apt on this machine uses for Debian."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"]
    output = run([*command, "Origin: Debian", "Created-By: Packages"])
    known = [line.split() for line in output.splitlines()]
    archive = next(uri for uri, codename in known if "security" not in codename)
    security = next((uri for uri, codename in known if "security" in codename), archive)
    return Mirrors(archive, security)


def run(command: Sequence[str | Path], *, cwd: Path | None = None) -> str:
    """Run a command that must succeed; its standard output."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def bootstrap(target: Path, packages: Sequence[str], hooks: Sequence[str] = ()) -> None:
    """A minimal Debian with `packages` as a tar file, made by mmdebstrap.

    `hooks` are commands of the shell before `packages` are installed; ``$1`` is the root.

    It trusts the certificate authorities that this machine trusts: behind a proxy that
    inspects TLS, pip in a build would reach nothing without them.
    """
    options = ["--quiet", "--variant=minbase", f"--include={','.join(packages)}"]
    if "ca-certificates" in packages:
        options.append(f"--customize-hook=copy-in {AUTHORITIES} {Path(AUTHORITIES).parent}")
    options += [f"--essential-hook={hook}" for hook in hooks]
    run(["mmdebstrap", *options, SUITE, target, *mirrors().sources()])


def download(packages: Sequence[str], into: Path) -> list[Path]:
    """The archives of exactly `packages`, verified by apt with a state of its own."""
    with tempfile.TemporaryDirectory(prefix="distil-apt-") as state:
        root = Path(state)
        for name in ("lists/partial", "archives/partial"):
            (root / name).mkdir(parents=True)
        (root / "status").touch()
        (root / "sources.list").write_text("\n".join(mirrors().sources()) + "\n")
        options = {
            "Dir::State": state,
            "Dir::State::status": root / "status",
            "Dir::Cache": state,
            "Dir::Etc::sourcelist": root / "sources.list",
            "Dir::Etc::sourceparts": "/nonexistent",
            "APT::Sandbox::User": "root",
        }
        apt = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
        run([*apt, "update"])
        into.mkdir(parents=True, exist_ok=True)
        run([*apt, "download", *packages], cwd=into)
    return sorted(into.glob("*.deb"))
