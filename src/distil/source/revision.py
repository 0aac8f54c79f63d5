"""``[image] git``: which revision of which repository an image was built from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import msgspec

from distil.model.spec import Spec
from distil.source.errors import NoRevision
from distil.source.scan import Sources

REVISION: Final = "org.opencontainers.image.revision"
SOURCE: Final = "org.opencontainers.image.source"
DIRTY: Final = "-dirty"

_SECONDS: Final = 60
_SCP: Final = re.compile(r"(?P<user>[^@/:\s]+@)?(?P<host>[^@/:\s]+):(?P<path>[^@:\s]+)")
"""``git@host:path``, git's other way to write an ssh address."""


def with_revision(spec: Spec, source: Path, sources: Sources) -> Spec:
    """`spec` with labels that tell the commit of `source` and where its repository is.

    The commit is marked as dirty when files are changed, or when files of the application are
    unknown to git: then the image is not what the commit says. What the user labels wins.
    Raises `NoRevision`.
    """
    if not spec.image.git:
        return spec
    found = {REVISION: _revision(source, {file.path for file in sources.files})}
    remote = _public(_remote(source))
    if remote:
        found[SOURCE] = remote
    image = msgspec.structs.replace(spec.image, labels=found | spec.image.labels)
    return msgspec.structs.replace(spec, image=image)


def _revision(source: Path, files: set[str]) -> str:
    prefix = _git(source, "rev-parse", "--show-prefix").removesuffix("\n")
    commit = _git(source, "rev-parse", "--verify", "--quiet", "HEAD").strip()
    status = _git(
        source, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", "."
    )
    for entry in filter(None, status.split("\0")):
        state, path = entry[:2], entry[3:]
        if state != "??" or path.removeprefix(prefix) in files:
            return commit + DIRTY
    return commit


def _remote(source: Path) -> str:
    """The address of ``origin``, or else of the first remote; empty where there is none."""
    names = _git(source, "remote").split()
    if not names:
        return ""
    name = "origin" if "origin" in names else names[0]
    return _git(source, "remote", "get-url", name).strip()


def _public(remote: str) -> str:
    """`remote` without what is secret or only means something on this machine."""
    scp = _SCP.fullmatch(remote)
    if scp is not None and "://" not in remote:
        return f"ssh://{scp['user'] or ''}{scp['host']}/{scp['path'].lstrip('/')}"
    try:
        parts = urlsplit(remote)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ssh", "git") or not parts.hostname:
        return ""
    # Of ssh the user is part of the place (git@); over HTTP it may well be a token.
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, f"{user}{host}{port}", parts.path, "", ""))


def _git(source: Path, *arguments: str) -> str:
    """What git prints. It neither takes locks nor runs a monitor that the repository names."""
    import subprocess  # only when asked for

    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=source,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise NoRevision(str(source), "there is no git program") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoRevision(str(source), "git does not answer") from error
    if done.returncode != 0:
        said = next(_complaints(done.stderr), "there is no commit yet")
        raise NoRevision(str(source), said)
    return done.stdout.decode("utf-8", "surrogateescape")


def _complaints(stderr: bytes) -> Iterator[str]:
    for line in stderr.decode("utf-8", "replace").splitlines():
        if line.startswith("fatal: "):
            yield line.removeprefix("fatal: ")
