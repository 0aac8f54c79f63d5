"""`distil doctor`: what it finds, what it calls a failure, and that it leaves all as it was."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Done, World, world

DAY = 86400


@pytest.fixture
def bare(cold: World) -> World:
    """Nothing on PATH can run images, and no engine is where one would be."""
    (cold.root / "bin").mkdir()
    program(cold, "runc", "exit 1")  # the machine's own is looked for beyond PATH
    socket = f"unix://{cold.root}/docker.sock"
    return cold.with_variables(PATH=str(cold.root / "bin"), DOCKER_HOST=socket)


def program(world: World, name: str, script: str) -> None:
    """Put a program on the PATH of a bare world."""
    path = world.root / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def doctor(world: World, *options: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """The findings by subject; the worst one where there are several."""
    done = world.distil("doctor", "--format", "json", *options)
    assert done.code == code, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["schemaVersion"] == 1
    assert document["verdict"] == ("fail" if code else "pass")
    order = ["none", "pass", "warn", "fail"]
    found: dict[str, dict[str, Any]] = {}
    for section in document["diagnosis"]["sections"]:
        for finding in section["findings"]:
            before = found.get(finding["subject"])
            if before is None or order.index(before["status"]) < order.index(finding["status"]):
                found[finding["subject"]] = finding
    return found


def test_everything_that_building_needs_is_here(bare: World) -> None:
    found = doctor(bare)
    needed = ["python", "uv", "cache", "clock", "mirrors", "keys", "python index"]
    suites = ["trixie", "trixie-updates", "trixie-security"]
    assert {name: found[name]["status"] for name in needed + suites} == dict.fromkeys(
        needed + suites, "pass"
    )
    assert bare.mirror.url in found["trixie"]["text"]
    assert "Debian 13.1" in found["trixie"]["text"]
    assert bare.index in found["python index"]["text"]


def test_text_is_a_table_with_hints_and_a_verdict(bare: World) -> None:
    done = bare.distil("doctor")
    lines = done.stdout.splitlines()
    assert done.code == 0
    assert done.stderr == ""
    rows = [line.split(maxsplit=2) for line in lines]
    index = next(row for row in rows if row[1:2] == ["python"] and row[2].startswith("index "))
    assert index[0] == "PASS"
    assert ["–", "podman", "not installed (apt install podman)"] in rows  # noqa: RUF001
    assert next(row[0] for row in rows if row[1:2] == ["sandbox"]) in ("PASS", "WARN")
    assert lines[-1].startswith("distil can build here")


def test_keys_are_listed_with_their_ends(bare: World) -> None:
    keys = doctor(bare)["keys"]
    assert any("trixie" in line and "until 20" in line for line in keys["details"])
    assert any("for tests" in line for line in keys["details"])
    assert keys["details"][0] in bare.distil("doctor", "-v", "--offline").stdout
    assert keys["details"][0] not in bare.distil("doctor", "--offline").stdout


@pytest.mark.parametrize("options", [[], ["--offline"]])
def test_nothing_is_changed(bare: World, options: list[str]) -> None:
    assert bare.distil("build", bare.app(), "--dry-run").code == 0
    for one in (bare, bare.with_variables(DISTIL_CACHE_DIR=str(bare.root / "none"))):
        before = tree(bare.root)
        doctor(one, *options)
        assert tree(bare.root) == before


def tree(root: Path) -> dict[str, bytes]:
    """Every file and its contents, but for what uv keeps of its own."""
    files = (path for path in root.rglob("*") if path.is_file() and "uv" not in path.parts)
    return {str(path): path.read_bytes() for path in files}


def test_offline_asks_nobody(bare: World) -> None:
    asked = len(bare.mirror.web.requests), len(bare.house.requests)
    found = doctor(bare, "--offline")
    assert (len(bare.mirror.web.requests), len(bare.house.requests)) == asked
    assert found["suites"]["status"] == found["python index"]["status"] == "none"
    assert "offline" in bare.distil("doctor", "--offline").stdout.splitlines()[-1]


# --- what is wrong -------------------------------------------------------------------------


def test_no_mirror_answers(bare: World) -> None:
    world = bare.with_variables(DISTIL_DEBIAN_MIRROR="http://me:secret@127.0.0.1:9/debian")
    found = doctor(world, code=1)
    assert found["suites"]["status"] == "fail"
    assert "http://127.0.0.1:9/debian" in found["suites"]["text"]
    assert "secret" not in json.dumps(found)
    done = world.distil("doctor")
    assert "secret" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "distil cannot build here: see FAIL above"


def test_a_mirror_that_answers_something_else(bare: World) -> None:
    bare.mirror.faults.replace("*/InRelease", b"<html>please log in</html>")
    assert "login page" in doctor(bare, code=1)["suites"]["hint"]


def test_no_security_updates(bare: World) -> None:
    found = doctor(bare.with_variables(DISTIL_DEBIAN_SECURITY_MIRROR=""))
    assert found["mirrors"]["status"] == "warn"
    assert "DISTIL_DEBIAN_SECURITY_MIRROR" in found["mirrors"]["hint"]


@pytest.mark.parametrize(
    ("date", "valid_for", "failing", "passing"),
    [(-9 * DAY, DAY, "suites", "clock"), (9 * DAY, 8 * DAY, "clock", "python")],
)
def test_time(tmp_path: Path, date: int, valid_for: int, failing: str, passing: str) -> None:
    """A Release file that has expired, and one that is from the future: the clock is behind."""
    with world(tmp_path) as made:
        made.mirror.suites["trixie"].date = time.time() + date
        made.mirror.suites["trixie"].valid_for = valid_for
        made.mirror.publish()
        found = doctor(made, code=1)
        assert found[failing]["status"] == "fail"
        assert found[passing]["status"] == "pass"


def test_a_suite_that_went_back_in_time(tmp_path: Path) -> None:
    """What builds saw before is remembered, as in a build."""
    with world(tmp_path) as made:
        assert made.build(made.app(), "--dry-run").code == 0
        made.mirror.suites["trixie"].date -= 5 * DAY
        made.mirror.publish()
        assert "was seen before" in doctor(made, code=1)["suites"]["text"]


def test_no_python_index(bare: World) -> None:
    world = bare.with_variables(UV_DEFAULT_INDEX="http://me:secret@127.0.0.1:9/simple")
    found = doctor(world, code=1)
    assert found["python index"]["status"] == "fail"
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(
    ("variable", "subject"),
    [
        ("DISTIL_CACHE_DIR", "cache"),
        ("SSL_CERT_FILE", "certificates"),
        ("DISTIL_DEBIAN_KEYRING", "keys"),
    ],
)
def test_a_variable_that_leads_astray(bare: World, variable: str, subject: str) -> None:
    (bare.root / "file").write_text("text\n")
    place = bare.root / "file" / "below"
    found = doctor(bare.with_variables(**{variable: str(place)}), code=1)
    assert found[subject]["status"] == "fail"
    assert str(place) in found[subject]["text"]


@pytest.mark.parametrize(
    ("proxy", "code"),
    [("http://me:secret@proxy:3128", 0), ("socks5://me:secret@proxy:3128", 1)],
    ids=["http", "socks"],
)
def test_proxies(bare: World, proxy: str, code: int) -> None:
    found = doctor(bare.with_variables(HTTPS_PROXY=proxy), "--offline", code=code)
    assert found["proxies"]["status"] == ("fail" if code else "pass")
    assert "secret" not in json.dumps(found)
    assert code or "https_proxy=http://proxy:3128" in found["proxies"]["text"]


def test_no_mirror_is_named(bare: World) -> None:
    broken = bare.root / "home" / ".config" / "distil" / "config.toml"
    broken.parent.mkdir(parents=True)
    broken.write_text("[debian]\nmirorr = 'x'\n")
    found = doctor(bare, code=1)
    assert found["mirrors"]["status"] == "fail"
    assert "mirror" in found["mirrors"]["hint"]


# --- what can run images -------------------------------------------------------------------


@contextmanager
def engine(socket: Path, answer: bytes) -> Iterator[None]:
    """Something at the socket of an engine that answers every request with `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: object) -> None: ...

        def address_string(self) -> str:
            return "socket"

    with socketserver.UnixStreamServer(str(socket), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (b'{"ServerVersion": "28.5", "SecurityOptions": null}', "pass", "28.5, as root"),
        (
            b'{"ServerVersion": "28.5", "SecurityOptions": ["name=rootless"]}',
            "pass",
            "28.5, without root",
        ),
        (b"<html>", "none", "not installed; docker at"),
    ],
)
def test_docker_by_its_socket(bare: World, answer: bytes, status: str, text: str) -> None:
    with engine(bare.root / "docker.sock", answer):
        found = doctor(bare, "--offline")["docker"]
    assert found["status"] == status
    assert found["text"].startswith(text)


def test_docker_by_its_command(bare: World) -> None:
    program(bare, "docker", """echo '{"ServerVersion": "27.1"}'""")
    assert doctor(bare, "--offline")["docker"]["text"] == "27.1, as root"
    program(bare, "docker", "echo no daemon >&2; exit 1")
    found = doctor(bare, "--offline")["docker"]
    assert (found["status"], found["text"]) == ("warn", "no daemon")
    assert found["hint"]


def test_podman_and_runtimes(bare: World) -> None:
    program(bare, "podman", "echo 5.4.2")
    program(bare, "crun", "echo crun version 1.21; echo commit: 1")
    found = doctor(bare, "--offline")
    assert found["podman"]["text"].startswith("5.4.2")
    assert found["crun"]["text"] == f"1.21, {bare.root}/bin/crun"
    assert "crun" in bare.distil("doctor", "--offline").stdout.splitlines()[-1]


def test_programs_that_do_not_start(bare: World) -> None:
    program(bare, "podman", "echo no storage >&2; exit 125")
    program(bare, "crun", "exit 1")
    found = doctor(bare, "--offline")
    assert (found["podman"]["status"], found["crun"]["status"]) == ("warn", "warn")
    assert "no storage" in found["podman"]["text"]


def test_usage(bare: World) -> None:
    done: Done = bare.distil("doctor", "--format", "yaml")
    assert done.code == 2
    assert "yaml" in done.error
