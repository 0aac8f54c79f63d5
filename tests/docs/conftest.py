"""What the pages of the documentation find when their commands are run."""

from __future__ import annotations

import datetime
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.engines import Engine
from tests.support.network import free_port
from tests.support.sessions import page_environment
from tests.support.tools import missing, tool
from tests.vulns.database.feeds import build, osv, write_archive

_DOCKER = """\
#!/bin/bash
# The engine of the tests has no bridge: what a container publishes is on the host's own network.
# There the applications listen on a port that nothing else of this machine has.
arguments=("$@")
if [ "$1" = run ]; then
    arguments=(run --network host --env PORT={port})
    while shift && [ $# -gt 0 ]; do
        case $1 in
        -p | --publish | --network) shift ;;
        *) arguments+=("$1") ;;
        esac
    done
fi
exec {command} "${{arguments[@]}}"
"""

_CURL = """\
#!/bin/bash
# The pages ask port 8000; the application is where the docker beside this has put it.
exec {program} "${{@//127.0.0.1:8000/127.0.0.1:{port}}}"
"""

DATABASE_PORT = 15432

_GIVEN = {"Docker": "docker", "PostgreSQL": "database", "advisories": "advisories"}
"""The fixture of each thing that a page can be given."""


@pytest.fixture(scope="session")
def reader(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[tuple[str, ...]], dict[str, str]]:
    """The environment of a reader for whom some things are given."""
    root = tmp_path_factory.mktemp("reader")
    (root / "bin").mkdir()
    common = page_environment(root)

    def given(things: tuple[str, ...]) -> dict[str, str]:
        environment = dict(common)
        for thing in things:
            found = request.getfixturevalue(_GIVEN[thing])
            if thing == "Docker":
                environment.update(_with_docker(root / "bin", found))
            elif thing == "advisories":
                environment["DISTIL_DB"] = str(found)
        return environment

    return given


def _with_docker(directory: Path, engine: Engine) -> dict[str, str]:
    port = free_port()
    programs = {
        "docker": _DOCKER.format(command=" ".join(engine.command), port=port),
        "curl": _CURL.format(program=tool("curl"), port=port),
    }
    for name, text in programs.items():
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    return dict(engine.environment)


@pytest.fixture(scope="session")
def advisories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of a few advisories about what the pages' images are made of, all of today."""
    root = tmp_path_factory.mktemp("advisories")
    feeds = root / "feeds"
    fixed = ({"introduced": "0"}, {"fixed": "99"})
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    documents = {
        "Debian": [
            osv("DEBIAN-CVE-2025-0001", "Debian:13", "openssl", *fixed, upstream=["CVE-2025-0001"]),
            osv("DEBIAN-CVE-2025-0002", "Debian:13", "glibc", upstream=["CVE-2025-0002"]),
        ],
        "PyPI": [
            osv(
                "PYSEC-2025-1",
                "PyPI",
                "flask",
                *fixed,
                aliases=["CVE-2025-0003"],
                summary="Session cookies signed with an old key are accepted",
                severity=[
                    {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"}
                ],
            )
        ],
    }
    for ecosystem, found in documents.items():
        write_archive(feeds, ecosystem, [{**one, "modified": today} for one in found])
    build(root / "advisories.db", feeds, int(time.time()))
    return root / "advisories.db"


@pytest.fixture(scope="session")
def database() -> Iterator[None]:
    """PostgreSQL as its own image has it: user, password and database are called guestbook."""
    with _postgres():
        yield


@contextmanager
def _postgres() -> Iterator[None]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        missing("PostgreSQL's server is not installed")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", DATABASE_PORT)) == 0:
            missing(f"port {DATABASE_PORT} is taken")
    binaries = found[-1].parent
    directory = Path(tempfile.mkdtemp(prefix="distil-pages-", dir="/tmp"))
    # PostgreSQL refuses to be root.
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    if account is not None:
        os.chown(directory, account.pw_uid, account.pw_gid)

    def run(program: str, *args: str) -> None:
        done = subprocess.run(
            [binaries / program, *args],
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            cwd=directory,
            env={"PGPASSWORD": "guestbook", "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, f"{program} {args} ended with {done.returncode}"

    data = f"--pgdata={directory}/data"
    (directory / "password").write_text("guestbook")
    (directory / "password").chmod(0o644)
    try:
        options = ("--username=guestbook", f"--pwfile={directory}/password", "--no-sync")
        run("initdb", data, *options, "--auth=scram-sha-256", "--encoding=UTF8")
        server = f"-p {DATABASE_PORT} -c listen_addresses=127.0.0.1 -k {directory} -c fsync=off"
        run("pg_ctl", data, "--wait", f"--log={directory}/log", f"--options={server}", "start")
        try:
            run(
                "createdb",
                "--host=127.0.0.1",
                f"--port={DATABASE_PORT}",
                "-Uguestbook",
                "guestbook",
            )
            yield
        finally:
            run("pg_ctl", data, "--mode=immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
