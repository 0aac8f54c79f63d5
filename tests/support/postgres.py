"""A PostgreSQL cluster of its own, in a temporary directory, that containers reach over TLS."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.authority import SERVER_NAME, Authority
from tests.support.network import HOST_ADDRESS, free_port
from tests.support.tools import missing

USER = "app"


@dataclass(frozen=True)
class Database:
    """A running cluster; each test makes a database of its own in it."""

    port: int
    password: str
    directory: Path
    binaries: Path

    def create(self, authority_path: str) -> str:
        """Create an empty database; its URL for a container.

        The connection is encrypted and the server's certificate verified with the authority
        that the container has at `authority_path`.
        """
        name = f"test_{secrets.token_hex(6)}"
        socket_directory = f"--host={self.directory}"
        port = f"--port={self.port}"
        _as_server([self.binaries / "createdb", socket_directory, port, f"--owner={USER}", name])
        options = f"hostaddr={HOST_ADDRESS}&sslmode=verify-full&sslrootcert={authority_path}"
        return f"postgresql://{USER}:{self.password}@{SERVER_NAME}:{self.port}/{name}?{options}"


@contextmanager
def postgres(authority: Authority) -> Iterator[Database]:
    """Start a cluster; stop and remove it at the end."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        missing("PostgreSQL's server is not installed")
    binaries = found[-1].parent
    # Not pytest's directory: the server's user must be able to enter it, and sockets have
    # short paths.
    directory = Path(tempfile.mkdtemp(prefix="distil-pg-", dir="/tmp"))
    password = secrets.token_hex(16)
    try:
        port = _initialise(directory, binaries, authority, password)
        control = [str(binaries / "pg_ctl"), f"--pgdata={directory / 'data'}", "--silent", "--wait"]
        _as_server([*control, f"--log={directory / 'log'}", "start"])
        database = Database(port, password, directory, binaries)
        address = [f"--host={directory}", f"--port={port}", "--dbname=postgres"]
        role = f"CREATE ROLE {USER} LOGIN PASSWORD '{password}'"
        _as_server([binaries / "psql", *address, "--quiet", f"--command={role}"])
        try:
            yield database
        finally:
            _as_server([*control, "--mode=immediate", "stop"])
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _initialise(directory: Path, binaries: Path, authority: Authority, password: str) -> int:
    data = directory / "data"
    for source, name in (
        (authority.server_certificate, "server.crt"),
        (authority.server_key, "server.key"),
    ):
        shutil.copy(source, directory / name)
        (directory / name).chmod(0o600)
    _own(directory)
    options = ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C.UTF-8"]
    _as_server([binaries / "initdb", f"--pgdata={data}", "--no-sync", *options])
    port = free_port()
    settings = {
        "listen_addresses": "*",
        "port": str(port),
        "unix_socket_directories": str(directory),
        "ssl": "on",
        "ssl_cert_file": str(directory / "server.crt"),
        "ssl_key_file": str(directory / "server.key"),
        "fsync": "off",
        "shared_buffers": "32MB",
        "max_connections": "40",
    }
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{key} = '{value}'\n" for key, value in settings.items())
    network = HOST_ADDRESS.rpartition(".")[0].rpartition(".")[0] + ".0.0/16"
    with (data / "pg_hba.conf").open("a") as file:
        file.write(f"hostssl all {USER} {network} scram-sha-256\n")
    return port


def _server_account() -> pwd.struct_passwd | None:
    """The account to run the server as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _own(directory: Path) -> None:
    if account := _server_account():
        for path in (directory, *directory.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)


def _as_server(command: Sequence[str | Path]) -> None:
    account = _server_account()
    done = subprocess.run(
        command,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        cwd="/",
        # Inherited pipes would keep the call waiting as long as the server runs.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if command[-1] != "start" else subprocess.DEVNULL,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
