"""PostgreSQL: all that its SQL can load, TLS, dumps, reloading, a crash."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.services.base import TLS, Place, Service
from tests.support.authority import SERVER_NAME
from tests.support.runners import Running
from tests.support.tools import tool

SQL: Final = Path(__file__).with_name("postgres.sql")
PASSWORD: Final = "correct horse"
DATABASE: Final = "app"
ADMINISTRATOR: Final = "admin"
AUTHORITY: Final = "authority.pem"
PROGRAMS: Final = "/usr/lib/postgresql/17/bin"


@dataclass(frozen=True)
class PostgresClient:
    """Programs of the client's package in the root that `place` names."""

    place: Place

    def call(
        self, program: str, *words: str, given: bytes = b"", **variables: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one, connected over TLS with the server's certificate verified."""
        settings = {
            "PGHOST": SERVER_NAME,
            "PGHOSTADDR": self.place.host,
            "PGUSER": ADMINISTRATOR,
            "PGPASSWORD": PASSWORD,
            "PGDATABASE": DATABASE,
            "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": f"/{AUTHORITY}",
        }
        command: list[str | Path] = [
            tool("chroot"),
            self.place.root,
            f"{PROGRAMS}/{program}",
            *words,
        ]
        return subprocess.run(
            command,
            input=given,
            env=settings | variables,
            capture_output=True,
            timeout=300,
            check=False,
        )

    def output(self, program: str, *words: str, given: bytes = b"", **variables: str) -> bytes:
        """Run one that must succeed; what it prints."""
        done = self.call(program, *words, given=given, **variables)
        assert done.returncode == 0, (program, done.stdout[-2000:], done.stderr[-4000:])
        return done.stdout

    def ask(self, query: str, **variables: str) -> str:
        """The only value that `query` gives."""
        return self.output("psql", "-XAtqc", query, given=b"", **variables).decode().strip()


class PostgresService(Service[PostgresClient]):
    example = "postgres"
    volume = "/var/lib/postgresql"
    spared: Mapping[str, str] = {
        "/usr/lib/postgresql/*/lib/llvmjit*": "queries run uncompiled where it is not there",
        "/usr/lib/*/libLLVM*": "linked to by it alone",
        "/usr/lib/*/libz3.so*": "linked to by it alone",
        "/usr/lib/*/libedit.so*": "linked to by it alone",
        "/usr/lib/*/libbsd.so*": "linked to by it alone",
        "/usr/lib/*/libmd.so*": "linked to by it alone",
        "/usr/lib/*/libffi.so*": "linked to by it alone",
        "/usr/lib/*/libtinfo.so*": "linked to by it alone",
        "/usr/lib/postgresql/*/lib/bitcode/**": "opened by it alone",
    }

    def environment(self) -> dict[str, str]:
        return {
            "POSTGRES_USER": ADMINISTRATOR,
            "POSTGRES_DB": DATABASE,
            "POSTGRES_PASSWORD": PASSWORD,
        }

    def arguments(self) -> tuple[str, ...]:
        settings = {
            "ssl": "on",
            "ssl_cert_file": f"{TLS}/server.pem",
            "ssl_key_file": f"{TLS}/server.key",
            "wal_level": "logical",
        }
        return tuple(word for pair in settings.items() for word in ("-c", "=".join(pair)))

    def client(self, place: Place) -> PostgresClient:
        shutil.copy(place.authority.certificate, place.root / AUTHORITY)
        return PostgresClient(place)

    def answers(self, client: PostgresClient) -> bool:
        return client.call("pg_isready", "--quiet").returncode == 0

    def exercise(self, client: PostgresClient) -> None:
        assert client.ask("SHOW server_encoding") == "UTF8"
        assert client.ask("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()") >= "TLS"
        assert b"password" in client.call("psql", "-c", "SELECT 1", PGPASSWORD="wrong").stderr
        own = f"host=127.0.0.1 dbname={DATABASE} user={ADMINISTRATOR} password='{PASSWORD}'"
        variables = ("-v", f"connection={own}", "-v", f"password={PASSWORD}")
        printed = client.output("psql", "-X", *variables, given=SQL.read_bytes())
        assert b'Asynchronous notification "told" with payload "more"' in printed
        for encoding in ("SJIS", "GB18030", "WIN1251", "EUC_JIS_2004"):
            assert client.ask("SELECT 'abc'", PGCLIENTENCODING=encoding) == "abc"
        assert (
            client.ask("SELECT 'Zürich'", PGDATABASE="latin", PGCLIENTENCODING="UTF8") == "Zürich"
        )
        assert client.ask("SELECT 'ä' < 'b'", PGDATABASE="icu") == "t"
        self._dumped(client)

    def check_kept(self, client: PostgresClient) -> None:
        assert client.ask("SELECT count(*) FROM numbers") == "50000"
        assert client.ask("SELECT count(*) FROM words", PGDATABASE="restored") == "7"

    def reload(self, running: Running, client: PostgresClient) -> None:
        client.ask("ALTER SYSTEM SET work_mem = '5MB'")
        os.kill(running.pid, signal.SIGHUP)
        deadline = time.monotonic() + 30
        while client.ask("SHOW work_mem") != "5MB":
            assert time.monotonic() < deadline
        client.call("psql", "-c", "SELECT pg_terminate_backend(pg_backend_pid())")
        assert client.ask("SELECT 1") == "1"

    def _dumped(self, client: PostgresClient) -> None:
        """Dump the database and restore it beside itself."""
        dump = client.output("pg_dump", "--format=custom")
        client.ask("CREATE DATABASE restored")
        options = ("--exit-on-error", "--dbname=restored")
        client.output("pg_restore", *options, given=dump)
        query = "SELECT md5(string_agg(hash, '' ORDER BY n)) FROM numbers"
        assert client.ask(query) == client.ask(query, PGDATABASE="restored")
