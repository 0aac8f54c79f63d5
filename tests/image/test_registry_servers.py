"""The registries that tests talk to do what registries do, and go wrong as they are told."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import server_faults as faults
from tests.support.cutting_proxy import cable
from tests.support.memory_registry import MemoryRegistry, digest_of
from tests.support.registries import PASSWORD, USER, Registry
from tests.support.scripted_server import Fault
from tests.support.token_server import TokenServer
from tests.support.tools import tool

KINDS = ("plain", "basic", "token")


@pytest.fixture(params=KINDS)
def registry(request: pytest.FixtureRequest) -> Registry:
    """Each real one."""
    return request.getfixturevalue(f"{request.param}_registry")


@pytest.fixture
def memory() -> Iterator[MemoryRegistry]:
    """One in memory that hands out tokens, and serves."""
    tokens = TokenServer({USER: PASSWORD})
    with ExitStack() as stack:
        stack.enter_context(tokens.serve())
        registry = MemoryRegistry(tokens=tokens)
        stack.enter_context(registry.serve())
        yield registry


@pytest.fixture
def open_memory() -> Iterator[MemoryRegistry]:
    """One in memory for everybody."""
    registry = MemoryRegistry()
    with registry.serve():
        yield registry


def layer(text: bytes = b"hello") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo("greeting")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return gzip.compress(stream.getvalue(), mtime=0)


def crane(
    registry: Registry, config: Path, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run crane with the logins in the directory `config`."""
    variables = {"DOCKER_CONFIG": str(config), "HOME": str(config)}
    if registry.authority is not None:
        variables["SSL_CERT_FILE"] = str(registry.authority.certificate)
    return subprocess.run(
        [tool("crane"), *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ask(
    registry: MemoryRegistry, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(registry.place, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, dict(answer.headers), data


def test_real_registries_keep_what_crane_brings(registry: Registry, tmp_path: Path) -> None:
    def run(*arguments: str | Path) -> str:
        done = crane(registry, registry.login(tmp_path), *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    (tmp_path / "layer.tgz").write_bytes(layer())
    name = f"{registry.place}/servers/app"
    digest = run("append", "-f", tmp_path / "layer.tgz", "-t", f"{name}:1")
    assert run("ls", name) == "1"
    run("validate", "--remote", digest)
    run("copy", f"{name}:1", f"{registry.place}/servers/other:2")
    run("delete", digest)
    assert crane(registry, tmp_path, "digest", f"{name}:1").returncode != 0


@pytest.mark.parametrize("kind", KINDS[1:])
def test_real_registries_want_a_login(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    registry: Registry = request.getfixturevalue(f"{kind}_registry")
    elsewhere = replace(registry, place="127.0.0.1:1").login(tmp_path)
    done = crane(registry, elsewhere, "ls", f"{registry.place}/servers/app")
    assert done.returncode != 0
    assert "UNAUTHORIZED" in done.stderr or "401" in done.stderr


def test_the_token_server_notes_scopes_and_logins(token_registry: Registry, tmp_path: Path) -> None:
    tokens = token_registry.tokens
    before = len(tokens.requests)
    name = f"{token_registry.place}/servers/noted"
    crane(token_registry, token_registry.login(tmp_path), "ls", name)
    asked = tokens.requests[before:]
    assert [r.query["scope"] for r in asked] == ["repository:servers/noted:pull"]
    assert asked[0].authorization.startswith("Basic ")
    granted = list(tokens.granted.values())[-1]
    assert granted == [{"type": "repository", "name": "servers/noted", "actions": ["pull"]}]


def test_the_registry_in_memory_keeps_what_crane_brings(
    memory: MemoryRegistry, tmp_path: Path
) -> None:
    known = {"auths": {memory.place: {"username": USER, "password": PASSWORD}}}
    (tmp_path / "config.json").write_text(json.dumps(known))
    served = Registry(memory.place, tmp_path / "log")

    def run(*arguments: str | Path) -> str:
        done = crane(served, tmp_path, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    (tmp_path / "layer.tgz").write_bytes(layer())
    name = f"{memory.place}/team/app"
    digest = run("append", "-f", tmp_path / "layer.tgz", "-t", f"{name}:1")
    run("validate", "--remote", digest)
    run("tag", digest, "2")
    memory.page = 1
    assert run("ls", name).split() == ["1", "2"]
    before = len(memory.asked("PATCH"))
    run("copy", f"{name}:1", f"{memory.place}/team/mounted:1")
    assert len(memory.asked("PATCH")) == before
    run("delete", digest)
    assert memory.repository("team/app").manifests == {}


def test_uploads_go_on_where_they_were(open_memory: MemoryRegistry) -> None:
    data = layer()
    status, headers, _ = ask(open_memory, "POST", "/v2/a/blobs/uploads/")
    place = headers["Location"]
    assert status == 202
    assert ask(open_memory, "PATCH", place, data[:9], Content_Range="0-8")[0] == 202
    status, headers, _ = ask(open_memory, "PATCH", place, data[5:], Content_Range="5-20")
    assert (status, headers["Range"]) == (416, "0-8")
    assert ask(open_memory, "GET", place)[1]["Range"] == "0-8"
    wrong = f"{place}&digest={digest_of(b'')}"
    assert ask(open_memory, "PUT", wrong, data[9:])[0] == 400
    assert ask(open_memory, "PUT", f"{place}&digest={digest_of(data)}", data[9:])[0] == 201
    assert open_memory.contents[digest_of(data)] == data
    assert ask(open_memory, "GET", place)[0] == 404
    path = f"/v2/a/blobs/{digest_of(data)}"
    status, headers, part = ask(open_memory, "GET", path, Range="bytes=4-")
    assert (status, part) == (206, data[4:])
    assert headers["Content-Range"] == f"bytes 4-{len(data) - 1}/{len(data)}"


def test_referrers_are_listed_by_pages_and_kinds(open_memory: MemoryRegistry) -> None:
    subject = open_memory.add_image("a", "1", [layer()])
    kinds = ["text/one", "text/two", "text/two"]
    for number, kind in enumerate(kinds):
        open_memory.add_referrer("a", subject, b"%d" % number, kind)
    open_memory.page = 2
    path = f"/v2/a/referrers/{subject['digest']}"
    _, headers, first = ask(open_memory, "GET", path)
    link = headers["Link"].partition(">")[0].removeprefix("<")
    _, headers, second = ask(open_memory, "GET", link)
    assert "Link" not in headers
    entries = [*json.loads(first)["manifests"], *json.loads(second)["manifests"]]
    assert [entry["artifactType"] for entry in entries] == kinds
    _, headers, body = ask(open_memory, "GET", f"{path}?artifactType=text/one")
    assert headers["OCI-Filters-Applied"] == "artifactType"
    assert len(json.loads(body)["manifests"]) == 1
    open_memory.referrers_api = False
    assert ask(open_memory, "GET", path)[0] == 404


BLOB = bytes(range(256)) * 20


@pytest.mark.parametrize(
    ("fault", "ends"),
    [
        (faults.reset, ConnectionResetError),
        (faults.deaf, ConnectionResetError),
        (faults.reset_after(100), ConnectionResetError),
        (faults.short(100), http.client.IncompleteRead),
        (faults.endless_headers, http.client.HTTPException),
    ],
)
def test_broken_answers(
    open_memory: MemoryRegistry, fault: Fault, ends: type[BaseException]
) -> None:
    path = f"/v2/a/blobs/{open_memory.add_blob('a', BLOB)['digest']}"
    open_memory.wrong("GET", "/v2/a/*", fault, times=1, skip=1)
    assert ask(open_memory, "GET", path)[2] == BLOB
    with pytest.raises(ends):
        ask(open_memory, "GET", path)
    assert ask(open_memory, "GET", path)[2] == BLOB
    assert len(open_memory.asked("GET", "/v2/a/blobs/*")) == 3


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.status(429, {"Retry-After": "1"}), (429, "Retry-After", "1", b"")),
        (faults.redirect("http://e.test{path}"), (307, "Location", "http://e.test/v2/", b"")),
        (faults.headers(Content_Type="a/b"), (200, "Content-Type", "a/b", b"")),
        (faults.body(lambda data: data + b"!"), (200, "Content-Length", "1", b"!")),
        (faults.drip(0), (200, "Content-Length", "0", b"")),
    ],
)
def test_wrong_answers(
    open_memory: MemoryRegistry, fault: Fault, expected: tuple[int, str, str, bytes]
) -> None:
    open_memory.wrong("GET", "/v2/", fault)
    status, headers, body = ask(open_memory, "GET", "/v2/")
    assert (status, expected[1], headers[expected[1]], body) == expected
    open_memory.right()
    assert ask(open_memory, "GET", "/v2/")[0] == 200


def test_an_endless_body_is_not_sent_to_who_has_gone(open_memory: MemoryRegistry) -> None:
    open_memory.wrong("GET", "*", faults.endless_body())
    connection = http.client.HTTPConnection(open_memory.place, timeout=10)
    connection.request("GET", "/v2/")
    assert len(connection.getresponse().read(100_000)) == 100_000
    connection.close()
    assert open_memory.requests[0].sent < faults.ENDLESS


@pytest.mark.parametrize("kept", [True, False])
def test_an_upload_that_is_reset(open_memory: MemoryRegistry, *, kept: bool) -> None:
    place = ask(open_memory, "POST", "/v2/a/blobs/uploads/")[1]["Location"]
    open_memory.wrong("PATCH", "*", faults.reset_upload(1000, kept=kept), times=1)
    with pytest.raises(ConnectionError):
        ask(open_memory, "PATCH", place, BLOB * 1000, Content_Range="0-9")
    held = {True: "0-999", False: "0-0"}
    assert ask(open_memory, "GET", place)[1]["Range"] == held[kept]


def test_a_cable_is_cut_once(open_memory: MemoryRegistry) -> None:
    path = f"/v2/a/blobs/{open_memory.add_blob('a', BLOB)['digest']}"
    with cable(open_memory.place) as wire:
        wire.cut(downwards=1000)
        connection = http.client.HTTPConnection(wire.place, timeout=10)
        connection.request("GET", path)
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            connection.getresponse().read()
        connection.close()
        connection.request("GET", path)
        assert connection.getresponse().read() == BLOB
        assert wire.cuts == 1
        assert wire.downwards > len(BLOB)
        connection.close()
