"""Debian's docker-registry, the reference of the field, with each kind of authentication.

Fixtures of a session, each with storage of its own: `plain_registry` (http, anybody),
`basic_registry` (TLS, user and password), `token_registry` (TLS, tokens of a `TokenServer`).
Deletion is allowed. Version 2.8 has no referrers API: clients keep the fallback tag.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.authority import Authority, make_authority
from tests.support.token_server import ISSUER, SERVICE, TokenServer, signer
from tests.support.tools import tool

USER, PASSWORD = "ada", "s3cret"
_HTPASSWD = f"{USER}:$2b$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG\n"
"""bcrypt of the password, which is all that this registry takes."""

START_SECONDS = 20
_LISTENS = re.compile(r"listening on ([\d.]+:\d+)")


@dataclass(frozen=True)
class Registry:
    """A running registry."""

    place: str
    """``HOST:PORT``."""
    log: Path
    """Where it writes a line for each request."""
    authority: Authority | None = None
    """Who vouches for it; None over plain http."""
    tokens: TokenServer | None = None

    @property
    def authenticates(self) -> bool:
        return self.authority is not None

    @property
    def url(self) -> str:
        return f"http{'s' if self.authority else ''}://{self.place}"

    def login(self, directory: Path, place: str = "") -> Path:
        """Write a config.json into `directory` as `docker login` does; the directory.

        `place` is where the registry is reached when it is not its own.
        """
        directory.mkdir(parents=True, exist_ok=True)
        known = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        auths = {place or self.place: {"auth": known}} if self.authenticates else {}
        (directory / "config.json").write_text(json.dumps({"auths": auths}))
        return directory


@contextlib.contextmanager
def docker_registry(
    directory: Path,
    authority: Authority | None = None,
    auth: Mapping[str, object] | None = None,
    tokens: TokenServer | None = None,
) -> Iterator[Registry]:
    """Run a registry that keeps everything below `directory`; `auth` as in its configuration."""
    program = tool("docker-registry")
    directory.mkdir(parents=True, exist_ok=True)
    http: dict[str, object] = {"addr": "127.0.0.1:0"}
    if authority is not None:
        names = {"certificate": authority.server_certificate, "key": authority.server_key}
        http["tls"] = {name: str(path) for name, path in names.items()}
    configuration = {
        "version": "0.1",
        "log": {"accesslog": {"disabled": False}, "level": "info"},
        "storage": {
            "filesystem": {"rootdirectory": str(directory / "storage")},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": http,
        **({"auth": auth} if auth else {}),
    }
    # JSON is YAML.
    (directory / "config.yml").write_text(json.dumps(configuration))
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "serve", directory / "config.yml"],
            stdout=output,
            stderr=output,
            env={"OTEL_TRACES_EXPORTER": "none"},
            start_new_session=True,
        )
    try:
        yield Registry(_place(process, log), log, authority, tokens)
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def basic_docker_registry(directory: Path, authority: Authority) -> Iterator[Registry]:
    """A registry over TLS that wants `USER` and `PASSWORD`."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "htpasswd").write_text(_HTPASSWD)
    auth = {"htpasswd": {"realm": "basic", "path": str(directory / "htpasswd")}}
    with docker_registry(directory, authority, auth) as registry:
        yield registry


@contextlib.contextmanager
def token_docker_registry(directory: Path, authority: Authority) -> Iterator[Registry]:
    """A registry over TLS that wants tokens, which `USER` gets for `PASSWORD`."""
    sign = signer(authority.server_certificate, authority.server_key)
    tokens = TokenServer({USER: PASSWORD}, sign)
    with tokens.serve(authority.tls()):
        auth = {
            "token": {
                "realm": tokens.realm,
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(authority.server_certificate),
            }
        }
        with docker_registry(directory, authority, auth, tokens) as registry:
            yield registry


def _place(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where it listens, once it does."""
    deadline = time.monotonic() + START_SECONDS
    while not (found := _LISTENS.search(log.read_text(errors="replace"))):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"docker-registry does not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.02)
    return found[1]


@pytest.fixture(scope="session")
def registry_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who vouches for the registries of this session."""
    return make_authority(tmp_path_factory.mktemp("registry-authority"))


@pytest.fixture(scope="session")
def plain_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Over http, for anybody."""
    with docker_registry(tmp_path_factory.mktemp("plain-registry")) as registry:
        yield registry


@pytest.fixture(scope="session")
def basic_registry(
    tmp_path_factory: pytest.TempPathFactory, registry_authority: Authority
) -> Iterator[Registry]:
    """Over TLS, with user and password."""
    directory = tmp_path_factory.mktemp("basic-registry")
    with basic_docker_registry(directory, registry_authority) as registry:
        yield registry


@pytest.fixture(scope="session")
def token_registry(
    tmp_path_factory: pytest.TempPathFactory, registry_authority: Authority
) -> Iterator[Registry]:
    """Over TLS, with tokens."""
    directory = tmp_path_factory.mktemp("token-registry")
    with token_docker_registry(directory, registry_authority) as registry:
        yield registry
