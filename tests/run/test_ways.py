"""`distil run` with everything that can run images: the same answers with each."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.model.node import Kind
from tests.support.nodes import file, special
from tests.support.runnable import write_image
from tests.support.ways import Way, way

__all__ = ["way"]

LONG = str(100_000 + os.getpid())
"""Seconds that a process of these tests sleeps, by which it is told from those of others."""
SECONDS = 60
"""For what happens at once, however busy the machine is."""


@pytest.fixture(scope="module")
def image(way: Way, tmp_path_factory) -> str:
    cache = Cache(Path(way.environment["DISTIL_CACHE_DIR"]))
    directory = tmp_path_factory.mktemp("image") / "layout"
    orphan = file("/bin/orphan", b"#!/nowhere\n", mode=0o755)
    return write_image(directory, cache, [orphan], volumes=["/data"], stop_signal="SIGUSR1")


def await_that(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_container_as_its_image_says(way: Way, image: str) -> None:
    script = 'echo "$(id -u):$(id -g) $HOME $PWD $A"; cat; echo oops >&2; exit 7'
    done = way.run("-e", "A=b c", image, "--", script, given="said\n")
    assert (done.code, done.stdout) == (7, "0:0 /root / b c\nsaid\n")
    assert done.stderr == "oops\n"


def test_a_user_by_name_and_what_is_its(way: Way, image: str) -> None:
    script = "id -u; id -G; echo $HOME; pwd; cat kept; echo x >new && cat new; echo x >/bin/no"
    done = way.run("--user", "www", "--workdir", "/data", image, script)
    assert done.stdout.replace("44 44", "44") == "33\n44 55\n/srv/www\n/data\nin the image\nx\n"
    assert done.code == 1
    assert "denied" in done.stderr


def test_a_root_that_takes_no_writes(way: Way, image: str) -> None:
    script = "touch /no; touch /run/a /data/b && cat /data/kept && cat /etc/given"
    given = f"{__file__}:/etc/given:ro"
    done = way.run("--read-only", "--tmpfs", "/run", "-v", given, image, script)
    assert done.stdout == "in the image\n" + Path(__file__).read_text("utf-8")
    assert "Read-only" in done.stderr
    assert done.code == 0


def test_what_is_mounted_is_written_to_as_far_as_allowed(
    way: Way, image: str, tmp_path: Path
) -> None:
    options = ["-v", f"{tmp_path}:/mnt/rw", "-v", f"{tmp_path}:/mnt/ro:ro"]
    done = way.run(*options, image, "echo kept >/mnt/rw/file; echo no >/mnt/ro/file")
    assert (tmp_path / "file").read_text() == "kept\n"
    assert done.code == 1


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--entrypoint", "nothere"], 127, "nothere"),
        (["--entrypoint", "/etc/passwd"], 126, "/etc/passwd"),
        (["--user", "nobody"], 125, "nobody"),
    ],
)
def test_what_cannot_be_started(
    way: Way, image: str, options: list[str], code: int, said: str
) -> None:
    done = way.run(*options, image)
    if way.is_engine and code == 125:
        assert done.code in (125, 126, 127)
    else:
        assert done.code == code
    assert said in done.stderr


def test_a_script_whose_interpreter_is_missing(way: Way, image: str) -> None:
    done = way.run("--entrypoint", "/bin/orphan", image)
    assert done.code == 127 if way.name == "sandbox" else done.code
    assert "orphan" in done.stderr


def test_a_signal_is_for_the_process(way: Way, image: str) -> None:
    script = 'trap "echo got it; exit 5" TERM; echo ready; while :; do sleep 0.05; done'
    process = way.start(image, script)
    assert process.stdout.readline() == b"ready\n"
    process.terminate()
    assert process.stdout.read() == b"got it\n"
    assert process.wait(SECONDS) == 5


def test_death_by_a_signal(way: Way, image: str) -> None:
    process = way.start(image, f"echo ready; exec sleep {LONG}")
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    await_that(_sleeping)
    os.kill(_sleeping(), signal.SIGKILL)
    assert process.wait(SECONDS) == 128 + signal.SIGKILL


def test_time_is_up(way: Way, image: str) -> None:
    script = 'trap "echo asked; exit 3" USR1; echo ready; while :; do sleep 0.05; done'
    done = way.run("--timeout", "3", image, script)
    assert done.code == 124
    assert done.stdout in ("ready\nasked\n", "ready\n")
    assert "time" in done.stderr


def test_nothing_is_left_when_distil_is_killed(way: Way, image: str) -> None:
    before = way.kept() if way.is_engine else ""
    process = way.start(image, f"echo ready; exec sleep {LONG}")
    assert process.stdout.readline() == b"ready\n"
    await_that(_sleeping)
    process.kill()
    process.wait()
    process.stdout.close()
    await_that(lambda: not _sleeping())
    if way.is_engine:
        await_that(lambda: way.kept() == before)


def test_a_terminal(way: Way, image: str) -> None:
    waiting = "trap 'echo int; exit 4' INT; test -t 0 && test -t 1 && echo yes"
    script = f"{waiting}; while :; do sleep .05; done"
    leader, follower = pty.openpty()
    child = os.fork()
    if not child:
        os.environ.update(way.environment)
        os.setsid()
        os.login_tty(follower) if hasattr(os, "login_tty") else _login(follower)
        os.execv(way.command()[0], way.command(image, script))
    os.close(follower)
    seen = b""
    deadline = time.monotonic() + SECONDS
    typed = False
    while time.monotonic() < deadline:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                piece = os.read(leader, 1000)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        if b"yes" in seen and not typed:
            os.write(leader, b"\x03")
            typed = True
    os.close(leader)
    _, status = os.waitpid(child, 0)
    assert b"int" in seen, seen
    assert os.waitstatus_to_exitcode(status) == 4


def _login(follower: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(follower, number)


def test_a_published_port(way: Way, image: str) -> None:
    if way.is_engine:
        pytest.skip("the engines of the tests have no network of their own")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = "echo ready; echo answer | nc -l -p 9000; cat /proc/net/dev"
    process = way.start("-p", f"127.0.0.1:{port}:9000", image, script)
    assert process.stdout.readline() == b"ready\n"
    answer = b""
    deadline = time.monotonic() + SECONDS
    while not answer and time.monotonic() < deadline:
        # As long as nobody listens inside, a connection is taken and dropped.
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection,
        ):
            connection.sendall(b"question\n")
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as stream:
                answer = stream.read()
    rest = process.stdout.read()
    assert answer == b"answer\n"
    assert rest.startswith(b"question\n")
    assert [line.split(b":")[0].strip() for line in rest.splitlines() if b":" in line] == [b"lo"]
    assert process.wait(SECONDS) == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def test_a_hostile_image_leads_nowhere(way: Way, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of this machine\n")
    cache = Cache(Path(way.environment["DISTIL_CACHE_DIR"]))
    planted = write_image(
        tmp_path / "layout",
        cache,
        [
            special("/etc/passwd", Kind.SYMLINK, target=str(secret)),
            special("/etc/hosts", Kind.SYMLINK, target=str(secret)),
            special("/out", Kind.SYMLINK, target=f"../../../..{tmp_path}"),
            special("/work", Kind.SYMLINK, target=str(tmp_path)),
            special("/disk", Kind.BLOCK, device=(7, 0), mode=0o666),
        ],
        volumes=["/out", "/work/x"],
    )
    done = way.run("--workdir", "/", planted, f"cat {secret} /etc/passwd; ls {tmp_path}; cat /disk")
    assert "of this machine" not in done.stdout
    refused = ("not permitted", "No such file", "ermission denied")
    said = next(line for line in done.stderr.splitlines() if "/disk" in line)
    assert any(why in said for why in refused), said
    assert secret.read_text() == "of this machine\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["layout", "secret"]


def test_what_engines_had_they_keep(way: Way, image: str, tmp_path: Path) -> None:
    if not way.is_engine:
        pytest.skip("it keeps no images")
    place = {"docker": "docker-daemon:", "podman": "containers-storage:"}[way.name]
    name = "localhost/busy:kept"
    environment = {**os.environ, **way.environment}
    subprocess.run([way.command()[0], "copy", image, f"{place}{name}"], env=environment, check=True)
    before = way.kept()
    assert before
    for same in (image, f"{place}{name}"):
        assert way.run(same, "echo ran").stdout == "ran\n"
        assert way.kept() == before
    subprocess.run([way.name, "rmi", name], env=environment, check=True)


def _sleeping() -> int:
    """The number of the one process of the test that sleeps; 0 for none."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", LONG.encode()]:
            return int(path.parent.name)
    return 0
