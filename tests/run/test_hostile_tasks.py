"""Tasks that want out, or want everything: contained, reported, cleared away."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from distil.fetch.cache import Cache
from distil.run.errors import SandboxFailed, SandboxUnavailable
from distil.run.layers import layer
from distil.run.sandbox import run
from distil.run.task import Bind, Limits, Root
from tests.support.small_root import SmallRoot
from tests.support.tools import tool

MIB = 1 << 20
LONG = 120
"""Seconds that no test takes: what hits this limit has not been held by its own."""


@pytest.fixture
def small(tmp_path: Path) -> SmallRoot:
    return SmallRoot(tmp_path)


@pytest.fixture
def root(small: SmallRoot) -> Iterator[Root]:
    with layer(Cache(small.place / "cache")) as upper:
        yield Root(small.lower, upper)


# --- too much --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "b() { b | b & }; b; sleep 1000",
        "b() { b & b & b & }; while true; do b; done",
        "trap '' TERM; b() { setsid sh -c 'sleep 1000' & b; }; b",
    ],
)
def test_a_fork_bomb(script: str, small: SmallRoot) -> None:
    """It is ended, unless its shell has given up before, for want of room for another process."""
    ended, said = small.run(script, limits=Limits(processes=100, seconds=LONG))
    gave_up = ended.status == 2 and "can't fork: Resource temporarily unavailable" in said
    assert gave_up or (ended.exceeded, ended.status) == ("processes", 137)


@pytest.mark.parametrize(
    "script",
    [
        """awk 'BEGIN { s = "x"; while (1) s = s s }'""",
        """for i in 1 2 3 4 5 6 7 8; do
           awk 'BEGIN { s = "x"; while (length(s) < 3e7) s = s s; system("sleep 1000") }' &
           done; wait""",
        """dd if=/dev/zero of=/dev/shm/a bs=1M count=60
           dd if=/dev/zero of=/tmp/a bs=1M count=60; sleep 1000""",
    ],
    ids=["one", "many", "files"],
)
def test_filling_memory(script: str, small: SmallRoot) -> None:
    limits = Limits(memory=100 * MIB, seconds=LONG)
    ended, _ = small.run(script, limits=limits, tmpfs=("/tmp",))
    assert (ended.exceeded, ended.status) == ("memory", 137)
    assert ended.memory > 100 * MIB


@pytest.mark.parametrize(
    "script",
    [
        "i=0; while true; do dd if=/dev/zero of=/f$i bs=1M count=20; i=$((i+1)); done",
        """for i in 1 2 3 4 5 6; do
           (exec 3>/f$i; rm /f$i; dd if=/dev/zero bs=1M count=30 >&3; sleep 1000) &
           done; wait""",
        "d=/d; for i in $(yes | sed 300q); do mkdir $d && cd $d; d=./d; done; sleep 1000",
    ],
    ids=["files", "without names", "too deep to be seen"],
)
def test_filling_the_disk(script: str, small: SmallRoot, root: Root) -> None:
    ended, _ = small.run(script, root=root, limits=Limits(disk=100 * MIB, seconds=LONG))
    assert (ended.exceeded, ended.status) == ("disk", 137)


def test_filling_what_is_mounted(small: SmallRoot, root: Root) -> None:
    """What was there before does not count; what is added to it does."""
    shared = small.place / "shared"
    shared.mkdir()
    (shared / "old").write_bytes(bytes(150 * MIB))
    binds = (Bind(shared, "/shared", writable=True),)
    limits = Limits(disk=100 * MIB, seconds=LONG)
    script = "sleep 1.5; dd if=/dev/zero of=/shared/a bs=1M count=80"
    assert small.run(script, root=root, binds=binds, limits=limits)[0].exceeded == ""
    script = (
        "sleep 0.5; for i in 1 2; do dd if=/dev/zero of=/shared/$i bs=1M count=80; done; sleep 99"
    )
    assert small.run(script, root=root, binds=binds, limits=limits)[0].exceeded == "disk"


FULL = """
import sys
from pathlib import Path
from distil.fetch.cache import Cache
from distil.run.layers import layer
from distil.run.sandbox import run
from distil.run.task import Limits, Root, Task

place = Path(sys.argv[1])
with layer(Cache(place / "cache")) as upper:
    limits = Limits(disk=100 << 20, seconds=120)
    task = Task(Root(place / "lower", upper), ("/bin/sh", "-c", sys.argv[2]), limits=limits)
    print(run(task, print).exceeded)
"""


def test_filling_what_its_owner_cannot_look_into(small: SmallRoot) -> None:
    """Somebody without rights has made a sandbox; a directory of mode 0 is closed to him."""
    script = (
        "mkdir /d; chmod 0 /d; for i in 1 2 3; do dd if=/dev/zero of=/d/$i bs=1M count=50"
        " 2>/dev/null; done; sleep 1000"
    )
    done = subprocess.run(
        [
            *(tool("unshare"), "--user", "--map-user=1000", "--map-group=1000"),
            *(sys.executable, "-c", FULL, small.place, script),
        ],
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert done.stdout == "disk\n", done.stderr


def test_one_file_is_not_larger_than_the_disk_may_be(small: SmallRoot, root: Root) -> None:
    limits = Limits(disk=10 * MIB, seconds=LONG)
    _, said = small.run(
        "touch /f; truncate -s 1000000000000 /f; echo; stat -c %s /f", root=root, limits=limits
    )
    assert said.endswith("\n0\n")


# --- staying ---------------------------------------------------------------------------------


def test_what_outlives_the_task_is_named_and_killed(small: SmallRoot) -> None:
    (small.place / "shared").mkdir()
    binds = (Bind(small.place / "shared", "/shared", writable=True),)
    script = (
        "trap '' TERM HUP; setsid sh -c 'while touch /shared/f; do sleep 0.1; done' & sleep 0.3"
    )
    ended, _ = small.run(script, binds=binds)
    assert (ended.status, "sh" in ended.outlived) == (0, True)
    (small.place / "shared" / "f").unlink()
    time.sleep(0.5)
    assert not (small.place / "shared" / "f").exists()


def test_what_ends_by_itself_has_not_outlived(small: SmallRoot) -> None:
    assert small.run("sleep 0.05 & true")[0].outlived == ()


def test_a_name_that_is_no_text(small: SmallRoot) -> None:
    script = (
        "printf '#!/bin/sh\\nwhile :; do :; done' > '/tmp/) x'; chmod +x /tmp/*; /tmp/* & sleep .3"
    )
    assert small.run(script)[0].outlived == (") x",)


# --- out -------------------------------------------------------------------------------------

DENIED = "Operation not permitted"


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("ls /proc/1/root", "Permission denied"),
        ("cat /proc/1/environ", "Permission denied"),
        ("cat /proc/1/mem", "Permission denied"),
        ("cat /proc/1/fd/0", "Permission denied"),
        ("cat /proc/1/ns/net", "Permission denied"),
        ("mount -t tmpfs none /tmp", "permission denied"),
        ("mount -o remount,rw /proc/sys", "permission denied"),
        ("umount /proc/sys", DENIED),
        ("umount -l /", DENIED),
        ("unshare -U true", DENIED),
        ("unshare -m true", DENIED),
        ("mknod /tmp/sda b 8 0", DENIED),
        ("hostname other", DENIED),
        ("ip link set lo down", DENIED),
        ("echo 1 > /proc/sys/kernel/panic", "Read-only file system"),
        ("echo '|/x' > /proc/sys/kernel/core_pattern", "Read-only file system"),
        ("ulimit -c unlimited", DENIED),
    ],
)
def test_what_is_refused(script: str, answer: str, small: SmallRoot) -> None:
    ended, said = small.run(f"{script}; exit $?")
    assert ended.status != 0
    assert answer.lower() in said.lower()


def test_what_it_can_do(small: SmallRoot) -> None:
    """Rights, the filter and the promise never to gain more, as the kernel tells of them."""
    _, said = small.run("grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status")
    assert dict(line.split(":\t") for line in said.splitlines()) == {
        "CapInh": "0000000000000000",
        "CapPrm": "00000000a80425fb",
        "CapEff": "00000000a80425fb",
        "CapBnd": "00000000a80425fb",
        "CapAmb": "0000000000000000",
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }
    _, said = small.run("grep -E '^Cap(Prm|Eff)' /proc/self/status", user=(1000, 1000))
    assert set(said.split()[1::2]) == {"0000000000000000"}


def test_no_handle_of_the_host_is_left_open(small: SmallRoot) -> None:
    _, said = small.run("ls /proc/self/fd")
    # The fourth is the directory that is listed.
    assert said.split() == ["0", "1", "2", "3"]


def test_the_first_process_does_not_take_signals_from_inside(small: SmallRoot) -> None:
    ended, said = small.run("for n in 1 2 3 9 15 19 20; do kill -$n 1; done; sleep .1; echo here")
    assert (ended.status, said) == (0, "here\n")


def test_processes_of_the_host_cannot_be_reached(small: SmallRoot) -> None:
    with subprocess.Popen(["sleep", "1000"]) as process:
        _, said = small.run(f"kill -9 {process.pid}; kill -9 -1; ls -d /proc/{process.pid}")
        assert process.poll() is None
        process.kill()
    assert said.count("No such") == 3


def test_the_network_of_the_host_cannot_be_reached(small: SmallRoot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = f"nc 127.0.0.1 {server.getsockname()[1]} </dev/null && echo reached"
        assert "refused" in small.run(script)[1]
        threading.Thread(target=answer_one, args=[server]).start()
        ended, said = small.run(script, network=True)
        assert (ended.status, said) == (0, "reached\n")


def test_links_of_the_root_lead_to_places_of_the_root(small: SmallRoot) -> None:
    """What is mounted at a link's path is mounted where the root's own processes would see it."""
    outside = small.place / "outside"
    outside.mkdir()
    (small.lower / "inner").mkdir()
    (small.lower / "to").symlink_to("/inner")
    (small.lower / "out").symlink_to(outside)
    (small.lower / "up").symlink_to("../../../../../../../../inner")
    (small.place / "bind").mkdir()
    (small.place / "bind" / "f").touch()
    for target in ("/to", "/up"):
        _, said = small.run("ls /inner", binds=(Bind(small.place / "bind", target),))
        assert said == "f\n"
    with pytest.raises(SandboxFailed, match="bind /out"):
        small.run("true", binds=(Bind(small.place / "bind", "/out"),))
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["proc", "dev", "etc", "tmp"])
def test_a_root_whose_own_places_are_links(name: str, small: SmallRoot, root: Root) -> None:
    outside = small.place / "outside"
    outside.mkdir()
    place = small.lower / name
    if place.exists():
        place.rmdir()
    place.symlink_to(outside)
    with contextlib.suppress(SandboxFailed, SandboxUnavailable):
        small.run("echo x > /etc/x; echo x > /tmp/x; echo x > /dev/x", root=root)
    assert list(outside.iterdir()) == []


# --- clearing away ---------------------------------------------------------------------------

ATTACHABLE = """
import sys
from pathlib import Path
from distil.fetch.cache import Cache
from distil.run.errors import SandboxFailed, SandboxUnavailable
from distil.run.layers import layer
from distil.run.sandbox import run
from distil.run.sandbox import run
from distil.run.task import Root, Task

place = Path(sys.argv[1])
with layer(Cache(place / "cache")) as upper:
    task = Task(Root(place / "lower", upper), ("/bin/sh", "-c", sys.argv[2]))
    print(run(task, lambda data: print(data.decode(), end="", flush=True)))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_the_caller_is_killed(
    number: signal.Signals, small: SmallRoot
) -> None:
    mark = f"distil-test-{os.getpid()}-{number}"
    script = f"trap '' INT TERM; echo > /f; exec 3>/{mark}; setsid sleep 1000 & echo ready; wait"
    with subprocess.Popen(
        [sys.executable, "-c", ATTACHABLE, small.place, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        assert holders(mark)
        process.send_signal(number)
        process.wait(LONG)
    await_none(mark)
    assert all("overlay" not in line for line in mounts_below(small.place))
    # What is left of the layer is swept by whoever comes next.
    with layer(Cache(small.place / "cache")) as upper:
        assert [path.name for path in upper.parent.iterdir()] == [upper.name]


def test_an_interrupted_run_leaves_nothing(small: SmallRoot) -> None:
    mark = f"distil-test-{os.getpid()}-interrupted"

    def output(_: bytes) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(small.task(f"exec 3>/{mark}; sleep 1000 & echo x; wait"), output)
    assert holders(mark) == []


def test_runs_at_the_same_time(small: SmallRoot) -> None:
    said: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: said.append(small.run(f"echo {n}; sleep 0.2")[1]))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["0\n", "1\n", "2\n", "3\n"]


def answer_one(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.close()


def holders(mark: str) -> list[str]:
    """Processes of this machine that have a file with this name open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(mark in str(handle.readlink()) for handle in (process / "fd").iterdir()):
                found.append(process.name)
        except OSError:
            continue
    return found


def await_none(mark: str) -> None:
    deadline = time.monotonic() + LONG
    while holders(mark):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def mounts_below(place: Path) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text("utf-8").splitlines()
    return [line for line in lines if str(place) in line]
