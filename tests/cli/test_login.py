"""`distil login` as a user has it: at a registry in memory, logins in a file of the test's own."""

from __future__ import annotations

import base64
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.cli import run
from tests.support import registries
from tests.support.command import DISTIL
from tests.support.memory_registry import MemoryRegistry
from tests.support.registries import Registry
from tests.support.scripted_server import Response, ScriptedServer
from tests.support.token_server import TokenServer

USER, PASSWORD = "ada", "s3cret word"


@pytest.fixture
def place() -> Iterator[str]:
    """A registry that wants `USER`; its name."""
    with MemoryRegistry(users={USER: PASSWORD}).serve() as url:
        yield url.partition("://")[2]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "auth.json"
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(path))
    return path


def login(monkeypatch, *arguments: str, stdin: bytes = PASSWORD.encode()) -> int:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    return run(["login", *arguments])


def kept(file: Path) -> dict[str, str]:
    auths = json.loads(file.read_text())["auths"]
    return {key: base64.b64decode(entry["auth"]).decode() for key, entry in auths.items()}


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("part", ["", "/team", "/team/app"])
def test_password_over_stdin(monkeypatch, capsys, place, file, end, part):
    arguments = [place + part, "-u", USER, "--password-stdin"]
    assert login(monkeypatch, *arguments, stdin=PASSWORD.encode() + end) == 0
    assert capsys.readouterr() == (f"{place}{part}: kept in {file}\n", "")
    assert kept(file) == {place + part: f"{USER}:{PASSWORD}"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_asked_for_without_showing_it(place, file):
    """On a terminal of its own, which shows what is typed unless the program says not to."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", _WITH_TERMINAL, DISTIL, "login", place],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        said = _until(controller, "Username: ")
        os.write(controller, f"{USER}\n".encode())
        said += _until(controller, "Password: ")
        os.write(controller, f"{PASSWORD}\n".encode())
        said += _until(controller, f"kept in {file}")
        process.wait()
        os.close(controller)
    assert process.returncode == 0
    assert USER in said
    assert PASSWORD not in said
    assert kept(file) == {place: f"{USER}:{PASSWORD}"}


_WITH_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def _until(controller: int, text: str) -> str:
    said = ""
    while text not in said:
        try:
            piece = os.read(controller, 4096)
        except OSError:
            piece = b""
        assert piece, said
        said += piece.decode()
    return said


@pytest.mark.parametrize("user", [USER, "eve"])
def test_what_the_registry_does_not_take_is_not_kept(monkeypatch, capsys, place, file, user):
    arguments = [place, "-u", user, "--password-stdin"]
    assert login(monkeypatch, *arguments, stdin=b"wr0ng word") == 2
    out, said = capsys.readouterr()
    assert out == ""
    assert place in said
    assert "wr0ng word" not in said
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "stdin", "why"),
    [
        (["-u", USER], b"", "--password-stdin"),
        (["--password-stdin"], b"x", "--username"),
        (["-u", "a:b", "--password-stdin"], b"s3cret", "colon"),
        (["-u", USER, "--password-stdin"], b"", "empty"),
        (["-u", USER, "--password-stdin"], b"\n", "empty"),
        (["-u", USER, "--password-stdin"], b"s3cret\nmore\n", "line break"),
        (["-u", USER, "--password-stdin"], b"s3cret\xff", "control"),
        (["-u", USER, "--password-stdin"], b"s" * (2 << 20), "too long"),
        (["-u", "a\nb", "--password-stdin"], b"s3cret", "line break"),
    ],
)
def test_what_is_no_login(monkeypatch, capsys, file, arguments, stdin, why):
    """It is not even tried: nobody is there."""
    assert login(monkeypatch, "127.0.0.1:9", *arguments, stdin=stdin) == 2
    said = capsys.readouterr().err
    assert why in said
    assert "s3cret" not in said
    assert not file.exists()


def test_a_broken_file_stays(monkeypatch, capsys, place, file):
    file.write_text('{"auths": "s3cret"}')
    assert login(monkeypatch, place, "-u", USER, "--password-stdin") == 2
    assert str(file) in capsys.readouterr().err
    assert file.read_text() == '{"auths": "s3cret"}'


def test_nobody_is_there(monkeypatch, capsys, file):
    assert login(monkeypatch, "127.0.0.1:9", "-u", USER, "--password-stdin") == 2
    assert PASSWORD not in capsys.readouterr().err
    assert not file.exists()


def test_with_tokens_none_is_asked_for_any_repository(monkeypatch, capsys, file):
    tokens = TokenServer({USER: PASSWORD})
    registry = MemoryRegistry(tokens=tokens)
    with tokens.serve(), registry.serve() as url:
        place = url.partition("://")[2]
        arguments = [f"{place}/team", "-u", USER, "--password-stdin", "--insecure", tokens.place]
        assert login(monkeypatch, *arguments, stdin=b"wr0ng") == 2
        assert USER in capsys.readouterr().err
        assert not file.exists()
        assert login(monkeypatch, *arguments) == 0
    assert kept(file) == {f"{place}/team": f"{USER}:{PASSWORD}"}
    assert not any("scope" in dict(request.said) for request in tokens.requests)


@pytest.mark.parametrize("kind", ["basic_registry", "token_registry"])
@pytest.mark.parametrize("trusted", ["everywhere", "for this registry", "insecure", "not"])
def test_debians_registry_over_tls(monkeypatch, capsys, file, request, kind, trusted):
    registry: Registry = request.getfixturevalue(kind)
    home = file.parent
    monkeypatch.setenv("HOME", str(home))
    authority = registry.authority.certificate
    if trusted == "everywhere":
        monkeypatch.setenv("DISTIL_CA_FILE", str(authority))
    if trusted == "for this registry":
        for place in (registry.place, *([registry.tokens.place] if registry.tokens else [])):
            directory = home / ".config/containers/certs.d" / place
            directory.mkdir(parents=True)
            (directory / "ca.crt").write_bytes(authority.read_bytes())
    more = ["--insecure", registry.place] if trusted == "insecure" else []
    arguments = [registry.place, "-u", registries.USER, "--password-stdin", *more]
    code = login(monkeypatch, *arguments, stdin=registries.PASSWORD.encode())
    said = capsys.readouterr().err
    assert registries.PASSWORD not in said
    if trusted == "not":
        assert code == 2
        assert "certificate" in said
        assert not file.exists()
    else:
        assert code == 0, said
        assert list(kept(file)) == [registry.place]


def test_what_is_no_registry(monkeypatch, capsys, file):
    with ScriptedServer(lambda _: Response(404)).serve() as url:
        place = url.partition("://")[2]
        assert login(monkeypatch, place, "-u", USER, "--password-stdin") == 2
    assert "no registry" in capsys.readouterr().err
    assert not file.exists()


def test_a_blocked_registry_is_told_nothing(monkeypatch, capsys, place, file, tmp_path):
    conf = tmp_path / "registries.conf"
    conf.write_text(f'[[registry]]\nlocation = "{place}"\nblocked = true\n')
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(conf))
    assert login(monkeypatch, place, "-u", USER, "--password-stdin") == 2
    assert str(conf) in capsys.readouterr().err
    assert not file.exists()
