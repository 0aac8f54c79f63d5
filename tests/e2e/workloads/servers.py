"""Servers of Debian's packages beside the examples: a proxy, a cache, PHP."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.workloads.base import AUTHORITY_PATH, Surroundings
from tests.support import fastcgi
from tests.support.authority import SERVER_NAME
from tests.support.browser import Browser, await_answer
from tests.support.runners import BuiltImage, Launch, Mount, Runner, Running

GREETING = "Grüße"


def proxy(runner: Runner, image: BuiltImage, around: Surroundings) -> None:
    """HAProxy: its own answers, those of a server behind it, Lua, a new configuration."""
    authority = around.authority
    both = authority.server_key.with_name("both.pem")
    both.write_bytes(authority.server_certificate.read_bytes() + authority.server_key.read_bytes())
    both.chmod(0o644)
    upstream = urlsplit(around.service.url)
    launch = Launch(
        environment={"UPSTREAM": f"{upstream.hostname}:{upstream.port}"},
        mounts=(Mount(both, "/run/tls/both.pem"), Mount(authority.certificate, AUTHORITY_PATH)),
    )
    around.service.pages["/greeting"] = (GREETING * 1000).encode()
    running = runner.start(image, launch)
    _watched(running, lambda: _proxied(running, around))


def _proxied(running: Running, around: Surroundings) -> None:
    await_answer(running.url)
    browser = Browser(running.url)
    for _ in range(2):
        assert browser.get("/greeting").text == GREETING * 1000
        packed = browser.get("/hello", {"Accept-Encoding": "gzip"})
        body = packed.body
        if packed.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert body == b"hello from Lua at /hello\n"
        missing = browser.get("/nowhere")
        assert missing.status == 503
        assert "No server is available" in missing.text
        context = ssl.create_default_context(cafile=around.authority.certificate)
        context.set_alpn_protocols(["h2"])
        host = str(urlsplit(running.url).hostname)
        with (
            socket.create_connection((host, 8443), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=SERVER_NAME) as secure,
        ):
            assert secure.selected_alpn_protocol() == "h2"
        os.kill(running.pid, signal.SIGUSR2)  # reads the configuration again
        time.sleep(2)  # nothing tells from outside when it has
        await_answer(running.url)
    assert "GET /greeting HTTP/1.1" in running.logs()


def cache(runner: Runner, image: BuiltImage, around: Surroundings) -> None:
    """memcached: what clients say in its text protocol, and the meta commands."""
    running = runner.start(image, Launch())
    _watched(running, lambda: _cached(_await_port(running)))


def _cached(address: tuple[str, int]) -> None:
    def say(line: bytes, end: bytes) -> bytes:
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(line)
            answer = b""
            while not answer.endswith(end):
                answer += connection.recv(65536)
            return answer

    assert say(b"set a 0 0 5\r\nhello\r\n", b"\r\n") == b"STORED\r\n"
    assert say(b"get a\r\n", b"END\r\n") == b"VALUE a 0 5\r\nhello\r\nEND\r\n"
    assert say(b"mg a v\r\n", b"hello\r\n") == b"VA 5\r\nhello\r\n"
    large = b"x" * 500_000
    assert say(b"set b 0 0 500000\r\n" + large + b"\r\n", b"\r\n") == b"STORED\r\n"
    assert large in say(b"get b\r\n", b"END\r\n")
    assert b"STAT limit_maxbytes 16777216\r\n" in say(b"stats\r\n", b"END\r\n")


def scripts(runner: Runner, image: BuiltImage, around: Surroundings) -> None:
    """PHP-FPM: a script that uses every extension, twice, and after a new start of workers."""
    around.service.pages["/greeting"] = GREETING.encode()
    launch = Launch(
        environment={"UPSTREAM_URL": around.service.url, "SSL_CERT_FILE": AUTHORITY_PATH},
        mounts=(Mount(around.authority.certificate, AUTHORITY_PATH),),
    )
    running = runner.start(image, replace(launch, tmpfs=("/tmp",)))
    _watched(running, lambda: _scripted(running, _await_port(running, 9000)))


def _scripted(running: Running, address: tuple[str, int]) -> None:
    headers, first = _php(address)
    cookie = next(line for line in headers if line.startswith("Set-Cookie"))
    session = cookie.partition(": ")[2].partition(";")[0]
    _, second = _php(address, session, b"text=Gr%C3%BC%C3%9Fe")
    assert (first["session"], second["session"], second["posted"]) == (1, 2, GREETING)
    extensions = {str(name).lower() for name in first["extensions"]}  # type: ignore[attr-defined]
    assert extensions >= {"mbstring", "intl", "pdo_sqlite", "curl", "zend opcache", "phar", "ffi"}
    assert {key: first[key] for key in EXPECTED} == EXPECTED
    os.kill(running.pid, signal.SIGUSR2)  # new workers with the configuration read again
    time.sleep(2)  # nothing tells from outside when they are there
    assert _php(_await_port(running, 9000), session)[1]["session"] == 3


EXPECTED = {
    "upper": "GRÜSSE",
    "sorted": ["Apfel", "Äpfel", "Zebra"],
    "number": "1.234.567,891",
    "zone": "2026-06-30T23:00:00-04:00 EDT",
    "kind": "image/png",
    "iconv": "93fa967b",
    "sum": 42,
    "curl": GREETING,
    "stream": GREETING,
    "password": True,
    "cached": True,
    "xml": "same",
    "user": 65532,
}


def _php(
    address: tuple[str, int], session: str = "", body: bytes = b""
) -> tuple[list[str], dict[str, object]]:
    """The headers and the document that the script prints."""
    variables = {
        "SCRIPT_FILENAME": "/srv/app/index.php",
        "REQUEST_METHOD": "POST" if body else "GET",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_COOKIE": session,
    }
    output, errors = fastcgi.request(address, variables, body)
    assert not errors, errors.decode()
    head, _, document = output.decode().partition("\r\n\r\n")
    assert document.startswith("{"), output.decode()
    return head.splitlines(), json.loads(document)


def _watched(running: Running, work: Callable[[], None]) -> None:
    """Do `work`, then stop the container, which has to end by itself."""
    try:
        work()
        assert "Read-only file system" not in running.logs()
    except BaseException:
        print(running.logs())
        raise
    finally:
        status = running.stop()
    assert status == 0, f"exit status {status}:\n{running.logs()}"


def _await_port(running: Running, port: int = 8000) -> tuple[str, int]:
    """The address of the server when it accepts connections."""
    address = (str(urlsplit(running.url).hostname), port)
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(address, timeout=5).close()
        except OSError:
            assert time.monotonic() < deadline, running.logs()
            assert Path(f"/proc/{running.pid}").exists(), running.logs()
            time.sleep(0.1)
        else:
            return address
